// SPDX-License-Identifier: MIT
//
// A checkpoint, in the numbered steps of ARCHITECTURE: freeze, seal, flush the set, store the meta, flush it, publish.
//
// Invariants  1 No checkpoint lock between processes: newer takes over. A meta is stored only if none with a greater label
//               ever was, and published only if its slot still bears its label. Whoever dies or stalls is overtaken.
//             2 No device is waited for under the writer word.
// Costs       Writer word: three times, microseconds. Device: one flush per run of frozen pages, one of the meta page.
#include "store/core.h"

#include "base/fault_points.h"
#include "base/shared_word.h"
#include "base/try.h"
#include "store/hold.h"

namespace quire {

Result<bool> Core::store_meta(const Frozen& frozen, std::uint64_t flags, unsigned& slot) noexcept {
    bool stored = false;
    QUIRE_TRY(while_writing([&]() noexcept -> Result<void> {
        runtime::Checkpoints& checkpoints = shared_->checkpoints;
        if (checkpoints.stored_label >= frozen.label) {
            return {};   // a newer one is under way or done
        }
        slot = static_cast<unsigned>(1 - checkpoints.published_slot);
        auto* const page = extents_->as<format::Meta>(space_.geometry.meta_at(slot));
        if (page == nullptr) {
            return std::unexpected(extents_->why(space_.geometry.meta_at(slot), format::kPageBytes));
        }
        checkpoints.slot_label[slot] = frozen.label;
        checkpoints.stored_label = frozen.label;
        format::Meta meta = frozen.meta;
        meta.flags = flags;
        meta.root_seal = format::half_seal(extents_->as<format::PageHeader>(format::PageRef{meta.root}.page())->seal);
        meta.table_root_seal =
            format::half_seal(extents_->as<format::PageHeader>(format::PageRef{meta.table_root}.page())->seal);
        format::seal_meta(meta);
        *page = meta;
        stored = true;
        return {};
    }));
    return stored;
}

Result<void> Core::flush_meta(unsigned slot) noexcept {
    const format::Offset at = space_.geometry.meta_at(slot);
    if (!adopted_.load(std::memory_order_relaxed)) {
        // DURABLE(7): the meta that this opening began with, once; else the only one on the device could be overwritten
        // while it exists in the cache alone.
        QUIRE_TRY(flush_extents_->flush(space_.geometry.meta_at(1 - slot), format::kPageBytes, true));
        if (!platform::flush_reaches_device()) {
            QUIRE_TRY(second_.sync());
        }
    }
    // DURABLE(8): the meta before it is published or acknowledged; else the checkpoint could vanish after space that only
    // its predecessor needs was let go.
    QUIRE_TRY(flush_extents_->flush(at, format::kPageBytes, true));
    base::count(counters_.bytes_flushed, format::kPageBytes);
    return platform::flush_reaches_device() ? Result<void>{} : second_.sync();
}

Result<void> Core::publish(const Frozen& frozen, unsigned slot) noexcept {
    return while_writing([&]() noexcept -> Result<void> {
        runtime::Checkpoints& checkpoints = shared_->checkpoints;
        if (checkpoints.slot_label[slot] == frozen.label && shared_->readers.published_label < frozen.label) {
            checkpoints.published_slot = slot;
            base::store_relaxed(checkpoints.log_position, frozen.meta.log_position);
            raise_durable(frozen.meta.log_position);
            // ORDER(publish): release - its pages are sealed and durable; pairs with the acquire in space::verify().
            base::store_release(shared_->readers.published_label, frozen.label);
        }
        return {};
    });
}

Result<void> Core::checkpoint_once(std::uint64_t flags, bool rotate) noexcept {
    const std::lock_guard lock(checkpoint_mutex_);
    // ORDER(poison): acquire - an error that another flusher was told of counts here too; pairs with poison().
    if (base::load_acquire(shared_->durable.poison) != 0) {
        return base::fail(Errc::poisoned, "a flush failed: read-only until every process has closed the store");
    }
    for (;;) {
        Frozen frozen;
        format::Meta since{};
        QUIRE_TRY(while_writing([&]() noexcept -> Result<void> {
            auto frozen_now = freeze(rotate);
            if (!frozen_now) {
                return std::unexpected(frozen_now.error());
            }
            frozen = *frozen_now;
            const auto* const published = extents_->as<format::Meta>(
                space_.geometry.meta_at(static_cast<unsigned>(shared_->checkpoints.published_slot)));
            if (published == nullptr) {
                return base::fail(Errc::io, "the published meta cannot be read");
            }
            since = *published;
            return {};
        }));
        // A pin since before the freeze: what is sealed and flushed is not used again meanwhile.
        QUIRE_TRY_AS(runtime::PinLine* const line, pins_->claim());
        unsigned slot = 0;
        bool stored = false;
        const auto flushed = [&]() -> Result<void> {
            Result<void> sealed;
            const auto fault = platform::catch_faults([&]() noexcept {
                for (const auto& [root, kind] : {std::pair{frozen.meta.root, format::PageKind::directory},
                                                 std::pair{frozen.meta.table_root,
                                                           format::PageRef{frozen.meta.table_root}.level() == 0
                                                               ? format::PageKind::table_leaf
                                                               : format::PageKind::table_node}}) {
                    if (const auto half = seal(format::PageRef{root}, kind, since.label); !half && sealed) {
                        sealed = std::unexpected(half.error());
                    }
                }
            });
            if (fault) {
                return std::unexpected(fault_error(*fault));
            }
            QUIRE_TRY(sealed);
            if (fault::meta_before_pages) {
                QUIRE_TRY_AS(stored, store_meta(frozen, flags, slot));
                QUIRE_TRY(flush_meta(slot));
            }
            QUIRE_TRY_AS(const std::vector<Range> ranges, flush_set(since, frozen));
            auto result = flush_ranges(ranges);
            if (result) {
                result = flush_growth(second_);
            }
            if (!result) {
                return std::unexpected(poison(result.error()));
            }
            if (!fault::meta_before_pages) {
                QUIRE_TRY_AS(stored, store_meta(frozen, flags, slot));
            }
            if (stored && !fault::early_acknowledge) {
                if (auto done = flush_meta(slot); !done) {
                    return std::unexpected(poison(done.error()));
                }
            }
            return {};
        }();
        epoch::Pins::release(*line);
        QUIRE_TRY(flushed);
        // ORDER(poison): acquire - after the flush; pairs with poison().
        if (base::load_acquire(shared_->durable.poison) != 0) {
            return base::fail(Errc::poisoned, "a flush failed: read-only until every process has closed the store");
        }
        if (stored) {
            QUIRE_TRY(publish(frozen, slot));
        }
        if (base::load_acquire(shared_->readers.published_label) >= frozen.label) {
            adopted_.store(true, std::memory_order_relaxed);
            base::count(counters_.checkpoints);
            return {};
        }
        // A newer one was stored and is not yet durable: its owner may be dead, so once more with a newer label.
    }
}

Result<void> Core::checkpoint() noexcept {
    QUIRE_TRY(enter());
    if (!writable_) {
        return base::fail(Errc::read_only, "the store was opened read-only");
    }
    // ORDER(publish): acquire - its pages are sealed and durable; pairs with the release in publish().
    if (log_bytes() == 0 && base::load_acquire(shared_->readers.published_label) + 1 == base::load_acquire(shared_->readers.epoch)) {
        return {};   // nothing happened since the last one
    }
    return checkpoint_once(0, true);
}

}  // namespace quire
