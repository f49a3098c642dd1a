// SPDX-License-Identifier: MIT
//
// Looking at a store: the ledger, positions and figures. No lock.
#include "store/core.h"

#include "base/shared_word.h"
#include "base/try.h"
#include "platform/clock.h"
#include "space/table.h"

namespace quire {

Result<format::Ledger> Core::ledger() noexcept {
    QUIRE_TRY(enter());
    for (;;) {
        // ORDER(ledger): acquire - the copy that the version makes current; pairs with Applier's step.
        const std::uint64_t version = base::load_acquire(shared_->applied.version);
        const format::Ledger& copy = shared_->ledgers.copy[version & 1];
        const format::Ledger ledger{base::load_acquire(copy.records), base::load_acquire(copy.bytes),
                                    {base::load_acquire(copy.digest[0]), base::load_acquire(copy.digest[1])}};
        if (base::load_acquire(shared_->applied.version) == version) {
            return ledger;   // the copy that was read is written again only after the next version
        }
    }
}

Result<Lsn> Core::position() noexcept {
    QUIRE_TRY(enter());
    // ORDER(tail): acquire - the frames up to here are whole; pairs with Intent::run().
    return Lsn{base::load_acquire(shared_->tail.position)};
}

Result<Stats> Core::stats() noexcept {
    QUIRE_TRY_AS(const format::Ledger ledger, this->ledger());
    Stats stats;
    stats.record_count = ledger.records;
    stats.live_bytes = ledger.bytes;
    // ORDER(growth): acquire - the file is that long; pairs with the release in grow_to().
    stats.file_bytes = base::load_acquire(shared_->places.file_bytes);
    stats.index_bytes = base::load_relaxed(shared_->places.index_pages) * format::kPageBytes;
    stats.log_bytes_since_checkpoint = log_bytes();
    // ORDER(tail): acquire - the frames up to here are whole; pairs with Intent::run().
    stats.committed = {base::load_acquire(shared_->tail.position)};
    // ORDER(durable): acquire - whoever raised it has flushed; pairs with the release in raise_durable().
    stats.durable = {base::load_acquire(shared_->durable.position)};
    stats.checkpointed = {base::load_relaxed(shared_->checkpoints.log_position)};

    // What segments hold against what lives in them; between freezes the table's counts lag a little behind.
    const std::uint64_t segments = base::load_relaxed(shared_->places.segments);
    // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
    const format::PageRef table{base::load_seq_cst(shared_->readers.table_root)};
    std::uint64_t used = 0;
    Result<void> read;
    const auto fault = platform::catch_faults([&]() noexcept {
        for (std::uint64_t id = 0; id < segments; ++id) {
            const format::SegmentId segment{static_cast<std::uint32_t>(id)};
            const auto entry = space::read_segment(space_, table, segment);
            if (!entry) {
                read = std::unexpected(entry.error());
                return;
            }
            const std::uint64_t bytes = space_.geometry.bytes_of(segment);
            if (entry->kind() == format::SegmentKind::free) {
                stats.reusable_bytes += bytes;
            } else if (entry->kind() != format::SegmentKind::foreign) {
                used += bytes;
            }
        }
    });
    if (fault) {
        return std::unexpected(fault_error(*fault));
    }
    QUIRE_TRY(read);
    const std::uint64_t live = ledger.bytes + ledger.records * sizeof(format::RecordHeader) + stats.index_bytes;
    stats.held_bytes = used > live ? used - live : 0;

    std::uint64_t oldest = 0;
    // ORDER(blocks): acquire - blocks below it are whole; pairs with the seq_cst store of who added them.
    const std::uint32_t blocks = attachment_ ? base::load_acquire(shared_->sequence.block_count) : 0;
    for (std::uint32_t b = 0; b < blocks; ++b) {
        const runtime::Block& block = space_.runtime->block(b);
        // ORDER(blocks): acquire - as its owner or burier left it; pairs with their releases.
        if (base::load_acquire(block.header.state) != static_cast<std::uint32_t>(runtime::BlockState::owned)) {
            continue;
        }
        ++stats.process_count;
        for (const runtime::PinLine& line : block.pins) {
            // ORDER(unpin): acquire - a line seen free is free; pairs with the release in Pins::release().
            const std::uint64_t since = base::load_acquire(line.since);
            if (since == 0) {
                continue;
            }
            ++stats.pin_count;
            const std::uint64_t started = base::load_relaxed(line.started);
            // ORDER(close): acquire - a line that says until is a Pin between calls, not a get; pairs with Pins::close().
            const bool idle = base::load_acquire(line.until) != 0;
            if (idle && started != 0 && (oldest == 0 || started < oldest)) {
                oldest = started;
                stats.oldest_pin_pid = static_cast<std::uint32_t>(base::load_relaxed(block.header.pid));
            }
        }
    }
    if (oldest != 0) {
        stats.oldest_pin_age = std::chrono::duration_cast<std::chrono::milliseconds>(
            platform::now() - platform::Nanoseconds(static_cast<std::int64_t>(oldest)));
    }
    return stats;
}

base::Counters Core::counters() const noexcept {
    base::Counters counters = counters_;
    counters.extents_entered = extents_->mapped();
    counters.writer_slices = writer_ ? writer_->slices_slept() : 0;
    return counters;
}

}  // namespace quire
