// SPDX-License-Identifier: MIT
#include "format/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quire::format {

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t key_hash(std::span<const std::byte> key, std::uint64_t file_seed) noexcept {
    return XXH3_64bits_withSeed(key.data(), key.size(), file_seed);
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b, std::uint64_t c) noexcept {
    const std::uint64_t words[3] = {a, b, c};
    return XXH3_64bits(words, sizeof words);
}

}  // namespace quire::format
