// SPDX-License-Identifier: MIT
#include "recovery/recover.h"

#include <cstring>
#include <memory>

#include "base/shared_word.h"
#include "base/try.h"
#include "format/header.h"
#include "recovery/walk.h"
#include "space/growth.h"
#include "space/streams.h"
#include "space/table.h"

namespace quire::recovery {

namespace {

// R1: what is invalid now must stay so, or a power cut could bring back a meta whose pages were used again.
Result<void> invalidate_slot(space::Space& space, unsigned slot) noexcept {
    const format::Offset at = space.geometry.meta_at(slot);
    std::byte* const page = space.extents->at(at, format::kPageBytes);
    if (page == nullptr) {
        return std::unexpected(space.extents->why(at, format::kPageBytes));
    }
    std::memset(page, 0, format::kPageBytes);
    // DURABLE(3): a rejected slot before the first store into free space; else a newer meta could come back from the
    // device after its pages were overwritten.
    QUIRE_TRY(space.extents->flush(at, format::kPageBytes, true));
    return space.file->sync();
}

Result<void> claim_segments(space::Space& space, const Walk& walk) noexcept {
    for (const Walk::Link& link : walk.links) {
        if (link.body.segments == 0) {
            continue;
        }
        space::TableEdit edit(space);
        QUIRE_TRY(space::take(space, edit, format::SegmentKind::log, space.geometry.segment_of({link.body.target}),
                              link.body.segments));
        space::Step step(space);
        edit.add_to(step);
        step.run();
    }
    return {};
}

}  // namespace

Result<format::Identity> read_identity(platform::File& file) noexcept {
    QUIRE_TRY_AS(const std::uint64_t size, file.size());
    const auto header = std::make_unique<format::Header>();
    if (size < sizeof(format::Header)) {
        if (size < 16) {
            return base::fail(Errc::not_a_store, "no Quire file: too short", size);
        }
        std::memset(static_cast<void*>(header.get()), 0, sizeof(format::Header));
        QUIRE_TRY(file.read_at({reinterpret_cast<std::byte*>(header.get()), 16}, 0));
        return header->magic == format::kHeaderMagic ? base::fail(Errc::truncated, "shorter than its header", size)
                                                     : base::fail(Errc::not_a_store, "no Quire file: too short", size);
    }
    QUIRE_TRY(file.read_at({reinterpret_cast<std::byte*>(header.get()), sizeof(format::Header)}, 0));
    return format::decode_header(*header);
}

Result<format::ChosenMeta> read_metas(platform::File& file, const format::Identity& identity) noexcept {
    QUIRE_TRY_AS(const std::uint64_t size, file.size());
    const format::Geometry& geometry = identity.geometry;
    if (size < geometry.meta_at(1).value + format::kPageBytes) {
        return base::fail(Errc::truncated, "shorter than its meta pages", size);
    }
    std::byte pages[2][format::kPageBytes];
    for (unsigned slot = 0; slot < 2; ++slot) {
        QUIRE_TRY(file.read_at(pages[slot], geometry.meta_at(slot).value));
    }
    QUIRE_TRY_AS(const format::ChosenMeta chosen, format::choose_meta(pages[0], pages[1], identity));
    if (size < chosen.meta.size_bytes) {
        return base::fail(Errc::truncated, "shorter than its newest checkpoint says", size);
    }
    return chosen;
}

void adopt_meta(runtime::Shared& shared, const format::ChosenMeta& chosen, const format::Geometry& geometry) noexcept {
    const format::Meta& meta = chosen.meta;
    shared.readers.root = meta.root;
    shared.readers.table_root = meta.table_root;
    shared.readers.published_label = meta.label;
    shared.tail.position = meta.log_position;
    shared.stretch = {meta.log_position, meta.log_at, meta.log_seed, meta.log_end, 0, meta.log_in_run};
    shared.ledgers.copy[0] = shared.ledgers.copy[1] = meta.ledger;
    shared.durable.position = meta.log_position;
    shared.durable.size_bytes = meta.size_bytes;
    for (unsigned s = 0; s < format::kStreams; ++s) {
        shared.places.fill[s] = meta.fill[s];
    }
    shared.places.segments = meta.segments;
    shared.places.file_bytes = meta.size_bytes;
    shared.places.first_free = geometry.first_segment().value;
    shared.places.index_pages = meta.index_pages;
    shared.places.history_begin = meta.history_begin;
    shared.places.horizon = meta.horizon;
    shared.places.stretches = 1;
    shared.ring[0] = {meta.log_position, meta.log_at, meta.log_seed, 0};
    shared.checkpoints.stored_label = meta.label;
    shared.checkpoints.published_slot = chosen.slot;
    shared.checkpoints.slot_label[chosen.slot] = meta.label;
    shared.checkpoints.slot_label[1 - chosen.slot] = chosen.other_label;
    shared.checkpoints.log_position = meta.log_position;
    // ORDER(epoch): release - all other words of the runtime file before it; pairs with the acquire in Pins::take().
    base::store_release(shared.readers.epoch, meta.label + 1);
}

Result<std::uint64_t> recover(space::Space& space, const format::ChosenMeta& chosen, Applier& applier) noexcept {
    QUIRE_TRY(space.runtime->allocate_deltas(chosen.meta.segments));
    adopt_meta(*space.shared, chosen, space.geometry);
    QUIRE_TRY_AS(const Walk walk, walk_log(space, chosen.meta));
    if (!chosen.valid[1 - chosen.slot]) {
        QUIRE_TRY(invalidate_slot(space, 1 - chosen.slot));
    }
    QUIRE_TRY(claim_segments(space, walk));
    QUIRE_TRY_AS(const std::uint64_t records, applier.catch_up());
    if (space.shared->tail.position != walk.end.value) {
        return base::fail(Errc::corrupt, "the log changed while it was replayed", walk.stop.value);
    }
    base::count(space.counters->frames_replayed, records);
    // Old bytes behind the tail never validate: the first append of this opening is a link with a fresh seed.
    base::store_relaxed(space.shared->stretch.reseed, std::uint64_t{1});
    return records;
}

}  // namespace quire::recovery
