// SPDX-License-Identifier: MIT
#include "space/streams.h"

#include "base/shared_word.h"
#include "base/try.h"
#include "space/growth.h"

namespace quire::space {

using format::SegmentEntry;
using format::SegmentId;
using format::SegmentKind;

Result<void> close_segment(Space& space, TableEdit& edit, std::uint64_t end) noexcept {
    if (end == 0) {
        return {};
    }
    SegmentId segment = space.geometry.segment_of({end - 1});
    for (;;) {   // a run is closed at its first segment
        QUIRE_TRY_AS(const SegmentEntry entry, edit.get(segment));
        if (entry.kind() != SegmentKind::run_rest) {
            edit.set(segment, SegmentEntry::make(entry.kind(), entry.flags() | format::kSegmentClosed, entry.born(),
                                                 entry.free_since(), entry.live()));
            return {};
        }
        --segment.value;
    }
}

Result<void> take(Space& space, TableEdit& edit, SegmentKind kind, SegmentId first, std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i) {
        const SegmentKind each = count == 1 ? kind : i == 0 ? SegmentKind::run : SegmentKind::run_rest;
        edit.set({first.value + i}, SegmentEntry::make(each, 0, space.epoch(), {}, 0));
    }
    edit.claim(first, count);
    QUIRE_TRY(edit.prepare());
    base::count(space.counters->runs_taken, count > 1 ? 1 : 0);
    base::count(space.counters->segments_taken, count);
    return {};
}

Result<PageBump::Fresh> PageBump::page() noexcept {
    format::StreamFill& shared = space_.shared->places.fill[static_cast<unsigned>(format::Stream::index)];
    if (fill_.tail[fill_.active].at + format::kPageBytes > fill_.tail[fill_.active].end) {
        TableEdit edit(space_);
        QUIRE_TRY(close_segment(space_, edit, fill_.tail[fill_.active].end));
        QUIRE_TRY_AS(const SegmentId fresh, edit.find_free());
        QUIRE_TRY(take(space_, edit, SegmentKind::index, fresh, 1));
        QUIRE_TRY(prepare_segment(space_, fresh));
        Step step(space_);
        edit.add_to(step);
        format::Fill& tail = shared.tail[fill_.active];
        step.shared(tail.at, space_.geometry.begin_of(fresh).value);
        step.shared(tail.end, space_.geometry.end_of(fresh).value);
        step.run();
        fill_ = shared;
    }
    format::Fill& tail = fill_.tail[fill_.active];
    const format::Offset at{tail.at};
    std::byte* const memory = space_.extents->at(at, format::kPageBytes);
    if (memory == nullptr) {
        return std::unexpected(space_.extents->why(at, format::kPageBytes));
    }
    space_.extents->distrust(at);
    tail.at += format::kPageBytes;
    return Fresh{at, memory};
}

void PageBump::add_to(Step& step) noexcept {
    format::Fill& tail = space_.shared->places.fill[static_cast<unsigned>(format::Stream::index)].tail[fill_.active];
    step.shared(tail.at, fill_.tail[fill_.active].at);
}

void rotate(Space& space, Step& step, format::Stream stream) noexcept {
    format::StreamFill& fill = space.shared->places.fill[static_cast<unsigned>(stream)];
    const format::Fill& tail = fill.tail[fill.active];
    if (tail.end != 0 && space.geometry.is_large(space.geometry.segment_of({tail.end - 1}))) {
        step.shared(fill.active, 1 - fill.active);
    }
}

}  // namespace quire::space
