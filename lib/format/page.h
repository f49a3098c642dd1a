// SPDX-License-Identifier: MIT
//
// Index and table pages: their common header, references between them, and the three bodies.
//
// Layout      format-spec/05 (directory, bucket) and 06 (segment table).
// Invariants  1 A page is changed in place only in the epoch of its birth; a later change is made on a copy.
//             2 `seal` is 0 until the checkpoint that first makes the page durable; then it covers the page.
//             3 A reference carries apart the low half of its child's seal (0: not yet known): a lost write shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "format/geometry.h"
#include "format/units.h"

namespace quire::format {

enum class PageKind : std::uint8_t { bucket = 1, directory = 2, table_node = 3, table_leaf = 4 };

struct PageHeader {
    std::uint64_t seal;          // checksum of the page behind it; detects rot
    std::uint64_t self;          // its own Offset; detects a misdirected write
    std::uint64_t born;          // Epoch; detects, with the reference's half seal, a lost write
    std::uint64_t prefix;        // hash bits it serves, from the top, the rest zero; of a table page the first segment
    PageKind kind;
    std::uint8_t depth;          // how many bits of `prefix` count
    std::uint8_t level;          // 0 for buckets and table leaves, one more than its children's otherwise
    std::uint8_t reserved;
    std::uint32_t next_seal;     // half seal of the overflow page
    std::uint64_t next;          // bucket: PageRef of its overflow page, 0 none
    std::uint64_t reserved_words[2];
};
static_assert(sizeof(PageHeader) == 64);

// page number 36 | depth 6 | level 4 | overflow 1 | zero 17, from the low end; 0 is none.
struct PageRef {
    std::uint64_t word = 0;

    static PageRef make(Offset page, unsigned depth, unsigned level, bool overflow) noexcept {
        return {page.value / kPageBytes | std::uint64_t{depth} << 36 | std::uint64_t{level} << 42 |
                std::uint64_t{overflow} << 46};
    }
    Offset page() const noexcept { return {(word & ((std::uint64_t{1} << 36) - 1)) * kPageBytes}; }
    unsigned depth() const noexcept { return word >> 36 & 63; }
    unsigned level() const noexcept { return word >> 42 & 15; }
    bool overflow() const noexcept { return (word >> 46 & 1) != 0; }
    bool well_formed() const noexcept { return word >> 47 == 0; }
    explicit operator bool() const noexcept { return word != 0; }
    friend bool operator==(PageRef, PageRef) = default;
};

inline constexpr unsigned kFanOutMax = 256;

// Directory pages and the nodes of the segment table: references, and apart from them half seals.
struct DirectoryPage {
    PageHeader header;
    std::uint64_t refs[kFanOutMax];
    std::uint32_t seals[kFanOutMax];
    std::uint8_t unused[kPageBytes - 64 - kFanOutMax * 12];
};
static_assert(sizeof(DirectoryPage) == kPageBytes);

// tag 16 | distance 3 | filter 1 | record offset / 8 44, from the high end. Empty iff the offset is 0: the filter bit
// outlives its record.
struct Slot {
    std::uint64_t word = 0;

    static constexpr std::uint64_t kOffsetBits = (std::uint64_t{1} << 44) - 1;
    static constexpr std::uint64_t kFilterBit = std::uint64_t{1} << 44;

    static Slot make(std::uint16_t tag, unsigned distance, bool filter, Offset record) noexcept {
        return {record.value / 8 | std::uint64_t{filter} << 44 | std::uint64_t{distance} << 45 |
                std::uint64_t{tag} << 48};
    }
    bool empty() const noexcept { return (word & kOffsetBits) == 0; }
    Offset record() const noexcept { return {(word & kOffsetBits) * 8}; }
    bool filter() const noexcept { return (word & kFilterBit) != 0; }
    unsigned distance() const noexcept { return word >> 45 & 7; }
    std::uint16_t tag() const noexcept { return static_cast<std::uint16_t>(word >> 48); }
};

inline constexpr unsigned kGroupSlots = 8;
inline constexpr unsigned kBucketGroupsMax = 63;

struct BucketPage {
    PageHeader header;
    std::uint64_t slots[kBucketGroupsMax][kGroupSlots];   // a group is a cache line
};
static_assert(sizeof(BucketPage) == kPageBytes);

enum class SegmentKind : std::uint8_t { free = 0, log = 1, moved = 2, index = 3, table = 4, run = 5, run_rest = 6, foreign = 7 };

inline constexpr std::uint16_t kSegmentClosed = 1;    // no stream will append to it again
inline constexpr std::uint16_t kSegmentPunched = 2;   // given back to the volume: allocate before use

// life: born 40 | kind 8 | flags 16, from the low end. state: free since 40 | live 24 (8-byte units of live records,
// or live pages, as of the label).
struct SegmentEntry {
    std::uint64_t life = 0;
    std::uint64_t state = 0;

    static SegmentEntry make(SegmentKind kind, std::uint16_t flags, Epoch born, Epoch free_since,
                             std::uint64_t live) noexcept {
        return {born.value | std::uint64_t{static_cast<std::uint8_t>(kind)} << 40 | std::uint64_t{flags} << 48,
                free_since.value | live << 40};
    }
    Epoch born() const noexcept { return {life & ((std::uint64_t{1} << 40) - 1)}; }
    SegmentKind kind() const noexcept { return static_cast<SegmentKind>(life >> 40 & 255); }
    std::uint16_t flags() const noexcept { return static_cast<std::uint16_t>(life >> 48); }
    Epoch free_since() const noexcept { return {state & ((std::uint64_t{1} << 40) - 1)}; }
    std::uint64_t live() const noexcept { return state >> 40; }
    friend bool operator==(SegmentEntry, SegmentEntry) = default;
};
static_assert(sizeof(SegmentEntry) == 16);
inline constexpr std::uint64_t kLiveMax = (std::uint64_t{1} << 24) - 1;

inline constexpr unsigned kTableFanOutMax = 128;

struct TableLeaf {
    PageHeader header;
    SegmentEntry entries[kTableFanOutMax];
    std::uint8_t unused[kPageBytes - 64 - kTableFanOutMax * 16];
};
static_assert(sizeof(TableLeaf) == kPageBytes);

// What `seal` should be: never 0, which means "not sealed".
std::uint64_t seal_of(const PageHeader& page) noexcept;
inline std::uint32_t half_seal(std::uint64_t seal) noexcept {
    const auto half = static_cast<std::uint32_t>(seal);
    return half == 0 ? 1 : half;
}

}  // namespace quire::format
