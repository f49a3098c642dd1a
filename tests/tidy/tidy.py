# SPDX-License-Identifier: MIT
#
# What the checks of this folder share: the source tree, a Markdown table below a heading, and how a check ends.

import argparse
import pathlib
import re
import sys

SOURCE_SUFFIXES = (".h", ".cpp")


class Check:
    """A check collects findings and ends with 1 if there are any."""

    def __init__(self, what):
        options = argparse.ArgumentParser(description=what)
        options.add_argument("root", nargs="?", type=pathlib.Path,
                             default=pathlib.Path(__file__).resolve().parents[2], help="the source tree")
        self.root = options.parse_args().root.resolve()
        self.findings = 0

    def path(self, file):
        return file.relative_to(self.root).as_posix()

    def fail(self, where, message):
        print(f"{where}: {message}")
        self.findings += 1

    def done(self, summary):
        if self.findings:
            print(f"{self.findings} finding{'s' if self.findings > 1 else ''}")
            sys.exit(1)
        print(f"fine: {summary}")

    def sources(self, *folders, suffixes=SOURCE_SUFFIXES):
        return sorted(file for folder in folders for file in (self.root / folder).rglob("*")
                      if file.suffix in suffixes and file.is_file())

    def section(self, heading):
        """Numbered lines of ARCHITECTURE.md below the heading, up to the next one; a finding if there is none."""
        file = self.root / "ARCHITECTURE.md"
        if not file.exists():
            self.fail("ARCHITECTURE.md", f"missing; this check reads its section '{heading}'")
            return None
        lines = None
        for number, line in enumerate(read(file).splitlines(), 1):
            if line.startswith("#"):
                if lines is not None:
                    break
                if line.strip() == heading:
                    lines = []
            elif lines is not None:
                lines.append((number, line))
        if lines is None:
            self.fail("ARCHITECTURE.md", f"has no heading '{heading}'")
        return lines

    def table(self, heading, columns):
        """Rows (line number, cells) of the first table below the heading, whose first columns have these names."""
        lines = self.section(heading)
        if lines is None:
            return None
        rows = []
        for number, line in lines:
            if line.startswith("|"):
                rows.append((number, [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]))
            elif rows:
                break
        if not rows or [cell.lower() for cell in rows[0][1][:len(columns)]] != columns:
            self.fail("ARCHITECTURE.md", f"'{heading}' has no table with the columns {' | '.join(columns)}")
            return None
        return [row for row in rows[1:] if not re.fullmatch(r"[-: ]+", row[1][0])]


def read(file):
    return file.read_text(encoding="utf-8")


def without_comments(text):
    """The text with comments and string contents blanked, line for line."""
    def blank(match):
        found = match.group(0)
        if found.startswith('"'):
            return '"' + " " * (len(found) - 2) + '"'
        return re.sub(r"[^\n]", " ", found)
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)
