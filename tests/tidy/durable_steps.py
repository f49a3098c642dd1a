#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Every flush says what would be exposed without it: `DURABLE(n): step; else …`. The numbers go from 1 without a gap and are
# those of the numbered list in ARCHITECTURE.md below `## Durable steps`, whose items begin with the step's words.

import re

from tidy import Check, read

COMMENT = re.compile(r"DURABLE\((\d+)\)(?::\s*([^;\n]*)(;?))?")


def plain(text):
    return " ".join(re.sub(r"[*`]", "", text).lower().split())


def main():
    check = Check("the DURABLE steps are numbered without a gap and are those of ARCHITECTURE.md")
    steps, pointers = {}, []
    for file in check.sources("lib"):
        for number, line in enumerate(read(file).splitlines(), 1):
            for match in COMMENT.finditer(line):
                where = f"{check.path(file)}:{number}"
                if match.group(2) is None:
                    pointers.append((int(match.group(1)), where))
                    continue
                if not match.group(3):
                    check.fail(where, "write it as `DURABLE(n): step; else what would be exposed`, the step in one line")
                steps.setdefault(int(match.group(1)), []).append((where, plain(match.group(2))))
    for step, where in pointers:
        if step not in steps:
            check.fail(where, f"DURABLE({step}) is described nowhere")
    if not steps:
        check.fail("lib", "has no DURABLE(n) comment: no flush says what it is for")
    for missing in sorted(set(range(1, max(steps, default=0) + 1)) - set(steps)):
        check.fail("lib", f"DURABLE({missing}) is missing: the steps are numbered without a gap")
    section = check.section("## Durable steps")
    if section is not None:
        listed = {int(found.group(1)): (number, plain(found.group(2))) for number, line in section
                  if (found := re.match(r"(\d+)\.\s+(.*)", line))}
        if not listed:
            check.fail("ARCHITECTURE.md", "'## Durable steps' has no numbered list")
        for step in sorted(set(listed) - set(steps)):
            check.fail(f"ARCHITECTURE.md:{listed[step][0]}", f"step {step} has no DURABLE({step}) in lib/")
        for step, places in sorted(steps.items()):
            for where, words in places:
                if step not in listed:
                    check.fail(where, f"DURABLE({step}) is not in ARCHITECTURE.md's list")
                elif not listed[step][1].startswith(words):
                    check.fail(where, f"says '{words}', ARCHITECTURE.md's step {step} says '{listed[step][1]}'")
    check.done(f"{len(steps)} steps at {sum(map(len, steps.values()))} places")


main()
