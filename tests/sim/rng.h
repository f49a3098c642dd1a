// SPDX-License-Identifier: MIT
//
// Random numbers that are the same for the same seed with every compiler and library (splitmix64, Steele, Lea and
// Flood 2014).
#pragma once

#include <cstdint>

namespace quire::sim {

class Rng {
public:
    constexpr explicit Rng(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept {
        std::uint64_t word = state_ += 0x9e3779b97f4a7c15u;
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
        word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
        return word ^ (word >> 31);
    }
    // 0 … bound - 1; the bias is below bound / 2^32.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return (next() >> 32) * bound >> 32; }
    constexpr std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept {
        return least + below(most - least + 1);
    }
    constexpr bool chance(std::uint64_t in, std::uint64_t of) noexcept { return below(of) < in; }

private:
    std::uint64_t state_;
};

// A seed of its own for each place in a run, so that leaving one out does not shift the others.
constexpr std::uint64_t seed_of(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0, std::uint64_t d = 0) noexcept {
    Rng rng(a);
    Rng next(rng.next() ^ b);
    Rng then(next.next() ^ c);
    return Rng(then.next() ^ d).next();
}

}  // namespace quire::sim
