// SPDX-License-Identifier: MIT
//
// Random words from a seed (sim::Chance).
#include "platform/random.h"

#include <cstring>

#include "sim/rng.h"
#include "sim/state.h"

namespace quire::platform {

std::uint64_t random_word() noexcept {
    return sim::Rng(sim::world().random.fetch_add(0x9e3779b97f4a7c15u, std::memory_order_relaxed)).next();
}

std::array<std::uint8_t, 16> random_uuid() noexcept {
    const std::uint64_t words[2] = {random_word(), random_word()};
    std::array<std::uint8_t, 16> uuid;
    std::memcpy(uuid.data(), words, sizeof words);
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);   // version 4
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
    return uuid;
}

}  // namespace quire::platform
