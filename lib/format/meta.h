// SPDX-License-Identifier: MIT
//
// A meta page: the roots of one checkpoint. There are two; the newest valid one is where recovery begins.
//
// Layout      format-spec/02. One page at meta_at(0) and one at meta_at(1), self-contained.
// Invariants  1 A meta is stored only after everything that it refers to is durable.
//             2 It goes into the slot that does not hold the published one, so one valid meta survives every tear.
//             3 Space is protected by the *older* of both: falling back to it loses nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "format/header.h"
#include "format/units.h"

namespace quire::format {

inline constexpr std::uint64_t kMetaMagic = 0x6174656d65726975u;   // "uiremeta"

enum class Stream : std::uint8_t { log = 0, moved = 1, index = 2, table = 3 };
inline constexpr unsigned kStreams = 4;
inline constexpr unsigned kTails = 2;        // a stream's tails are filled in turn

struct Ledger {                              // of the live records
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;                 // keys and values
    std::uint64_t digest[2] = {};            // Σ content, Σ mix(content), mod 2^64

    friend bool operator==(const Ledger&, const Ledger&) = default;
};
static_assert(sizeof(Ledger) == 32);

struct Fill {                                // where a stream's tail stands
    std::uint64_t at = 0;                    // Offset of the next free byte; 0: no segment taken
    std::uint64_t end = 0;                   // end of its segment or run
    friend bool operator==(const Fill&, const Fill&) = default;
};

struct StreamFill {
    Fill tail[kTails];
    std::uint64_t active = 0;                // which of them is appended to
    friend bool operator==(const StreamFill&, const StreamFill&) = default;
};
static_assert(sizeof(StreamFill) == 40);

inline constexpr std::uint64_t kMetaLogEnds = 1;   // flag: a last closer's; no frame follows, nothing is searched

struct Meta {
    std::uint64_t checksum;      // of bytes 8 … 4095; detects a torn store
    std::uint64_t magic;
    Identity identity;
    std::uint64_t label;         // the epoch that its freeze ended
    std::uint64_t horizon;       // what is free since an epoch up to here was reusable when this was stored
    std::uint64_t held_label;    // smallest label that a reader without a block held then; 0: none
    std::uint64_t root;          // index: reference to the topmost directory page
    std::uint64_t table_root;    // segment table: reference to its topmost page
    std::uint32_t root_seal;     // low half of their seals: a lost write of the page shows
    std::uint32_t table_root_seal;
    std::uint64_t segments;      // segments that exist, free ones included
    std::uint64_t size_bytes;    // end of the last segment not reusable under this meta; a shorter file is truncated
    std::uint64_t log_at;        // Offset of the next frame
    std::uint64_t log_position;  // LogPosition of the next frame
    std::uint64_t log_seed;      // of the stretch that it lies in
    std::uint64_t log_end;       // end of the segment or run that it lies in
    std::uint64_t log_in_run;    // 1: it is a run
    std::uint64_t history_begin; // oldest LogPosition that is kept
    StreamFill fill[kStreams];
    Ledger ledger;
    std::uint64_t index_pages;   // live ones: how large the index is
    std::uint64_t flags;
    std::uint64_t stored_at;     // seconds since 1970, for display
    std::uint64_t snapshot_table;    // reserved: 0
    std::uint64_t table_catalogue;   // reserved: 0
    std::uint64_t application_id;    // free for the application
    std::uint64_t user_version;      // free for the application
    std::uint8_t reserved[kPageBytes - 464];
};
static_assert(sizeof(Meta) == kPageBytes);

void seal_meta(Meta& meta) noexcept;                    // fills in magic and checksum
// The meta in `page`, if it is whole and belongs to `identity`'s file.
std::optional<Meta> decode_meta(const std::byte* page, const Identity& identity) noexcept;

struct ChosenMeta {
    Meta meta;
    unsigned slot = 0;
    std::array<bool, 2> valid{};         // which slots were
    std::uint64_t other_label = 0;       // of the older valid one; 0: none
};
// The newest valid of two. Error: corrupt if neither is.
[[nodiscard]] Result<ChosenMeta> choose_meta(const std::byte* first, const std::byte* second,
                                             const Identity& identity) noexcept;

}  // namespace quire::format
