// SPDX-License-Identifier: MIT
//
// Page, segment and extent arithmetic. The sizes are fields of the file's header, so that a test can meet every
// boundary in a store of 100 KiB (format-spec/01).
//
// Layout  Small segments up to `large_begin`, large ones beyond; extents of `extent_bytes` from offset 0. No segment
//         straddles an extent. The header lies at 0, the two meta pages at 1 × and 2 × meta_spacing().
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstddef>

#include <quire/error.h>

#include "base/math.h"
#include "format/units.h"

namespace quire::format {

inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 42;
inline constexpr std::uint64_t kPrivateBit = std::uint64_t{1} << 46;   // an offset no file can have

struct Geometry {
    std::uint32_t page_bytes = kPageBytes;
    std::uint32_t small_segment_bytes = 256u << 10;
    std::uint32_t large_segment_bytes = 2u << 20;
    std::uint32_t extent_bytes = 64u << 20;
    std::uint64_t large_begin = 16u << 20;
    std::uint8_t fan_out_bits = 8;      // a directory page indexes this many bits of the hash
    std::uint8_t bucket_groups = 63;    // cache lines of eight slots in a bucket
    std::uint8_t depth_max = 48;        // a full bucket that deep gets an overflow page
    std::uint8_t reserved[5] = {};

    friend bool operator==(const Geometry&, const Geometry&) = default;

    static constexpr Geometry production() noexcept { return {}; }
    static constexpr Geometry smallest() noexcept {
        return {kPageBytes, 8u << 10, 16u << 10, 64u << 10, 64u << 10, 2, 3, 10, {}};
    }

    // Is it one that this release can work with. Everything below assumes so.
    constexpr bool valid() const noexcept {
        return page_bytes == kPageBytes && base::is_power_of_two(small_segment_bytes) &&
               base::is_power_of_two(large_segment_bytes) && base::is_power_of_two(extent_bytes) &&
               base::is_power_of_two(large_begin) && small_segment_bytes >= 2 * kPageBytes &&
               large_segment_bytes >= small_segment_bytes && extent_bytes / 2 >= large_segment_bytes &&
               extent_bytes % (64u << 10) == 0 && extent_bytes <= (128u << 20) && large_begin >= large_segment_bytes &&
               large_begin <= extent_bytes && large_begin >= 4 * std::uint64_t{small_segment_bytes} &&
               fan_out_bits >= 2 && fan_out_bits <= 8 && bucket_groups >= 1 && bucket_groups <= 63 &&
               depth_max >= 1 && depth_max <= 48 && depth_max <= 15 * fan_out_bits;
    }

    // ---- segments ----
    constexpr std::uint32_t small_segments() const noexcept {
        return static_cast<std::uint32_t>(large_begin / small_segment_bytes);
    }
    constexpr SegmentId segment_of(Offset at) const noexcept {
        return {static_cast<std::uint32_t>(at.value < large_begin
                                               ? at.value / small_segment_bytes
                                               : small_segments() + (at.value - large_begin) / large_segment_bytes)};
    }
    constexpr Offset begin_of(SegmentId id) const noexcept {
        return {id.value < small_segments()
                    ? std::uint64_t{id.value} * small_segment_bytes
                    : large_begin + std::uint64_t{id.value - small_segments()} * large_segment_bytes};
    }
    constexpr std::uint64_t bytes_of(SegmentId id) const noexcept {
        return id.value < small_segments() ? small_segment_bytes : large_segment_bytes;
    }
    constexpr Offset end_of(SegmentId id) const noexcept { return begin_of(id) + bytes_of(id); }
    constexpr bool is_large(SegmentId id) const noexcept { return id.value >= small_segments(); }
    constexpr std::uint64_t file_bytes_max() const noexcept {
        return std::min(kFileBytesMax, std::uint64_t{extent_bytes} << 16);
    }
    constexpr std::uint32_t segments_max() const noexcept { return segment_of({file_bytes_max()}).value; }

    // ---- fixed places ----
    constexpr std::uint64_t meta_spacing() const noexcept {
        return std::min<std::uint64_t>(64u << 10, small_segment_bytes);
    }
    constexpr Offset meta_at(unsigned slot) const noexcept { return {(slot + 1) * meta_spacing()}; }
    // The first segment that streams may use; those before hold header and metas.
    constexpr SegmentId first_segment() const noexcept {
        return {static_cast<std::uint32_t>(base::divide_up(3 * meta_spacing(), small_segment_bytes))};
    }

    // ---- extents ----
    constexpr std::uint64_t extent_of(Offset at) const noexcept { return at.value / extent_bytes; }

    // ---- tables of references ----
    constexpr unsigned table_bits() const noexcept { return std::min<unsigned>(fan_out_bits, 7); }

    // ---- limits that scale with the extent ----
    constexpr std::uint64_t run_bytes_max() const noexcept { return extent_bytes - large_segment_bytes; }
};
static_assert(sizeof(Geometry) == 32);
static_assert(Geometry::production().valid() && Geometry::smallest().valid());

}  // namespace quire::format
