// SPDX-License-Identifier: MIT
//
// Values that say whose they are: key, version and checksum first, then bytes that follow from both. A reader can tell a
// torn, foreign or invented value from a right one without asking anybody.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include <quire/bytes.h>

#include "random.h"

namespace quire::promises {

struct Stamp {
    std::uint64_t key = 0;
    std::uint64_t version = 0;
    std::uint64_t checksum = 0;
};

inline std::string stamped(std::uint64_t key, std::uint64_t version) {
    const std::uint64_t seed = mixed(key) ^ version;
    const Stamp stamp{key, version, mixed(seed)};
    const std::uint64_t words = mixed(seed + 1) % 40;
    std::string value(sizeof stamp + words * sizeof(std::uint64_t), '\0');
    std::memcpy(value.data(), &stamp, sizeof stamp);
    for (std::uint64_t i = 0; i < words; ++i) {
        const std::uint64_t word = mixed(seed + 2 + i);
        std::memcpy(value.data() + sizeof stamp + i * sizeof word, &word, sizeof word);
    }
    return value;
}

// The version, if `value` is right for `key` in every byte.
inline std::optional<std::uint64_t> version_in(std::uint64_t key, ByteView value) {
    Stamp stamp;
    if (value.size() < sizeof stamp) {
        return std::nullopt;
    }
    std::memcpy(&stamp, value.text().data(), sizeof stamp);
    if (stamp.key != key || value.text() != stamped(key, stamp.version)) {
        return std::nullopt;
    }
    return stamp.version;
}

}  // namespace quire::promises
