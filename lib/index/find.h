// SPDX-License-Identifier: MIT
//
// The index, seen by a reader: from a key's hash to its record.
//
// The directory is extendible hashing at every level: a page serves a hash prefix of its own length p and indexes the next
// F bits; a child whose prefix is d bits long stands in 2^(p+F-d) adjacent entries. Below it, buckets of up to 63 cache lines
// of eight slots; a key's home line follows from the low 16 hash bits, its tag from the bits behind the bucket's depth
// (rounded down to a multiple of 8). A key lives in the first of home … home+7 that had room; a line that had none keeps a
// filter bit, so a miss goes on only where some key really went on.
//
// Invariants  1 A page that a reader has reached is never stored to after it was replaced: what it says was current when
//               its reference was loaded, which is within the call. So nothing is checked twice and nothing retried.
//             2 Absence never depends on meeting an empty slot; a live slot never moves within its page.
//             3 Every reference, slot and record is bounded before it is followed; damage is an error, never "absent".
// Threads     Any, under a pin. seq_cst loads (free on x86) order them behind the pin: ORDER(pin).
// Costs       Directory cache-resident: one line of the bucket, one of the record; a page's first touch verifies it.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include <quire/error.h>

#include "base/shared_word.h"
#include "format/page.h"
#include "format/record.h"
#include "index/group.h"
#include "space/space.h"
#include "space/trust.h"

namespace quire::index {

using Bytes = std::span<const std::byte>;

inline bool equal(Bytes a, Bytes b) noexcept {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// ---- placing ----

inline unsigned tag_window(unsigned depth) noexcept { return depth & ~7u; }
inline std::uint16_t tag_of(std::uint64_t hash, unsigned depth) noexcept {
    return static_cast<std::uint16_t>(hash << tag_window(depth) >> 48);
}
inline unsigned home_of(std::uint64_t hash, unsigned groups) noexcept {
    return static_cast<unsigned>((hash & 0xffff) * groups >> 16);
}
inline unsigned probes(unsigned groups) noexcept { return groups < 8 ? groups : 8; }
inline std::uint64_t entry_of(std::uint64_t hash, unsigned prefix, unsigned fan_out_bits) noexcept {
    return hash << prefix >> (64 - fan_out_bits);
}

// ---- walking ----

struct Walked {
    format::PageRef bucket;
    const format::BucketPage* page = nullptr;   // null: `error` says why
    Error error;
};

// One step down: the reference behind `entry` of the directory page that `ref` leads to.
inline bool step_down(const space::Space& space, format::PageRef& ref, space::Parent& parent, std::uint64_t hash,
                      Error& error) noexcept {
    const auto* const page = space::page<format::DirectoryPage>(space, ref, format::PageKind::directory, parent);
    if (page == nullptr) [[unlikely]] {
        error = space::refuse(space, ref, format::PageKind::directory, parent);
        return false;
    }
    const unsigned fan_out = space.geometry.fan_out_bits;
    const std::uint64_t entry = entry_of(hash, ref.depth(), fan_out);
    // ORDER(link): seq_cst - sees what the reference leads to, and is ordered behind the pin; pairs with Intent::run().
    const format::PageRef child{base::load_seq_cst(page->refs[entry])};
    if (!child.well_formed() || child.level() + 1 != ref.level() || child.depth() < ref.depth() ||
        child.depth() > ref.depth() + fan_out) [[unlikely]] {
        error = {Errc::corrupt, 0, 0, ref.page().value, "a directory page holds a reference that cannot be"};
        return false;
    }
    parent = {&page->seals[entry], &page->refs[entry]};
    ref = child;
    return true;
}

inline Walked walk(const space::Space& space, format::PageRef root, std::uint64_t hash) noexcept {
    format::PageRef ref = root;
    space::Parent parent;
    Walked walked;
    while (ref.level() > 0) {
        if (!step_down(space, ref, parent, hash, walked.error)) [[unlikely]] {
            return walked;
        }
    }
    walked.bucket = ref;
    walked.page = space::page<format::BucketPage>(space, ref, format::PageKind::bucket, parent);
    if (walked.page == nullptr) [[unlikely]] {
        walked.error = space::refuse(space, ref, format::PageKind::bucket, parent);
    }
    return walked;
}

// The overflow page behind a bucket page, or null with `ref` 0 at the chain's end.
inline const format::BucketPage* next_page(const space::Space& space, const format::BucketPage& page, unsigned depth,
                                           format::PageRef& ref, Error& error) noexcept {
    // ORDER(link): seq_cst - as in step_down(); pairs with Intent::run().
    ref = format::PageRef{base::load_seq_cst(page.header.next)};
    if (!ref) {
        return nullptr;
    }
    if (ref.level() != 0 || ref.depth() != depth) {
        error = {Errc::corrupt, 0, 0, page.header.self, "a bucket's overflow reference cannot be"};
        return nullptr;
    }
    const space::Parent parent{&page.header.next_seal, &page.header.next};
    const auto* const next = space::page<format::BucketPage>(space, ref, format::PageKind::bucket, parent);
    if (next == nullptr) {
        error = space::refuse(space, ref, format::PageKind::bucket, parent);
    }
    return next;
}

// ---- finding ----

// The record at `at`, bounded: header, key and value lie inside the file and one extent. Null: outside.
inline const format::RecordHeader* record_at(const space::Space& space, format::Offset at) noexcept {
    const std::byte* const header = space.extents->at(at, sizeof(format::RecordHeader));
    if (header == nullptr) [[unlikely]] {
        return nullptr;
    }
    const format::RecordView record{reinterpret_cast<const format::RecordHeader*>(header)};
    return reinterpret_cast<const format::RecordHeader*>(space.extents->at(at, record.bytes()));
}

enum class Answer : std::uint8_t { absent, found, failed };

struct Found {
    Answer answer = Answer::absent;
    format::RecordView record;     // found
    format::Offset at;             // found: the record
    unsigned group = 0;            // found: its slot
    unsigned slot = 0;
    Error error;                   // failed
};

// Looks for the key in one page of a bucket. True: `found` is the answer, or the chain must be followed (absent).
inline void find_in_page(const space::Space& space, const format::BucketPage& page, unsigned depth, std::uint64_t hash,
                         Bytes key, bool verify, Found& found) noexcept {
    const unsigned groups = space.geometry.bucket_groups;
    const std::uint16_t tag = tag_of(hash, depth);
    unsigned group = home_of(hash, groups);
    for (unsigned i = 0; i < probes(groups); ++i) {
        const std::uint64_t* const slots = page.slots[group];
        for (unsigned hits = match_tags(slots, tag); hits != 0; hits &= hits - 1) {
            // ORDER(link): seq_cst - the record is whole before its slot is; pairs with Intent::run().
            const format::Slot slot{base::load_seq_cst(slots[std::countr_zero(hits)])};
            if (slot.empty() || slot.tag() != tag) {
                continue;
            }
            const format::RecordView record{record_at(space, slot.record())};
            if (record.header == nullptr) [[unlikely]] {
                found.error = space.extents->why(slot.record(), sizeof(format::RecordHeader));
                found.answer = Answer::failed;
                continue;
            }
            const bool same = equal(record.key(), key);
            if ((verify || !same) && !record.intact()) [[unlikely]] {
                // Perhaps it is this key's: unless the key turns up elsewhere, that is damage and not absence.
                found.error = {Errc::corrupt, 0, 0, slot.record().value, "a record's checksum differs"};
                found.answer = Answer::failed;
                continue;
            }
            if (same) [[likely]] {
                found.record = record;
                found.at = slot.record();
                found.group = group;
                found.slot = static_cast<unsigned>(std::countr_zero(hits));
                found.answer = Answer::found;
                return;
            }
        }
        // ORDER(link): seq_cst - a filter bit is set before the slot that lies further on; pairs with Intent::run().
        if (!format::Slot{base::load_seq_cst(slots[tag & 7])}.filter()) {
            return;
        }
        group = group + 1 == groups ? 0 : group + 1;
    }
}

inline Found find_from(const space::Space& space, const Walked& walked, std::uint64_t hash, Bytes key,
                       bool verify) noexcept {
    Found found;
    if (walked.page == nullptr) [[unlikely]] {
        found.answer = Answer::failed;
        found.error = walked.error;
        return found;
    }
    find_in_page(space, *walked.page, walked.bucket.depth(), hash, key, verify, found);
    if (walked.bucket.overflow() && found.answer != Answer::found) [[unlikely]] {
        const format::BucketPage* page = walked.page;
        format::PageRef ref;
        std::uint64_t left = space.extents->end() / format::kPageBytes;   // a chain that a forger closed to a ring ends
        while (left-- > 0 &&
               (page = next_page(space, *page, walked.bucket.depth(), ref, found.error)) != nullptr) {
            find_in_page(space, *page, walked.bucket.depth(), hash, key, verify, found);
            if (found.answer == Answer::found) {
                return found;
            }
        }
        if (ref) {
            found.answer = Answer::failed;
        }
    }
    return found;
}

// ---- looking ahead, for many keys at once ----

// Like walk(), without touching the bucket: only prefetches its home line. `page` is null when it must be verified first.
inline Walked walk_ahead(const space::Space& space, format::PageRef root, std::uint64_t hash) noexcept {
    format::PageRef ref = root;
    space::Parent parent;
    Walked walked;
    while (ref.level() > 0) {
        if (!step_down(space, ref, parent, hash, walked.error)) {
            return walked;
        }
    }
    walked.bucket = ref;
    const std::byte* const page = space.extents->at(ref.page(), format::kPageBytes);
    if (page != nullptr && space.extents->trusted(ref.page())) {
        walked.page = reinterpret_cast<const format::BucketPage*>(page);
        __builtin_prefetch(walked.page->slots[home_of(hash, space.geometry.bucket_groups)]);
    } else if (page != nullptr) {
        __builtin_prefetch(page);
        __builtin_prefetch(page + 64 + std::size_t{home_of(hash, space.geometry.bucket_groups)} * 64);
    }
    return walked;
}

// Prefetches the record that the home line most likely leads to.
inline void prefetch_record(const space::Space& space, const Walked& walked, std::uint64_t hash) noexcept {
    if (walked.bucket.word == 0) {
        return;
    }
    const std::byte* const page = space.extents->at(walked.bucket.page(), format::kPageBytes);
    if (page == nullptr) {
        return;
    }
    const auto* const bucket = reinterpret_cast<const format::BucketPage*>(page);
    const std::uint64_t* const slots = bucket->slots[home_of(hash, space.geometry.bucket_groups)];
    const unsigned hits = match_tags(slots, tag_of(hash, walked.bucket.depth()));
    if (hits == 0) {
        return;
    }
    const format::Slot slot{base::load_relaxed(slots[std::countr_zero(hits)])};
    const std::byte* const record = slot.empty() ? nullptr : space.extents->at(slot.record(), sizeof(format::RecordHeader));
    if (record != nullptr) {
        __builtin_prefetch(record);
        __builtin_prefetch(record + 64);
    }
}

inline Found find(const space::Space& space, format::PageRef root, std::uint64_t hash, Bytes key,
                  bool verify) noexcept {
    return find_from(space, walk(space, root, hash), hash, key, verify);
}

}  // namespace quire::index
