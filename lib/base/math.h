// SPDX-License-Identifier: MIT
//
// Integer arithmetic that says what it checks.
#pragma once

#include <bit>
#include <cstdint>

namespace quire::base {

constexpr bool is_power_of_two(std::uint64_t n) noexcept { return std::has_single_bit(n); }

constexpr std::uint64_t align_down(std::uint64_t n, std::uint64_t power_of_two) noexcept {
    return n & ~(power_of_two - 1);
}
constexpr std::uint64_t align_up(std::uint64_t n, std::uint64_t power_of_two) noexcept {
    return align_down(n + power_of_two - 1, power_of_two);
}
constexpr std::uint64_t divide_up(std::uint64_t n, std::uint64_t by) noexcept { return (n + by - 1) / by; }

// Does [offset, offset + length) lie within [0, end), without overflow.
constexpr bool fits(std::uint64_t offset, std::uint64_t length, std::uint64_t end) noexcept {
    return length <= end && offset <= end - length;
}

// The low `count` bits set; count in 0 … 64.
constexpr std::uint64_t low_bits(unsigned count) noexcept {
    return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace quire::base
