#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# The checks of this folder can fail: each is run on a small tree that is well, then on one with a single fault, which it must
# name.

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SPDX = "// SPDX-License-Identifier: MIT\n//\n"

WELL = {
    "ARCHITECTURE.md": """# Architecture

### Floors
| floor | may include |
|---|---|
| `include` | – |
| base | include |
| platform | base, include |
| format | base, include |
| log | base, format, platform |
| tools | include |

## ORDER edges
| edge | one end | other end |
|---|---|---|
| tail | writer, release | reader, acquire |
| pin | reader, seq_cst | scan, seq_cst |

## Durable steps
1. **log before meta**: else a root could point at nothing.
2. meta before `published`: else space is reused too early.
""",
    "lib/CMakeLists.txt": "# SPDX-License-Identifier: MIT\n"
                          "add_library(quire log/writer.cpp format/checksum.cpp platform/posix/file.cpp)\n",
    "lib/include/quire/store.h": SPDX + "// A store.\n#pragma once\n#include <cstdint>\n"
                                        "#if defined(__cpp_exceptions)\n#include <stdexcept>\n#endif\n",
    "lib/base/word.h": SPDX + "// Words.\n#pragma once\n#include <cstdint>\n#include <quire/store.h>\n",
    "lib/platform/file.h": SPDX + "// Files.\n#pragma once\n#include \"base/word.h\"\n",
    "lib/platform/posix/file.cpp": SPDX + "// Files on POSIX.\n"
                                          "#include \"platform/file.h\"\n#include <unistd.h>\n#ifdef __linux__\n#endif\n",
    "lib/format/checksum.h": SPDX + "// Sums.\n#pragma once\n",
    "lib/format/checksum.cpp": SPDX[:32] + "#include \"format/checksum.h\"\n#include <xxhash.h>\n",
    "lib/log/writer.h": SPDX + "// Writes.\n#pragma once\n#include \"format/checksum.h\"\n",
    "lib/log/writer.cpp": SPDX + """// Writes the log.
#include "log/writer.h"
void write() {
    // ORDER(tail): release - the frame before the tail; pairs with the acquire in read().
    base::store_release(tail, 1);
    // DURABLE(1): log before meta; else a root could point at nothing.
    flush();
}
void read() {
    // ORDER(tail): acquire - shows the frame; pairs with the release in write().
    base::load_acquire(tail);
    base::swap_seq_cst(line, 0, 1);   // ORDER(pin): seq_cst - before the loads; pairs with the fence in scan().
    // DURABLE(2): meta before published; else space is reused too early.
    flush();
}
void scan() {
    base::fence_seq_cst();   // ORDER(pin): seq_cst - behind the stores; pairs with the swap in read().
}
""",
    "tools/kvtool/main.cpp": SPDX + "// The tool.\n#include <quire/store.h>\n",
    "tools/CMakeLists.txt": "# SPDX-License-Identifier: MIT\nadd_executable(kvtool kvtool/main.cpp)\n",
    "tests/a_test.cpp": SPDX + "// A test.\n",
    "tests/CMakeLists.txt": "# SPDX-License-Identifier: MIT\nadd_executable(tests a_test.cpp)\n",
}

# (check, file, what is replaced, by what, what the check must say)
FAULTS = [
    ("floors", "lib/log/writer.h", "format/checksum.h", "store/x.h", "log may not include store"),
    ("floors", "lib/format/checksum.h", "#pragma once\n", "#pragma once\n#include \"platform/file.h\"\n",
     "format may not include platform"),
    ("floors", "ARCHITECTURE.md", "| format | base, include |", "| format | base, include, platform |", "siblings"),
    ("floors", "ARCHITECTURE.md", "| base | include |", "| base | include, log |", "reaches itself"),
    ("floors", "ARCHITECTURE.md", "| log | base, format, platform |\n", "", "lib/log stands in no row"),
    ("floors", "ARCHITECTURE.md", "### Floors", "### Storeys", "no heading '### Floors'"),
    ("floors", "ARCHITECTURE.md", "| floor | may", "| storey | may", "no table with the columns"),
    ("floors", "lib/log/writer.h", "#pragma once\n", "#pragma once\n#include <unistd.h>\n",
     "OS or foreign header <unistd.h>"),
    ("floors", "lib/log/writer.h", "#pragma once\n", "#pragma once\n#ifdef _WIN32\n#endif\n", "#if on _WIN32"),
    ("floors", "lib/log/writer.h", "#pragma once\n", "#pragma once\n#include <xxhash.h>\n", "only lib/format/checksum.cpp"),
    ("floors", "lib/platform/posix/file.cpp", "<unistd.h>", "<windows.h>", "only lib/platform/win32/"),
    ("floors", "tools/kvtool/main.cpp", "<quire/store.h>", "<windows.h>", "only lib/platform/win32/"),
    ("floors", "lib/format/checksum.h", "#pragma once\n", "#pragma once\n#include <xxhash.h>\n", "has 2 includers"),
    ("floors", "tools/kvtool/main.cpp", "<quire/store.h>", '"log/writer.h"', "tools may not include log"),
    ("order_edges", "lib/log/writer.cpp", "ORDER(tail): acquire", "ORDER(tail): relaxed", "no end that acquires"),
    ("order_edges", "lib/log/writer.cpp", "ORDER(tail): release", "ORDER(tale): release",
     "ORDER(tale) has no end that acquires"),
    ("order_edges", "lib/log/writer.cpp",
     "    // ORDER(tail): release - the frame before the tail; pairs with the acquire in read().\n"
     "    base::store_release(tail, 1);\n", "    base::store_release(tail, 1);\n", "names no edge"),
    ("order_edges", "lib/log/writer.cpp", "   // ORDER(pin): seq_cst - behind the stores; pairs with the swap in read().",
     "   // ORDER(pin)", "one end only"),
    ("order_edges", "ARCHITECTURE.md", "| pin | reader, seq_cst | scan, seq_cst |\n", "", "not in ARCHITECTURE.md's table"),
    ("order_edges", "ARCHITECTURE.md", "| pin |", "| wake | a | b |\n| pin |", "edge wake has no end"),
    ("durable_steps", "lib/log/writer.cpp", "DURABLE(2)", "DURABLE(3)", "DURABLE(2) is missing"),
    ("durable_steps", "lib/log/writer.cpp", "log before meta;", "log before root;", "ARCHITECTURE.md's step 1 says"),
    ("durable_steps", "lib/log/writer.cpp", "log before meta;", "log before meta", "write it as"),
    ("durable_steps", "ARCHITECTURE.md", "2. meta", "2. meta before `published`\n3. meta", "step 3 has no DURABLE(3)"),
    ("durable_steps", "ARCHITECTURE.md", "2. meta", "- meta", "DURABLE(2) is not in"),
    ("sources", "lib/CMakeLists.txt", " log/writer.cpp", "", "lib/log/writer.cpp: is named in no CMakeLists.txt"),
    ("sources", "tests/CMakeLists.txt", "a_test.cpp", "${program}.cpp", "tests/a_test.cpp: is named in no"),
    ("sources", "tools/CMakeLists.txt", "main.cpp", "other.cpp", "names tools/kvtool/other.cpp, which does not exist"),
    ("headers", "lib/log/writer.h", "#pragma once\n", "#pragma once\nstd::vector<int> words;\n", "does not compile alone"),
    ("headers", "lib/log/writer.h", "#pragma once\n", "", "opens"),
    ("headers", "lib/log/writer.h", "// SPDX-License-Identifier: MIT\n", "", "begins with '// SPDX"),
    ("headers", "tools/kvtool/main.cpp", "// The tool.\n", "", "says in a sentence"),
    ("headers", "lib/log/writer.cpp", "    flush();\n", "    flush();   // TODO\n", "an issue, not a remark"),
    ("headers", "lib/log/writer.cpp", "void scan", "\n" * 400 + "void scan", "no 'Long because"),
]


def run(check, tree):
    result = subprocess.run([sys.executable, str(HERE / f"{check}.py"), str(tree)], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def write(tree, files):
    for name, text in files.items():
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def main():
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder) / "tree"
        write(tree, WELL)
        for check in ("floors", "order_edges", "durable_steps", "sources", "headers"):
            code, said = run(check, tree)
            if code != 0:
                print(f"{check} finds fault with a tree that is well:\n{said}")
                wrong += 1
        for check, name, old, new, expected in FAULTS:
            text = WELL[name]
            assert old in text, f"{name} has no '{old}'"
            changed = text.replace(old, new, 1)
            if expected == "opens":   # a header without a guard is found by including it twice
                changed, expected = text.replace(old, "struct Writer {};\n", 1), "redefinition of"
            write(tree, {name: changed})
            code, said = run(check, tree)
            if code != 1 or expected not in said:
                print(f"{check} does not see '{expected}' in {name}; it says ({code}):\n{said}")
                wrong += 1
            write(tree, {name: text})
        (tree / "ARCHITECTURE.md").unlink()
        for check in ("floors", "order_edges", "durable_steps"):
            code, said = run(check, tree)
            if code != 1 or "missing" not in said:
                print(f"{check} does not miss ARCHITECTURE.md ({code}):\n{said}")
                wrong += 1
        shutil.copytree(HERE.parents[1] / "format-spec", tree / "format-spec")
        vectors = tree / "format-spec/09-checksums.md"
        vectors.write_text(vectors.read_text(encoding="utf-8").replace("| fold | a=0x1 ", "| fold | a=0x4 "), encoding="utf-8")
        code, said = run("spec_vectors", tree)
        if code != 1 or "fold is 0x" not in said:
            print(f"spec_vectors does not see a changed vector ({code}):\n{said}")
            wrong += 1
    if wrong:
        sys.exit(1)
    print(f"fine: {len(FAULTS) + 4} faults, each found")


main()
