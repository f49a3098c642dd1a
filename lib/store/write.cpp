// SPDX-License-Identifier: MIT
//
// One record's write, in the numbered steps of ARCHITECTURE: W0 walk ahead, W1 claim, W2 repair, W4 plan, W5 append,
// W6–W8 intent, W9 release.
//
// Costs  A put into a young bucket with room: two cache misses in W0, one copy and two checksums of the record, an intent of
//        ten words, no system call. First touch of a bucket in an epoch: a page copy. Every 2 MiB: a segment.
#include "store/core.h"

#include "base/fault_points.h"
#include "base/shared_word.h"
#include "base/try.h"
#include "format/checksum.h"
#include "format/record.h"
#include "store/hold.h"

namespace quire {

using format::FrameHeader;
using format::FrameKind;
using index::Bytes;

Result<void> Core::may_write(ByteView key) const noexcept {
    if (!writable_) {
        return base::fail(Errc::read_only, "the store was opened read-only");
    }
    if (key.size() > key_bytes_max_) {
        return base::fail(Errc::key_too_large, "the key is too large", key_bytes_max_);
    }
    // ORDER(poison): acquire - an error that another flusher was told of counts here too; pairs with poison().
    if (base::load_acquire(shared_->durable.poison) != 0) {
        return base::fail(Errc::poisoned, "a flush failed: read-only until every process has closed the store");
    }
    return {};
}

Result<void> Core::repair() noexcept {
    if (fault::redo_left_out) {
        return {};
    }
    QUIRE_TRY_AS(const bool redone, runtime::Intent::redo(shared_->intent, [&](std::uint64_t where) -> Result<std::uint64_t*> {
                     if ((where & runtime::kRuntimeWord) != 0) {
                         return space_.runtime->word(where & ~runtime::kRuntimeWord);
                     }
                     auto* const word = extents_->as<std::uint64_t>({where});
                     if (word == nullptr) {
                         return std::unexpected(extents_->why({where}, sizeof(std::uint64_t)));
                     }
                     return word;
                 }));
    if (redone) {
        base::count(counters_.intents_redone);
    }
    QUIRE_TRY_AS(const std::uint64_t records, applier_->catch_up());
    base::count(counters_.frames_adopted, records);
    tell(Event::Kind::writer_died, {}, records);
    return {};
}

// W0: page-ins, faults and cache misses happen here, outside the lock. What it finds is not believed.
void Core::walk_ahead(std::uint64_t hash, Bytes key) noexcept {
    auto line = pins_->claim();
    if (!line) {
        return;
    }
    (void)platform::catch_faults([&]() noexcept {
        // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
        const format::PageRef root{base::load_seq_cst(shared_->readers.root)};
        const index::Walked walked = index::walk(space_, root, hash);
        if (walked.page != nullptr) {
            __builtin_prefetch(&walked.page->header);
            (void)index::find_from(space_, walked, hash, key, false);
        }
    });
    epoch::Pins::release(**line);
}

// On a volume that may need space to overwrite: the tail's pages are made writable before a frame becomes valid.
Result<void> Core::probe_tail(std::uint64_t bytes) noexcept {
    return space_.probe_pages ? extents_->populate(log_->at(), bytes) : Result<void>{};
}

Result<std::byte*> Core::frame_room(std::uint64_t bytes) noexcept {
    QUIRE_TRY(log_->make_room(bytes));
    QUIRE_TRY(probe_tail(bytes));
    QUIRE_TRY(space_.runtime->delta(space_.geometry.segment_of(log_->at()).value));
    std::byte* const at = extents_->at(log_->at(), bytes);
    if (at == nullptr) {
        return std::unexpected(extents_->why(log_->at(), bytes));
    }
    return at;
}

std::byte* Core::begin_frame(std::byte* at, std::uint64_t bytes, bool durable, std::uint32_t records) noexcept {
    auto& header = *reinterpret_cast<FrameHeader*>(at);
    header.bytes = static_cast<std::uint32_t>(bytes);
    header.what = FrameHeader::describe(FrameKind::commit, durable ? format::kFrameDurable : std::uint8_t{0}, records);
    at += sizeof(FrameHeader);
    if (durable) {
        // ORDER(durable): acquire - whoever raised it has flushed; pairs with the release in raise_durable().
        const std::uint64_t known = base::load_acquire(shared_->durable.position);
        std::memcpy(at, &known, sizeof known);
        at += sizeof known;
    }
    return at;
}

std::uint64_t Core::log_bytes() const noexcept {
    const std::uint64_t begin = base::load_relaxed(shared_->checkpoints.log_position);
    const std::uint64_t tail = base::load_relaxed(shared_->tail.position);
    return tail > begin ? tail - begin : 0;
}

// S5: grows with the store, so that a checkpoint writes about as much index as there was log.
std::uint64_t Core::log_bytes_max() const noexcept {
    if (options_.checkpoint_log_bytes_max != 0) {
        return options_.checkpoint_log_bytes_max;
    }
    const std::uint64_t index = base::load_relaxed(shared_->places.index_pages) * format::kPageBytes;
    const std::uint64_t version = base::load_relaxed(shared_->applied.version);
    const std::uint64_t live = base::load_relaxed(shared_->ledgers.copy[version & 1].bytes);
    return std::max<std::uint64_t>(4u << 20, std::min({index, live / 16, std::uint64_t{4} << 30}));
}

Result<void> Core::after_commit(std::uint64_t position, Durability durability) noexcept {
    if (!wrote_.load(std::memory_order_relaxed)) {
        wrote_.store(true, std::memory_order_relaxed);
    }
    if (durability == Durability::durable) {
        QUIRE_TRY(make_durable(position));
    }
    if (log_bytes() >= log_bytes_max()) {
        if (const auto done = checkpoint_once(0, true); !done) {
            tell(Event::Kind::checkpoint_failed, done.error(), 0);   // the write itself is done
        }
    }
    return {};
}

Result<bool> Core::write(Verb verb, ByteView key, ByteView value) noexcept {
    QUIRE_TRY(enter());
    QUIRE_TRY(may_write(key));
    if (value.size() > value_bytes_max_) {
        return base::fail(Errc::value_too_large, "the value is too large", value_bytes_max_);
    }
    const Bytes bytes = key.bytes();
    const std::uint64_t hash = format::key_hash(bytes, space_.hash_seed);
    const bool durable = options_.durability == Durability::durable;
    const std::uint64_t frame_bytes = format::frame_overhead(durable) + format::record_bytes(key.size(), value.size());
    if (log_bytes() > 2 * log_bytes_max()) {
        QUIRE_TRY(checkpoint_once(0, true));   // P6's bound is enforced, not hoped for
    }
    walk_ahead(hash, bytes);
    bool did = false;
    std::uint64_t position = 0;
    QUIRE_TRY(while_writing([&]() noexcept -> Result<void> {
        QUIRE_TRY_AS(const auto target, editor_->make_ready(hash, bytes, verb == Verb::erase));
        if (!target || (verb == Verb::insert && target->exists)) {
            position = log_->position().value;
            return {};
        }
        if (target->exists) {
            QUIRE_TRY(space_.runtime->delta(space_.geometry.segment_of(target->old_at).value));
        }
        QUIRE_TRY_AS(std::byte* const at, frame_room(frame_bytes));
        format::encode_record(begin_frame(at, frame_bytes, durable, 1), bytes, value.bytes(),
                              verb == Verb::erase ? format::kRecordErase : std::uint16_t{0});
        const auto frame = format::FrameView::bounded(at, frame_bytes);
        format::seal_frame(*reinterpret_cast<FrameHeader*>(at), log_->place());   // the commit point
        frame_pending_ = true;
        QUIRE_TRY(applier_->apply_single(*frame, hash, *target));
        frame_pending_ = false;
        position = log_->position().value;
        did = true;
        return {};
    }));
    if (did) {
        QUIRE_TRY(after_commit(position, options_.durability));
    }
    return did;
}

}  // namespace quire
