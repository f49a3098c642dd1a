// SPDX-License-Identifier: MIT
#include "recovery/walk.h"

#include <algorithm>
#include <new>
#include <optional>

#include "base/fault_points.h"
#include "base/math.h"
#include "base/try.h"
#include "space/table.h"

namespace quire::recovery {

using format::FrameKind;
using format::FramePlace;
using format::FrameView;
using format::LinkBody;
using format::Offset;
using format::SegmentId;
using format::StretchLine;

namespace {

// The frame at `at`, if one lies there that fits before `end`, the end of its segment or run, and inside the file.
std::optional<FrameView> frame_at(const space::Space& space, Offset at, std::uint64_t end) noexcept {
    const std::byte* const memory =
        base::fits(at.value, sizeof(format::FrameHeader), end) ? space.extents->at(at, sizeof(format::FrameHeader)) : nullptr;
    return memory == nullptr ? std::nullopt
                             : FrameView::bounded(memory, std::min(end, space.extents->end()) - at.value);
}

// Where the segment or run ends that a link's target lies in; `now`: where the one ends that the link lies in.
std::uint64_t end_behind(const format::Geometry& geometry, const LinkBody& body, std::uint64_t link_at,
                         std::uint64_t now) noexcept {
    if (body.segments == 0 && body.target > link_at && body.target < now) {
        return now;
    }
    const std::uint32_t more = body.segments == 0 ? 0 : body.segments - 1;
    return geometry.end_of({geometry.segment_of({body.target}).value + more}).value;
}

// The greatest durable position that a frame of the stretch behind `line` names.
std::uint64_t durable_named_behind(const space::Space& space, Offset line_at, const StretchLine& line) noexcept {
    std::uint64_t named = 0;
    Offset at = line_at + sizeof(StretchLine);
    FramePlace place{line.link.seed, {line.link.position}};
    const std::uint64_t end = end_behind(space.geometry, line.link, 0, 0);
    for (auto frame = frame_at(space, at, end); frame && frame->valid(place); frame = frame_at(space, at, end)) {
        named = std::max(named, frame->durable().value_or(format::LogPosition{}).value);
        at = at + frame->bytes();
        place.position = place.position + frame->bytes();
        if (frame->header().kind() == FrameKind::link) {
            break;   // its target has a line of its own
        }
    }
    return named;
}

class DamageSearch {
public:
    DamageSearch(const space::Space& space, std::uint64_t stop) noexcept : space_(space), stop_(stop) {}

    bool proven() const noexcept { return proven_; }

    void look_at(Offset line_at) noexcept {
        const auto* const line = reinterpret_cast<const StretchLine*>(space_.extents->at(line_at, sizeof(StretchLine)));
        if (!proven_ && line != nullptr && line->magic == format::kStretchMagic &&
            format::valid(*line, space_.store_word)) {
            proven_ = durable_named_behind(space_, line_at, *line) > stop_;
        }
    }
    // Frames of the stretch that the walk stopped in, behind the stop: each place binds them to one position.
    void look_behind(Offset stop, std::uint64_t end, std::uint64_t seed) noexcept {
        for (std::uint64_t at = stop.value + 8; at + sizeof(format::FrameHeader) <= end && !proven_; at += 8) {
            const auto frame = frame_at(space_, {at}, end);
            if (frame && frame->durable().value_or(format::LogPosition{}).value > stop_) {
                proven_ = frame->valid({seed, {stop_ + (at - stop.value)}});
            }
        }
    }
    void look_between(std::uint64_t begin, std::uint64_t end) noexcept {
        for (std::uint64_t at = base::align_up(begin, sizeof(StretchLine)); at + sizeof(StretchLine) <= end && !proven_;
             at += sizeof(StretchLine)) {
            look_at({at});
        }
    }

private:
    const space::Space& space_;
    std::uint64_t stop_;
    bool proven_ = false;
};

Result<bool> stop_is_damage(const space::Space& space, const format::Meta& meta, const Walk& walk) noexcept {
    const format::Geometry& geometry = space.geometry;
    DamageSearch search(space, walk.end.value);
    search.look_behind(walk.stop, walk.stretch_end, walk.seed);
    search.look_between(walk.stop.value, geometry.end_of(geometry.segment_of(walk.stop)).value);
    for (const format::Fill& tail : meta.fill[static_cast<unsigned>(format::Stream::log)].tail) {
        search.look_between(tail.at, tail.end);
    }
    const std::uint64_t exist = std::min<std::uint64_t>(geometry.segment_of({space.extents->end()}).value,
                                                        geometry.segments_max());
    for (std::uint64_t id = geometry.first_segment().value; id < exist && !search.proven(); ++id) {
        const SegmentId segment{static_cast<std::uint32_t>(id)};
        if (id < meta.segments) {
            QUIRE_TRY_AS(const format::SegmentEntry entry, space::read_segment(space, {meta.table_root}, segment));
            if (entry.kind() != format::SegmentKind::free) {
                continue;
            }
        }
        search.look_at(geometry.begin_of(segment));
    }
    return search.proven();
}

Result<void> check_link(const space::Space& space, const format::Meta& meta, const Walk::Link& link,
                        format::LogPosition behind) noexcept {
    const format::Geometry& geometry = space.geometry;
    const format::LinkBody& body = link.body;
    if (body.position != behind.value || body.target % sizeof(StretchLine) != 0 ||
        !base::fits(body.target, sizeof(StretchLine), geometry.file_bytes_max()) || body.segments > (1u << 16)) {
        return base::fail(Errc::corrupt, "a link frame leads nowhere", link.at.value);
    }
    const SegmentId first = geometry.segment_of({body.target});
    if (body.segments > 0 && (geometry.begin_of(first).value != body.target ||
                              geometry.extent_of({body.target}) !=
                                  geometry.extent_of({geometry.end_of({first.value + body.segments - 1}).value - 1}))) {
        return base::fail(Errc::corrupt, "a link frame takes segments that cannot be", link.at.value);
    }
    for (std::uint32_t i = 0; i < body.segments; ++i) {
        const SegmentId segment{first.value + i};
        if (segment.value < meta.segments) {
            QUIRE_TRY_AS(const format::SegmentEntry entry, space::read_segment(space, {meta.table_root}, segment));
            if (entry.kind() != format::SegmentKind::free) {
                return base::fail(Errc::corrupt, "the log leads into a segment that the checkpoint uses", link.at.value);
            }
        }
    }
    return {};
}

}  // namespace

Result<Walk> walk_log(const space::Space& space, const format::Meta& meta) noexcept {
    try {
        Walk walk;
        Offset at{meta.log_at};
        FramePlace place{meta.log_seed, {meta.log_position}};
        std::uint64_t end = meta.log_end;
        for (;;) {
            const auto frame = frame_at(space, at, end);
            if (!frame || !(frame->valid(place) || fault::frame_checksum_ignored)) {
                break;
            }
            const Offset frame_begin = at;
            at = at + frame->bytes();
            place.position = place.position + frame->bytes();
            if (frame->header().kind() == FrameKind::link) {
                const Walk::Link link{frame_begin, frame->link()};
                QUIRE_TRY(check_link(space, meta, link, place.position));
                walk.links.push_back(link);
                end = end_behind(space.geometry, link.body, frame_begin.value, end);
                at = Offset{link.body.target} + sizeof(StretchLine);
                place.seed = link.body.seed;
            } else {
                walk.records += frame->header().records();
            }
        }
        walk.end = place.position;
        walk.stop = at;
        walk.stretch_end = end;
        walk.seed = place.seed;
        // A last closer's meta says that the log ends there; what a later session appended is searched as any other.
        if ((meta.flags & format::kMetaLogEnds) == 0 || at.value != meta.log_at) {
            QUIRE_TRY_AS(const bool damage, stop_is_damage(space, meta, walk));
            if (damage) {
                return base::fail(Errc::corrupt, "the log is damaged: durable commits follow", at.value);
            }
        }
        return walk;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to walk the log");
    }
}

}  // namespace quire::recovery
