#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# One direction only: each folder of lib/ includes the floors that ARCHITECTURE.md's table allows it, and no other.
#
# The table stands below `### Floors`: `| floor | may include |`, names as folders of lib/, comma separated, `–` for none. A
# floor may include itself. `include` is the public API (<quire/…>); `tools` and `bench`, if listed, are the folders
# beside lib/. Also: siblings never see each other, <windows.h> and <xxhash.h> have one includer each, and no OS header and
# no `#if` on an OS stands outside platform/{posix,win32}.

import re

from tidy import Check, read, without_comments

SIBLINGS = (("platform", "format"), ("space", "epoch"), ("log", "index"))

# Which compiler or processor it is and what it has, not which OS: the conditions that may stand in an #if elsewhere.
CAPABILITIES = re.compile(r"__clang__|__GNUC__|_MSC_VER|__cpp_\w+|__SSE\d\w*__|__ARM_NEON|__has_include|__has_feature|__SANITIZE_\w+__")

STANDARD = set("""algorithm any array atomic barrier bit bitset charconv chrono compare complex concepts
condition_variable coroutine deque exception execution expected filesystem format forward_list fstream functional future initializer_list iomanip
ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric optional
ostream print queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack
stacktrace stdexcept stop_token streambuf string string_view strstream syncstream system_error thread tuple type_traits typeindex
typeinfo unordered_map unordered_set utility valarray variant vector version
cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib
cstring ctime cuchar cwchar cwctype""".split())
# Processor intrinsics: no OS, but only behind a capability.
INTRINSICS = {"emmintrin.h", "immintrin.h", "arm_neon.h"}

# In lib/; a tool may have one includer of <windows.h> of its own, below its win32/.
ONE_INCLUDER = {"windows.h": ("lib/platform/win32/", r"tools/\w+/win32/"),
                "xxhash.h": ("lib/format/checksum.cpp", None)}


def allowed_floors(check):
    rows = check.table("### Floors", ["floor", "may include"])
    if rows is None:
        return None
    allowed = {}
    for number, cells in rows:
        names = {name.strip().strip("`") for name in cells[1].split(",")} - {"", "-", "–", "—"}
        if cells[0] in allowed:
            check.fail(f"ARCHITECTURE.md:{number}", f"floor {cells[0]} stands twice")
        allowed[cells[0]] = names
    for floor, names in allowed.items():
        for name in names - set(allowed):
            check.fail("ARCHITECTURE.md", f"floor {floor} may include {name}, which is no floor of the table")
    return allowed


def reach(allowed, floor, seen=None):
    seen = set() if seen is None else seen
    for below in allowed.get(floor, set()) - seen:
        seen.add(below)
        reach(allowed, below, seen)
    return seen


def check_table(check, allowed):
    for floor in allowed:
        if floor in reach(allowed, floor):
            check.fail("ARCHITECTURE.md", f"floor {floor} reaches itself: one direction only")
    for one, other in SIBLINGS:
        if other in reach(allowed, one) or one in reach(allowed, other):
            check.fail("ARCHITECTURE.md", f"the table lets {one} and {other} see each other: they are siblings")
    for folder in sorted((check.root / "lib").iterdir()):
        if folder.is_dir() and folder.name not in allowed and any(folder.rglob("*.h")):
            check.fail("ARCHITECTURE.md", f"lib/{folder.name} stands in no row of the table of floors")


def check_includes(check, allowed):
    includers = {header: [] for header in ONE_INCLUDER}
    files = check.sources("lib", *(folder for folder in ("tools", "bench") if folder in allowed))
    for file in files:
        name = check.path(file)
        parts = name.split("/")
        floor = parts[1] if parts[0] == "lib" else parts[0]
        system = name.startswith(("lib/platform/posix/", "lib/platform/win32/"))
        text = read(file)
        code = without_comments(text).splitlines()
        for number, (line, bare) in enumerate(zip(text.splitlines(), code), 1):
            if not bare.lstrip().startswith("#"):
                continue
            where = f"{name}:{number}"
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if found:
                bracket, target = found.groups()
                if target.lower() in includers:
                    includers[target.lower()].append(name)
                elif parts[0] == "lib":
                    check_include(check, where, floor, system, bracket, target, allowed)
                elif bracket == '"' and target.split("/")[0] in allowed and (check.root / "lib" / target).exists():
                    target_floor = target.split("/")[0]
                    if target_floor not in allowed[floor]:
                        check.fail(where, f"{floor} may not include {target_floor}: {target}")
            elif re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", bare) and parts[0] == "lib" and not system:
                words = re.findall(r"[A-Za-z_]\w*", re.sub(r"\s*#\s*\w+", "", bare, count=1))
                strangers = [word for word in words if word != "defined" and not CAPABILITIES.fullmatch(word)]
                if strangers:
                    check.fail(where, f"#if on {', '.join(strangers)} outside platform/{{posix,win32}}")
    for header, names in includers.items():
        place, tool_place = ONE_INCLUDER[header]
        for name in names:
            if not name.startswith(place) and not (tool_place and re.match(tool_place, name)):
                check.fail(name, f"only {place} includes <{header}>")
        for top in ("lib/", "tools/"):
            inside = [name for name in names if name.startswith(top)]
            if len(inside) > 1:
                check.fail(inside[1], f"<{header}> has {len(inside)} includers: {', '.join(inside)}")
    return len(files)


def check_include(check, where, floor, system, bracket, target, allowed):
    head = target.split("/")[0]
    if head == "quire":
        head = "include"
    elif bracket == "<":
        if target not in STANDARD and target not in INTRINSICS and not system:
            check.fail(where, f"OS or foreign header <{target}> outside platform/{{posix,win32}}")
        return
    if "/" not in target:
        check.fail(where, f'"{target}": name the floor too, as in "{floor}/{target}"')
        return
    if head != floor and head not in allowed.get(floor, set()):
        check.fail(where, f"{floor} may not include {head}: {target}")
    if not system and target.startswith(("platform/posix/", "platform/win32/")):
        check.fail(where, f"{target} is for platform's own twins only")


def main():
    check = Check("lib's floors include what ARCHITECTURE.md's table allows, and nothing else")
    allowed = allowed_floors(check)
    if allowed is not None:
        check_table(check, allowed)
        count = check_includes(check, allowed)
    check.done(f"{count} files on {len(allowed)} floors" if allowed else "")


main()
