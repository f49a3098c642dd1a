// SPDX-License-Identifier: MIT
//
// The file's first page: what this file is, for whoever opens it years later. Written once, at creation.
//
// Layout  format-spec/01. `Identity` stands in the header and, word for word, in both meta pages: each is
//         self-contained.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <quire/error.h>

#include "format/geometry.h"

namespace quire::format {

inline constexpr std::uint32_t kFormatVersion = 0;   // 0: not yet declared; 1 will be read by every later release
inline constexpr std::array<std::uint8_t, 8> kHeaderMagic = {'q', 'u', 'i', 'r', 'e', '\r', '\n', 0x1a};

struct Identity {
    std::uint32_t format_version = kFormatVersion;
    std::uint32_t reserved = 0;
    std::uint64_t features_ignored = 0;      // unknown bits: ignore
    std::uint64_t features_read_only = 0;    // unknown bits: open read-only
    std::uint64_t features_required = 0;     // unknown bits: refuse
    std::array<std::uint8_t, 16> uuid{};
    std::uint64_t hash_seed = 0;             // of key hashes: strangers cannot choose colliding keys
    Geometry geometry;
};
static_assert(sizeof(Identity) == 88);

struct Header {
    std::uint64_t checksum;      // of bytes 8 … 4095
    std::array<std::uint8_t, 8> magic;   // a text-mode transfer breaks it
    Identity identity;
    std::uint64_t application_id;        // free for the application
    std::uint64_t user_version;          // free for the application
    std::array<char, 32> created_by;     // release that made the file, NUL-padded
    std::uint8_t reserved[kPageBytes - 152];
};
static_assert(sizeof(Header) == kPageBytes);

// The first half of the UUID as one word: what binds stretch lines to their file.
std::uint64_t store_word(const Identity& identity) noexcept;

void encode_header(Header& page, const Identity& identity) noexcept;

// The identity of a file whose first page is `page`. Errors: not_a_store (magic), unsupported_format (version or
// required features; detail says which), corrupt (checksum, geometry).
[[nodiscard]] Result<Identity> decode_header(const Header& page) noexcept;
// Version and features, checked for either access. `writable` false passes unknown read-only bits.
[[nodiscard]] Result<void> check_features(const Identity& identity, bool writable) noexcept;

}  // namespace quire::format
