// SPDX-License-Identifier: MIT
//
// Making the log durable up to a position (D1–D3), and what a failed flush does to everybody.
//
// Invariants  1 Poison is stored before `durable` is raised and before the next flush begins; it is looked at after the
//               flush. A flush is never retried: its error may be told only once.
//             2 The first flush after a growth is a full one, and makes durable the size that was read before it (K8).
// Costs       One msync per stretch of [durable, tail): usually one, of 4 to 64 KiB; one fdatasync after a growth.
#include "store/core.h"

#include <algorithm>

#include "base/fault_points.h"
#include "base/shared_word.h"
#include "base/try.h"

namespace quire {

Error Core::poison(Error error) noexcept {
    std::uint64_t healthy = 0;
    // ORDER(poison): release - before `durable` is raised and before the next flush; pairs with the acquires of who looks
    // after a flush.
    if (base::swap_release(shared_->durable.poison, healthy, std::uint64_t{error.os_code} + 1)) {
        tell(Event::Kind::poisoned, error, 0);
    }
    return error;
}

void Core::raise_durable(std::uint64_t position) noexcept {
    std::uint64_t known = base::load_relaxed(shared_->durable.position);
    // ORDER(durable): release - the flush is over; pairs with the acquire in make_durable().
    while (known < position && !base::swap_release(shared_->durable.position, known, position)) {
    }
}

Result<void> Core::flush_growth(platform::File& file) noexcept {
    // ORDER(growth): acquire - the size that this flush makes durable is read before it; pairs with grow_to().
    const std::uint64_t size = base::load_acquire(shared_->places.file_bytes);
    std::uint64_t durable = base::load_relaxed(shared_->durable.size_bytes);
    if (durable >= size && platform::flush_reaches_device()) {
        return {};
    }
    // DURABLE(4): size and allocation with the first flush after a growth; else a durable page could lie past the end of
    // the file that a power cut leaves.
    QUIRE_TRY(file.sync());
    // ORDER(growth): release - the flush that made it durable is over; pairs with the acquire in flush_growth().
    while (durable < size && !base::swap_release(shared_->durable.size_bytes, durable, size)) {
    }
    return {};
}

// The file ranges of log positions [from, to), by the ring of stretches.
Result<void> Core::flush_log(std::uint64_t from, std::uint64_t to) noexcept {
    const bool adopt = !adopted_.load(std::memory_order_relaxed);
    // ORDER(tail): acquire - the ring entries below it are whole; pairs with Intent::run().
    const std::uint64_t entered = base::load_acquire(shared_->places.stretches);
    const std::uint64_t oldest = entered > runtime::kStretchRing / 2 ? entered - runtime::kStretchRing / 2 : 0;
    std::uint64_t upper = to;
    for (std::uint64_t i = entered; i-- > oldest && upper > from;) {
        const runtime::Stretch& stretch = shared_->ring[i % runtime::kStretchRing];
        const std::uint64_t position = base::load_relaxed(stretch.position);
        if (position >= upper) {
            continue;
        }
        const std::uint64_t begin = std::max(position, from);
        const std::uint64_t at = base::load_relaxed(stretch.at) + (begin - position);
        const std::uint64_t line = begin == position ? sizeof(format::StretchLine) : 0;
        const std::uint64_t bytes = upper - begin + line;
        // DURABLE(5): the log before its position is acknowledged; else a power cut takes what was promised.
        if (!fault::log_flush_left_out) {
            QUIRE_TRY(extents_->flush({at - line}, bytes, adopt));
        }
        base::count(counters_.bytes_flushed, bytes);
        upper = begin;
    }
    if (upper > from) {   // more stretches than the ring remembers
        QUIRE_TRY(file_.sync());
        if (!platform::flush_reaches_device()) {
            return base::fail(Errc::io, "too many stretches of log for one flush");
        }
    }
    return {};
}

Result<void> Core::make_durable(std::uint64_t position) noexcept {
    // ORDER(durable): acquire - whoever raised it has flushed; pairs with the release in raise_durable().
    if (base::load_acquire(shared_->durable.position) >= position) {
        return {};
    }
    const std::lock_guard lock(sync_mutex_);
    const std::uint64_t from = base::load_acquire(shared_->durable.position);
    if (from >= position) {
        return {};
    }
    // ORDER(tail): acquire - the frames up to here are whole; pairs with Intent::run().
    const std::uint64_t to = base::load_acquire(shared_->tail.position);
    if (base::load_acquire(shared_->durable.poison) != 0) {
        return base::fail(Errc::poisoned, "a flush failed: read-only until every process has closed the store");
    }
    auto flushed = flush_log(from, to);
    if (flushed) {
        flushed = flush_growth(file_);
    }
    if (!flushed) {
        return std::unexpected(poison(flushed.error()));
    }
    // ORDER(poison): acquire - after the flush: an error that another flusher was told of counts here too; pairs with poison().
    if (base::load_acquire(shared_->durable.poison) != 0) {
        return base::fail(Errc::poisoned, "a flush failed: read-only until every process has closed the store");
    }
    raise_durable(to);
    return {};
}

Result<void> Core::sync() noexcept {
    QUIRE_TRY(enter());
    if (!writable_) {
        return {};   // nothing of ours is undurable
    }
    // ORDER(tail): acquire - the frames up to here are whole; pairs with Intent::run().
    return make_durable(base::load_acquire(shared_->tail.position));
}

}  // namespace quire
