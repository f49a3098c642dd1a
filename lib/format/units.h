// SPDX-License-Identifier: MIT
//
// Positions as types of their own: a byte offset, a place in history, a freeze and a segment are four different things.
#pragma once

#include <compare>
#include <cstdint>

namespace quire::format {

struct Offset {       // bytes from the start of the file; 0 is the header, so it also means "none"
    std::uint64_t value = 0;
    friend auto operator<=>(const Offset&, const Offset&) = default;
    explicit operator bool() const noexcept { return value != 0; }
};
constexpr Offset operator+(Offset at, std::uint64_t bytes) noexcept { return {at.value + bytes}; }

struct LogPosition {  // bytes of log since the store was made; links count, stretch lines do not
    std::uint64_t value = 0;
    friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};
constexpr LogPosition operator+(LogPosition at, std::uint64_t bytes) noexcept { return {at.value + bytes}; }

struct Epoch {        // counts freezes; labels start at 1; 0 is "never"
    std::uint64_t value = 0;
    friend auto operator<=>(const Epoch&, const Epoch&) = default;
};

struct SegmentId {
    std::uint32_t value = 0;
    friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

}  // namespace quire::format
