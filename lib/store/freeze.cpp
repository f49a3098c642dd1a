// SPDX-License-Identifier: MIT
//
// A freeze: epoch e ends, everything as it is now is labelled e and never stored to again.
//
// Costs  Under the writer word: a scan of the live-count deltas (8 bytes a segment) and a table page for each 128 segments
//        that changed: microseconds per GiB of data.
#include "store/core.h"

#include "base/shared_word.h"
#include "base/try.h"
#include "platform/clock.h"
#include "space/streams.h"
#include "space/table.h"

namespace quire {

using format::SegmentEntry;
using format::SegmentId;

// Count + delta stays what it is at every step, so each intent stands for itself.
Result<void> Core::fold_live_counts() noexcept {
    constexpr std::uint32_t kFoldedAtOnce = 8;
    const std::uint64_t leaf_mask = base::low_bits(space_.geometry.table_bits());
    for (std::uint64_t id = 0; id < shared_->places.segments;) {
        space::TableEdit edit(space_);
        SegmentId folded[kFoldedAtOnce];
        std::uint32_t count = 0;
        for (; id < shared_->places.segments && count < kFoldedAtOnce; ++id) {
            const SegmentId segment{static_cast<std::uint32_t>(id)};
            QUIRE_TRY_AS(const std::int64_t* const delta, space_.runtime->delta(segment.value));
            if (*delta == 0) {
                continue;
            }
            if (count > 0 && (folded[0].value & ~leaf_mask) != (id & ~leaf_mask)) {
                break;
            }
            QUIRE_TRY_AS(const SegmentEntry entry, edit.get(segment));
            const auto live = static_cast<std::uint64_t>(static_cast<std::int64_t>(entry.live()) + *delta);
            edit.set(segment, SegmentEntry::make(entry.kind(), entry.flags(), entry.born(), entry.free_since(),
                                                 live & format::kLiveMax));
            folded[count++] = segment;
        }
        if (count == 0) {
            continue;
        }
        QUIRE_TRY(edit.prepare());
        space::Step step(space_);
        edit.add_to(step);
        for (std::uint32_t i = 0; i < count; ++i) {
            QUIRE_TRY(step.clear_live(folded[i]));
        }
        step.run();
    }
    return {};
}

Result<Core::Frozen> Core::freeze(bool rotate) noexcept {
    QUIRE_TRY(fold_live_counts());
    if (rotate) {
        QUIRE_TRY(log_->rotate());
        space::Step step(space_);
        space::rotate(space_, step, format::Stream::index);
        space::rotate(space_, step, format::Stream::table);
        step.run();
    }
    Frozen frozen;
    frozen.label = space_.epoch().value;
    format::Meta& meta = frozen.meta;
    const runtime::Places& places = shared_->places;
    meta.identity = identity_;
    meta.label = frozen.label;
    meta.horizon = places.horizon;
    meta.root = shared_->readers.root;
    meta.table_root = shared_->readers.table_root;
    meta.segments = places.segments;
    meta.size_bytes = space_.geometry.end_of({static_cast<std::uint32_t>(places.segments - 1)}).value;
    meta.log_at = log_->at().value;
    meta.log_position = log_->position().value;
    meta.log_seed = shared_->stretch.seed;
    meta.log_end = shared_->stretch.end;
    meta.log_in_run = shared_->stretch.in_run;
    meta.history_begin = places.history_begin;
    for (unsigned s = 0; s < format::kStreams; ++s) {
        meta.fill[s] = places.fill[s];
    }
    if (meta.log_in_run == 0) {   // the tail that is appended to stands where the log stands
        format::StreamFill& log = meta.fill[static_cast<unsigned>(format::Stream::log)];
        log.tail[log.active].at = meta.log_at;
    }
    meta.ledger = shared_->ledgers.copy[shared_->applied.version & 1];
    meta.index_pages = places.index_pages;
    meta.stored_at = platform::wall_clock_seconds();
    // ORDER(epoch): release - what was stored before the freeze is labelled by it; pairs with the acquire in Pins::take().
    base::store_release(shared_->readers.epoch, frozen.label + 1);
    base::count(counters_.freezes);
    return frozen;
}

}  // namespace quire
