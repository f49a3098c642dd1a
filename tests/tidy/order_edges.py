#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Every ordered atomic access names its edge, every edge has both ends, and the edges are those of ARCHITECTURE.md.
#
# An end is a comment `ORDER(edge): order - why; pairs with …`, its order one of release, acquire, acq_rel, seq_cst or
# relaxed. An edge needs two ends, one that releases and another that acquires (seq_cst and acq_rel do either).
# `ORDER(edge)` without an order only points at an edge. The table stands below `## ORDER edges`, its first column `edge`.

import re

from tidy import Check, read, without_comments

ACCESS = re.compile(r"\b(?:(?:load|store|exchange|add|swap|fence)_(?:acquire|release|acq_rel|seq_cst)"
                    r"|memory_order(?:_|::)(?:acquire|release|acq_rel|seq_cst))\b")
COMMENT = re.compile(r"ORDER\(([a-z][a-z0-9_, -]*)\)(?::\s*([^-–]*?)(?:\s[-–]\s|;|$))?")
ORDERS = ("acq_rel", "seq_cst", "release", "acquire", "relaxed")
LINES_ABOVE = 8
ACCESSORS = "lib/base/shared_word.h"


def collect(check):
    ends, mentioned, accesses = {}, {}, 0
    for file in check.sources("lib"):
        name = check.path(file)
        text = read(file)
        lines = text.splitlines()
        named = set()
        for number, line in enumerate(lines, 1):
            for match in COMMENT.finditer(line):
                named.add(number)
                order = next((word for word in ORDERS if word in (match.group(2) or "")), None)
                for edge in (part.strip() for part in match.group(1).split(",")):
                    (ends if order else mentioned).setdefault(edge, []).append((f"{name}:{number}", order))
        if name == ACCESSORS:
            continue
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            if ACCESS.search(line) and "signal_fence" not in line:   # that one orders nothing between threads
                accesses += 1
                if not any(near in named for near in range(number - LINES_ABOVE, number + 1)):
                    check.fail(f"{name}:{number}", f"names no edge: {line.strip()}")
    return ends, mentioned, accesses


def check_ends(check, ends, mentioned):
    for edge, places in sorted(mentioned.items()):
        if edge not in ends:
            check.fail(places[0][0], f"ORDER({edge}) names an edge that has no end (no `ORDER({edge}): order - …`)")
    for edge, places in sorted(ends.items()):
        releasing = [where for where, order in places if order in ("release", "acq_rel", "seq_cst")]
        acquiring = [where for where, order in places if order in ("acquire", "acq_rel", "seq_cst")]
        if not releasing:
            check.fail(places[0][0], f"ORDER({edge}) has no end that releases")
        if not acquiring:
            check.fail(places[0][0], f"ORDER({edge}) has no end that acquires")
        if releasing and acquiring and len(set(releasing) | set(acquiring)) < 2:
            check.fail(places[0][0], f"ORDER({edge}) has one end only")


def main():
    check = Check("every ORDER edge has both ends and stands in ARCHITECTURE.md")
    ends, mentioned, accesses = collect(check)
    check_ends(check, ends, mentioned)
    rows = check.table("## ORDER edges", ["edge"])
    if rows is not None:
        listed = {}
        for number, cells in rows:
            for edge in (part.strip().strip("`") for part in cells[0].split(",")):
                if edge in listed:
                    check.fail(f"ARCHITECTURE.md:{number}", f"edge {edge} stands twice")
                listed[edge] = number
        for edge in sorted(set(ends) - set(listed)):
            check.fail(ends[edge][0][0], f"ORDER({edge}) is not in ARCHITECTURE.md's table")
        for edge in sorted(set(listed) - set(ends)):
            check.fail(f"ARCHITECTURE.md:{listed[edge]}", f"edge {edge} has no end in lib/")
    check.done(f"{len(ends)} edges, {sum(map(len, ends.values()))} ends, {accesses} ordered accesses")


main()
