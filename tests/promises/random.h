// SPDX-License-Identifier: MIT
//
// Random numbers that are the same on every system: splitmix64, one word of state.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace quire::promises {

constexpr std::uint64_t mixed(std::uint64_t word) noexcept {
    word += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

class Random {
public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(mixed(seed)) {}
    // A stream of its own for each (seed, a, b).
    constexpr Random(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) noexcept
        : state_(mixed(mixed(mixed(seed) ^ a) + b)) {}

    constexpr std::uint64_t next() noexcept {
        state_ += 0x9e3779b97f4a7c15u;
        return mixed(state_);
    }
    constexpr std::uint64_t below(std::uint64_t end) noexcept { return next() % end; }   // the bias does not matter here
    constexpr std::uint64_t between(std::uint64_t first, std::uint64_t last) noexcept {
        return first + below(last - first + 1);
    }
    constexpr bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }

private:
    std::uint64_t state_;
};

// What QUIRE_SEED says, else a fresh one. Whoever uses it prints it.
inline std::uint64_t chosen_seed() {
    if (const char* text = std::getenv("QUIRE_SEED")) {
        return std::strtoull(text, nullptr, 0);
    }
    return std::random_device{}() % 1'000'000'000u;
}

}  // namespace quire::promises
