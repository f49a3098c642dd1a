// SPDX-License-Identifier: MIT
//
// Placing within one bucket page, and rebuilding pages aside: copies and halves.
//
// Invariants  1 In a page that readers may see, filter bits only go from 0 to 1, and before the slot that needs them.
//             2 A rebuilt page keeps each slot in its line or moves it nearer to its home, so it always fits, and its filter
//               bits are only those that its slots need.
// Threads     The owner of the writer word; rebuilt pages are not yet reachable.
#pragma once

#include <cstdint>
#include <optional>

#include <quire/error.h>

#include "format/page.h"
#include "space/space.h"

namespace quire::index {

// Where a new key would go: the first line from its home that has room.
struct Room {
    unsigned group = 0;
    unsigned slot = 0;
    unsigned distance = 0;   // lines passed, all full: each needs its filter bit
};

// Slots of a page that a plan has promised to earlier inserts, by line; null: none.
struct Promised {
    std::uint8_t slots[format::kBucketGroupsMax] = {};
};

std::optional<Room> find_room(const format::BucketPage& page, unsigned groups, std::uint64_t hash,
                              const Promised* promised) noexcept;

void start_page(std::byte* memory, format::Offset at, format::Epoch born, format::PageKind kind, unsigned depth,
                unsigned level, std::uint64_t prefix) noexcept;

// `to` (started, empty) becomes a copy of `from`: the same slots, fresh filter bits.
void copy_bucket(format::BucketPage& to, const format::BucketPage& from, unsigned groups) noexcept;

// `low` and `high` (started, empty, one level deeper than `from`) get the slots whose next hash bit is 0 and 1. Records are
// read only where the tag window moves. Errors: corrupt, io.
[[nodiscard]] Result<void> split_bucket(const space::Space& space, format::BucketPage& low, format::BucketPage& high,
                                        const format::BucketPage& from) noexcept;

}  // namespace quire::index
