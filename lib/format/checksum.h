// SPDX-License-Identifier: MIT
//
// XXH3-64, the format's one checksum and hash (format-spec/09). Only this floor's checksum.cpp includes xxhash.h.
//
// Costs  4 ns for 24 bytes, 13 ns for 124 bytes. Seeding an input above 240 bytes costs 25–30 ns more, so
//        checksums are unseeded and what must be bound to them is folded in (`fold`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace quire::format {

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;                            // XXH3-64, seed 0
std::uint64_t key_hash(std::span<const std::byte> key, std::uint64_t file_seed) noexcept;     // XXH3-64, per-file seed
// XXH3-64 of the three words in little-endian order: binds a checksum to a place.
std::uint64_t fold(std::uint64_t a, std::uint64_t b, std::uint64_t c) noexcept;
// A bijection of 64 bits (the finaliser of splitmix64, Steele, Lea and Flood 2014): the digest's second sum.
constexpr std::uint64_t mix(std::uint64_t word) noexcept {
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

}  // namespace quire::format
