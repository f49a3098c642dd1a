// SPDX-License-Identifier: MIT
#include "recovery/apply.h"

#include <algorithm>

#include "base/fault_points.h"
#include "base/shared_word.h"
#include "base/try.h"
#include "format/checksum.h"

namespace quire::recovery {

using format::FrameKind;
using format::FrameView;
using format::Ledger;
using format::Offset;
using format::RecordView;

namespace {

void add(Ledger& ledger, RecordView record) noexcept {
    ledger.records += 1;
    ledger.bytes += record.header->key_bytes + std::uint64_t{record.header->value_bytes};
    ledger.digest[0] += record.header->content;
    ledger.digest[1] += format::mix(record.header->content);
}

void take_away(Ledger& ledger, RecordView record) noexcept {
    ledger.records -= 1;
    ledger.bytes -= record.header->key_bytes + std::uint64_t{record.header->value_bytes};
    ledger.digest[0] -= record.header->content;
    ledger.digest[1] -= format::mix(record.header->content);
}

std::int64_t units(RecordView record) noexcept { return static_cast<std::int64_t>(record.bytes() / 8); }

}  // namespace

Result<void> Applier::apply_record(RecordView record, Offset at, std::uint64_t hash, const index::Target* target,
                                   std::uint64_t cursor_after, std::uint64_t tail_after) noexcept {
    runtime::Shared& shared = *space_.shared;
    const std::uint64_t version = shared.applied.version;
    const Ledger& now = shared.ledgers.copy[version & 1];
    Ledger next = now;
    space::Step step(space_);
    if (target != nullptr && target->exists) {
        take_away(next, target->old);
        QUIRE_TRY(step.live(space_.geometry.segment_of(target->old_at), -units(target->old)));
    }
    if (target != nullptr && record.erases()) {
        editor_.add_erase(step, *target);
    } else if (target != nullptr) {
        add(next, record);
        QUIRE_TRY(step.live(space_.geometry.segment_of(at), units(record)));
        editor_.add_put(step, *target, hash, at);
    }
    step.add_live();
    // ORDER(ledger): release, by Intent::run() - the copy that is not current, then the version that makes it so; pairs
    // with the acquire in read_ledger().
    Ledger& copy = shared.ledgers.copy[(version + 1) & 1];
    step.shared(copy.records, next.records);
    step.shared(copy.bytes, next.bytes);
    step.shared(copy.digest[0], next.digest[0]);
    step.shared(copy.digest[1], next.digest[1]);
    step.shared(shared.applied.version, version + 1);
    if (shared.applied.cursor != cursor_after) {
        step.shared(shared.applied.cursor, cursor_after);
    }
    if (tail_after != 0) {
        step.shared(shared.tail.position, tail_after);
    }
    step.run();
    return {};
}

Result<void> Applier::apply_single(const FrameView& frame, std::uint64_t hash, const index::Target& target) noexcept {
    const RecordView record{reinterpret_cast<const format::RecordHeader*>(frame.first_record())};
    const auto within = frame.first_record() - reinterpret_cast<const std::byte*>(&frame.header());
    return apply_record(record, log_.at() + static_cast<std::uint64_t>(within), hash, &target, 0,
                        log_.position().value + frame.bytes());
}

Result<void> Applier::apply(const FrameView& frame) noexcept {
    const std::uint64_t done = space_.shared->applied.cursor;
    const Offset frame_at = log_.at();
    const std::uint64_t tail_after = log_.position().value + frame.bytes();
    const std::uint32_t count = frame.header().records();
    std::uint64_t number = 0;
    Result<void> result;
    frame.for_each([&](RecordView record) {
        const std::uint64_t i = number++;
        if (i < done || !result) {
            return;
        }
        const auto within = reinterpret_cast<const std::byte*>(record.header) - reinterpret_cast<const std::byte*>(&frame.header());
        const std::uint64_t hash = format::key_hash(record.key(), space_.hash_seed);
        auto target = editor_.make_ready(hash, record.key(), record.erases());
        if (!target) {
            result = std::unexpected(target.error());
            return;
        }
        const bool last = i + 1 == count;
        result = apply_record(record, frame_at + static_cast<std::uint64_t>(within), hash,
                              *target ? &**target : nullptr, last ? 0 : i + 1, last ? tail_after : 0);
    });
    return result;
}

Result<std::uint64_t> Applier::catch_up() noexcept {
    std::uint64_t records = 0;
    for (;;) {
        const Offset at = log_.at();
        const std::uint64_t room = log_.room();
        const std::byte* const memory =
            room < sizeof(format::FrameHeader) ? nullptr : space_.extents->at(at, sizeof(format::FrameHeader));
        if (memory == nullptr) {
            return records;
        }
        const auto frame = FrameView::bounded(memory, std::min(room, space_.extents->end() - at.value));
        if (!frame || !(frame->valid(log_.place()) || fault::frame_checksum_ignored)) {
            return records;
        }
        switch (frame->header().kind()) {
        case FrameKind::link:
            QUIRE_TRY(log_.apply_link(frame->link()));
            break;
        case FrameKind::filler: {
            space::Step step(space_);
            step.shared(space_.shared->tail.position, log_.position().value + frame->bytes());
            step.run();
            break;
        }
        case FrameKind::commit:
            QUIRE_TRY(apply(*frame));
            records += frame->header().records();
            break;
        }
    }
}

}  // namespace quire::recovery
