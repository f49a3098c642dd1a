#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# The vectors of format-spec/09, computed from the text of the spec alone: XXH3-64 written down a second time, and the frame
# checksum by its numbered steps. So the law does not rest on the library that it judges. (Constants: the xxHash specification.)

import re
import struct

from tidy import Check, read

MASK = (1 << 64) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PMX1, PMX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee035"
    "90e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04b"
    "cdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad0"
    "31ce45cb3a8f95160428afd7fbcabb4b407e")


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def swap64(word):
    return int.from_bytes(word.to_bytes(8, "little"), "big")


def rotate(word, by):
    return (word << by | word >> (64 - by)) & MASK


def multiply_fold(a, b):
    product = a * b
    return (product ^ product >> 64) & MASK


def avalanche(word):
    word = (word ^ word >> 37) * PMX1 & MASK
    return word ^ word >> 32


def avalanche64(word):
    word = (word ^ word >> 33) * P64_2 & MASK
    word = (word ^ word >> 29) * P64_3 & MASK
    return word ^ word >> 32


def mix16(data, at, secret_at, seed):
    return multiply_fold(u64(data, at) ^ (u64(SECRET, secret_at) + seed & MASK),
                         u64(data, at + 8) ^ (u64(SECRET, secret_at + 8) - seed & MASK))


def short(data, seed):
    n = len(data)
    if n > 8:
        low = u64(data, 0) ^ ((u64(SECRET, 24) ^ u64(SECRET, 32)) + seed & MASK)
        high = u64(data, n - 8) ^ ((u64(SECRET, 40) ^ u64(SECRET, 48)) - seed & MASK)
        return avalanche(n + swap64(low) + high + multiply_fold(low, high) & MASK)
    if n >= 4:
        seed ^= int.from_bytes((seed & 0xFFFFFFFF).to_bytes(4, "little"), "big") << 32
        word = u32(data, n - 4) + (u32(data, 0) << 32)
        word ^= (u64(SECRET, 8) ^ u64(SECRET, 16)) - seed & MASK
        word ^= rotate(word, 49) ^ rotate(word, 24)
        word = word * PMX2 & MASK
        word ^= (word >> 35) + n
        word = word * PMX2 & MASK
        return word ^ word >> 28
    if n:
        word = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return avalanche64(word ^ ((u32(SECRET, 0) ^ u32(SECRET, 4)) + seed & MASK))
    return avalanche64(seed ^ u64(SECRET, 56) ^ u64(SECRET, 64))


def middle(data, seed):
    n = len(data)
    total = n * P64_1 & MASK
    if n <= 128:
        for i in reversed(range((n - 1) // 32 + 1)):
            total += mix16(data, 16 * i, 32 * i, seed) + mix16(data, n - 16 * (i + 1), 32 * i + 16, seed)
        return avalanche(total & MASK)
    for i in range(8):
        total += mix16(data, 16 * i, 16 * i, seed)
    total = avalanche(total & MASK)
    for i in range(8, n // 16):
        total += mix16(data, 16 * i, 16 * (i - 8) + 3, seed)
    return avalanche(total + mix16(data, n - 16, 136 - 17, seed) & MASK)


def accumulate(sums, data, at, secret, secret_at):
    for i in range(8):
        value = u64(data, at + 8 * i)
        keyed = value ^ u64(secret, secret_at + 8 * i)
        sums[i ^ 1] = sums[i ^ 1] + value & MASK
        sums[i] = sums[i] + (keyed & 0xFFFFFFFF) * (keyed >> 32) & MASK


def long(data, seed):
    secret = SECRET
    if seed:
        secret = b"".join(struct.pack("<QQ", u64(SECRET, i) + seed & MASK, u64(SECRET, i + 8) - seed & MASK)
                          for i in range(0, len(SECRET), 16))
    n = len(data)
    sums = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    stripes = (len(secret) - 64) // 8
    block = stripes * 64
    for start in range(0, (n - 1) // block * block, block):
        for s in range(stripes):
            accumulate(sums, data, start + 64 * s, secret, 8 * s)
        for i in range(8):
            word = sums[i] ^ sums[i] >> 47 ^ u64(secret, len(secret) - 64 + 8 * i)
            sums[i] = word * P32_1 & MASK
    start = (n - 1) // block * block
    for s in range((n - 1 - start) // 64):
        accumulate(sums, data, start + 64 * s, secret, 8 * s)
    accumulate(sums, data, n - 64, secret, len(secret) - 64 - 7)
    total = n * P64_1 & MASK
    for i in range(4):
        total += multiply_fold(sums[2 * i] ^ u64(secret, 11 + 16 * i), sums[2 * i + 1] ^ u64(secret, 19 + 16 * i))
    return avalanche(total & MASK)


def xxh3(data, seed=0):
    return short(data, seed) if len(data) <= 16 else middle(data, seed) if len(data) <= 240 else long(data, seed)


def fold(a, b, c):
    return xxh3(struct.pack("<QQQ", a, b, c))


def mix(word):
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ word >> 27) * 0x94D049BB133111EB & MASK
    return word ^ word >> 31


def content(record):
    key_bytes, value_bytes = struct.unpack_from("<H", record, 12)[0], u32(record, 8)
    return xxh3(record[8:16 + key_bytes + value_bytes])


def frame(data, seed, position):
    """The numbered steps of chapter 9."""
    size, what = u32(data, 8), u32(data, 12)
    kind, flags, records = what & 15, what >> 4 & 15, what >> 8
    total = fold(seed, position, what << 32 | size)
    at = 16
    if flags & 1:
        total = fold(total, u64(data, at), 0)
        at += 8
    if kind == 2:
        total = fold(total, u64(data, at), u64(data, at + 8))
        return fold(total, u64(data, at + 16), u64(data, at + 24))
    for _ in range(records if kind == 1 else 0):
        assert u64(data, at) == content(data[at:]), "a record's content differs"
        total = fold(total, u64(data, at), u64(data, at + 8))
        at += (16 + struct.unpack_from("<H", data, at + 12)[0] + u32(data, at + 8) + 7) // 8 * 8
    assert kind == 3 or at == size, "the records do not end where the frame does"
    return total


def seal(page):
    return xxh3(page[8:]) or 1


FUNCTIONS = {
    "checksum": lambda data: xxh3(data),
    "key_hash": lambda data, seed: xxh3(data, seed),
    "fold": lambda data, a, b, c: fold(a, b, c),
    "mix": lambda data, a: mix(a),
    "half_seal": lambda data, a: a & 0xFFFFFFFF or 1,
    "content": content,
    "frame": frame,
    "seal": seal,
    **{name: lambda data: xxh3(data[8:]) for name in ("stretch", "header", "meta")},
}
HOLDS_ITS_SUM = {"content", "frame", "seal", "stretch", "header", "meta"}


def parse(text):
    arguments, data = {}, bytearray()
    for token in text.split():
        if "=" in token:
            name, value = token.split("=")
            arguments[name] = int(value, 16)
        elif "*" in token:
            byte, times = token.split("*")
            data += bytes.fromhex(byte) * int(times)
        elif token != "-":
            data += bytes.fromhex(token)
    return arguments, bytes(data)


def main():
    check = Check("the vectors of format-spec/09 follow from its text")
    chapter = check.root / "format-spec/09-checksums.md"
    if not chapter.exists():
        check.fail("format-spec/09-checksums.md", "missing")
        check.done("")
    lines = read(chapter).splitlines()
    count = 0
    for number, line in enumerate(lines[lines.index("### vectors") if "### vectors" in lines else 0:], 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or not re.fullmatch(r"0x[0-9a-f]{16}", cells[3]):
            continue
        count += 1
        name, what, source, gives = cells
        arguments, data = parse(source)
        if what not in FUNCTIONS:
            check.fail(name, f"'{what}' is nothing that this check computes")
            continue
        value = FUNCTIONS[what](data, **arguments)
        if value != int(gives, 16):
            check.fail(name, f"{what} is 0x{value:016x}, the spec says {gives}")
        if what in HOLDS_ITS_SUM and u64(data, 0) != value:
            check.fail(name, f"its bytes hold 0x{u64(data, 0):016x}")
    if count < 10:
        check.fail("format-spec/09-checksums.md", f"has {count} vectors only: was its form changed?")
    check.done(f"{count} vectors")


main()
