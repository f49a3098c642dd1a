// SPDX-License-Identifier: MIT
#include "index/page.h"

#include <cstring>

#include "base/shared_word.h"
#include "base/try.h"
#include "index/find.h"

namespace quire::index {

using format::BucketPage;
using format::kGroupSlots;
using format::Slot;

namespace {

unsigned empty_slots(const std::uint64_t* slots) noexcept {   // bit i: slot i is empty
    unsigned empty = 0;
    for (unsigned i = 0; i < kGroupSlots; ++i) {
        empty |= static_cast<unsigned>(Slot{slots[i]}.empty()) << i;
    }
    return empty;
}

// Sets the filter bits that a tag needs in the lines from its home to the one before it.
void pass(BucketPage& page, unsigned groups, unsigned home, unsigned distance, std::uint16_t tag) noexcept {
    for (unsigned i = 0; i < distance; ++i) {
        page.slots[(home + i) % groups][tag & 7] |= Slot::kFilterBit;
    }
}

// Moves slots that lie away from home as near to it as there is room, then sets the filter bits that remain needed.
void settle(BucketPage& page, unsigned groups) noexcept {
    for (unsigned group = 0; group < groups; ++group) {
        for (unsigned i = 0; i < kGroupSlots; ++i) {
            const Slot slot{page.slots[group][i]};
            if (slot.empty() || slot.distance() == 0) {
                continue;
            }
            const unsigned home = (group + groups - slot.distance()) % groups;
            for (unsigned nearer = 0; nearer < slot.distance(); ++nearer) {
                std::uint64_t* const line = page.slots[(home + nearer) % groups];
                if (const unsigned empty = empty_slots(line); empty != 0) {
                    line[std::countr_zero(empty)] = Slot::make(slot.tag(), nearer, false, slot.record()).word;
                    page.slots[group][i] = 0;
                    break;
                }
            }
        }
    }
    for (unsigned group = 0; group < groups; ++group) {
        for (unsigned i = 0; i < kGroupSlots; ++i) {
            const Slot slot{page.slots[group][i]};
            if (!slot.empty() && slot.distance() != 0) {
                pass(page, groups, (group + groups - slot.distance()) % groups, slot.distance(), slot.tag());
            }
        }
    }
}

}  // namespace

std::optional<Room> find_room(const BucketPage& page, unsigned groups, std::uint64_t hash,
                              const Promised* promised) noexcept {
    const unsigned home = home_of(hash, groups);
    for (unsigned distance = 0; distance < probes(groups); ++distance) {
        const unsigned group = (home + distance) % groups;
        const unsigned empty = empty_slots(page.slots[group]);
        const unsigned taken = promised == nullptr ? 0 : promised->slots[group];
        if (static_cast<unsigned>(std::popcount(empty)) > taken) {
            return Room{group, static_cast<unsigned>(std::countr_zero(empty)), distance};
        }
    }
    return std::nullopt;
}

void start_page(std::byte* memory, format::Offset at, format::Epoch born, format::PageKind kind, unsigned depth,
                unsigned level, std::uint64_t prefix) noexcept {
    std::memset(memory, 0, format::kPageBytes);
    auto& header = *reinterpret_cast<format::PageHeader*>(memory);
    header.self = at.value;
    header.born = born.value;
    header.prefix = depth == 0 ? 0 : prefix >> (64 - depth) << (64 - depth);
    header.kind = kind;
    header.depth = static_cast<std::uint8_t>(depth);
    header.level = static_cast<std::uint8_t>(level);
}

void copy_bucket(BucketPage& to, const BucketPage& from, unsigned groups) noexcept {
    bool away = false;
    for (unsigned group = 0; group < groups; ++group) {
        for (unsigned i = 0; i < kGroupSlots; ++i) {
            const Slot slot{from.slots[group][i]};
            to.slots[group][i] = slot.empty() ? 0 : slot.word & ~Slot::kFilterBit;
            away = away || (!slot.empty() && slot.distance() != 0);
        }
    }
    if (away) {
        settle(to, groups);
    }
}

Result<void> split_bucket(const space::Space& space, BucketPage& low, BucketPage& high,
                          const BucketPage& from) noexcept {
    const unsigned groups = space.geometry.bucket_groups;
    const unsigned depth = from.header.depth;
    const bool window_moves = tag_window(depth + 1) != tag_window(depth);
    const unsigned bit = 15 - (depth - tag_window(depth));
    for (unsigned group = 0; group < groups; ++group) {
        for (unsigned i = 0; i < kGroupSlots; ++i) {
            const Slot slot{from.slots[group][i]};
            if (slot.empty()) {
                continue;
            }
            std::uint16_t tag = slot.tag();
            const bool up = (tag >> bit & 1) != 0;
            if (window_moves) {
                const format::RecordView record{record_at(space, slot.record())};
                if (record.header == nullptr) {
                    return std::unexpected(space.extents->why(slot.record(), sizeof(format::RecordHeader)));
                }
                if (!record.intact()) {
                    return base::fail(Errc::corrupt, "a record's checksum differs", slot.record().value);
                }
                tag = tag_of(format::key_hash(record.key(), space.hash_seed), depth + 1);
            }
            (up ? high : low).slots[group][i] = Slot::make(tag, slot.distance(), false, slot.record()).word;
        }
    }
    settle(low, groups);
    settle(high, groups);
    return {};
}

}  // namespace quire::index
