// SPDX-License-Identifier: MIT
//
// What all peers are asked: 16-byte random keys and 100-byte values, made before any clock runs.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace quire::bench {

struct Key {
    std::array<char, 16> bytes;
    std::string_view text() const noexcept { return {bytes.data(), bytes.size()}; }
};

inline constexpr std::size_t kKeyBytes = sizeof(Key);
inline constexpr std::size_t kValueBytes = 100;

constexpr std::uint64_t mixed(std::uint64_t word) noexcept {
    word += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

// Key number `n`; those of another `kind` are others.
inline Key key_of(std::uint64_t n, std::uint64_t kind = 0) noexcept {
    const std::uint64_t words[2] = {mixed(n ^ kind << 60), mixed(~n ^ kind << 60)};
    Key key;
    std::memcpy(key.bytes.data(), words, sizeof key);
    return key;
}

inline std::vector<Key> first_keys(std::uint64_t count) {
    std::vector<Key> keys(count);
    for (std::uint64_t n = 0; n < count; ++n) {
        keys[n] = key_of(n);
    }
    return keys;
}

// `count` keys at random, of the first `present` ones or of others.
inline std::vector<Key> asked(std::uint64_t count, std::uint64_t present, std::uint64_t seed, bool hit) {
    std::vector<Key> keys(count);
    for (std::uint64_t n = 0; n < count; ++n) {
        keys[n] = key_of(mixed(seed << 32 | n) % present, hit ? 0 : 1);
    }
    return keys;
}

// Values of many different bytes out of one small block that stays in the cache.
class Values {
public:
    Values() : block_(kBlockBytes + kValueBytes) {
        for (std::size_t at = 0; at < block_.size(); ++at) {
            block_[at] = static_cast<char>(mixed(at));
        }
    }
    std::string_view of(std::uint64_t n) const noexcept { return {block_.data() + n * 7 % kBlockBytes, kValueBytes}; }

private:
    static constexpr std::size_t kBlockBytes = 16 << 10;
    std::vector<char> block_;
};

}  // namespace quire::bench
