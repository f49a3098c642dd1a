#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# How a file opens, how long it is, and that each header of lib/ compiles alone.
#
# Every file of lib/, tools/, tests/ and bench/: its SPDX line first, then an opening sentence (a .cpp that begins with its own
# header has it there); no TODO or FIXME; over 400 lines only with "Long because" in its own opener. Headers of
# platform/win32 are compiled if the mingw compiler is there, and counted as skipped if not.
# CXX and MINGW_CXX name the compilers.

import concurrent.futures
import os
import re
import shutil
import subprocess
import tempfile

from tidy import Check, read

LINES_MAX = 400
SUFFIXES = {".h": "//", ".cpp": "//", ".py": "#", ".cmake": "#", ".txt": "#"}


def opener(lines, mark):
    """The comment block behind the SPDX line, as one text."""
    words = []
    for line in lines:
        line = line.strip()
        if not line.startswith(mark):
            break
        words.append(line[len(mark):].strip())
    return " ".join(words).strip()


def begins_with_its_header(file, lines):
    first = next((line for line in lines if line.startswith("#include")), "")
    return file.suffix == ".cpp" and re.search(rf'["/]{re.escape(file.stem)}\.h"', first) is not None


def check_opening(check, file):
    name = check.path(file)
    mark = SUFFIXES[file.suffix]
    lines = read(file).splitlines()
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    if not lines or lines[0] != f"{mark} SPDX-License-Identifier: MIT":
        check.fail(f"{name}:1", f"begins with '{mark} SPDX-License-Identifier: MIT'")
        return
    text = opener(lines[1:], mark)
    if not re.search(r"\w.*[.:]", text) and file.name != "CMakeLists.txt" and not begins_with_its_header(file, lines):
        check.fail(f"{name}:2", "says in a sentence, behind the SPDX line, what it is")
    if len(lines) > LINES_MAX and "Long because" not in text:
        check.fail(name, f"has {len(lines)} lines and no 'Long because …' in its opener")
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line) and file.name not in ("headers.py", "selftest.py"):
            check.fail(f"{name}:{number}", "an issue, not a remark in the code: " + line.strip()[:60])


def compile_alone(root, header, compiler, folder):
    """What the compiler says of a file that includes nothing but this header, twice."""
    below = header.relative_to(root / "lib").as_posix()
    include = f"<{below.removeprefix('include/')}>" if below.startswith("include/") else f'"{below}"'
    source = os.path.join(folder, below.replace("/", "_") + ".cpp")
    with open(source, "w", encoding="utf-8") as out:
        out.write(f"#include {include}\n#include {include}\n")
    command = [compiler, "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-I", str(root / "lib"),
               "-I", str(root / "lib/include"), source]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stderr.strip() or ("failed" if result.returncode else "")


def main():
    check = Check("files open as agreed and headers compile alone")
    files = check.sources("lib", "tools", "tests", "bench", suffixes=tuple(SUFFIXES))
    files = [file for file in files if file.suffix != ".txt" or file.name == "CMakeLists.txt"]
    for file in files:
        check_opening(check, file)
    native = os.environ.get("CXX", "g++")
    mingw = shutil.which(os.environ.get("MINGW_CXX", "x86_64-w64-mingw32-g++-posix"))
    jobs, skipped = {}, []
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for header in check.sources("lib", suffixes=(".h",)):
            windows = "win32" in header.parts
            if windows and mingw is None:
                skipped.append(check.path(header))
                continue
            compiler = mingw if windows else native
            jobs[pool.submit(compile_alone, check.root, header, compiler, folder)] = header
        for job, header in jobs.items():
            if job.result():
                check.fail(check.path(header), "does not compile alone:\n" + job.result())
    for header in skipped:
        print(f"SKIPPED {header}: no mingw compiler here")
    check.done(f"{len(files)} files open as agreed, {len(jobs)} headers compile alone, {len(skipped)} skipped")


main()
