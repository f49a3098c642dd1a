#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Every .cpp of lib/, tools/, tests/ and bench/ is named in a CMakeLists.txt, and every .cpp that one names exists: a source
# that nobody builds, or that a pattern finds, is not seen in a review.
#
# A name may hold a variable: `${system}/board.cpp` names that file in any one folder, `${program}.cpp` those whose stems stand
# as words in the same CMakeLists.txt.

import re

from tidy import Check, read

FOLDERS = ("lib", "tools", "tests", "bench")
ROOTS = {"${CMAKE_CURRENT_SOURCE_DIR}/": None, "${CMAKE_CURRENT_LIST_DIR}/": None,
         "${PROJECT_SOURCE_DIR}/": "", "${CMAKE_SOURCE_DIR}/": ""}


class Names:
    """What one CMakeLists.txt names: paths below the root, and patterns of those with variables."""

    def __init__(self, check, file):
        text = re.sub(r"#[^\n]*", "", read(file))
        self.file = file
        self.words = set(re.findall(r"[\w-]+", text))
        self.paths, self.patterns = set(), []
        for token in re.findall(r'[^\s()";]+\.cpp\b', text):
            folder = check.path(file.parent)
            for variable, base in ROOTS.items():
                if token.startswith(variable):
                    token, folder = token[len(variable):], folder if base is None else base
            path = f"{folder}/{token}" if folder else token
            if token.startswith("/") or re.search(r"[*<>?]", token):
                continue
            if "${" in token:
                parts = re.split(r"\$\{\w+\}", path)
                self.patterns.append((re.compile("([^/]+)".join(map(re.escape, parts))), token.endswith("}.cpp")))
            else:
                self.paths.add(path)

    def name(self, path, stem):
        return path in self.paths or any(pattern.fullmatch(path) and (not any_stem or stem in self.words)
                                         for pattern, any_stem in self.patterns)


def main():
    check = Check("every source is named in a CMakeLists.txt")
    lists = [Names(check, file) for folder in FOLDERS
             for file in sorted((check.root / folder).rglob("CMakeLists.txt"))]
    sources = check.sources(*FOLDERS, suffixes=(".cpp",))
    for source in sources:
        path = check.path(source)
        if not any(names.name(path, source.stem) for names in lists):
            check.fail(path, "is named in no CMakeLists.txt: nobody builds it")
    for names in lists:
        for path in sorted(names.paths):
            if not (check.root / path).exists():
                check.fail(check.path(names.file), f"names {path}, which does not exist")
    check.done(f"{len(sources)} sources")


main()
