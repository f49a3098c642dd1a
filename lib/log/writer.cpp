// SPDX-License-Identifier: MIT
#include "log/writer.h"

#include <cstring>

#include "base/math.h"
#include "base/shared_word.h"
#include "base/try.h"
#include "platform/random.h"
#include "space/growth.h"
#include "space/streams.h"

namespace quire::log {

using format::Fill;
using format::kLinkBytes;
using format::LinkBody;
using format::Offset;
using format::SegmentId;
using format::StreamFill;
using format::StretchLine;

namespace {

// The stretch line that a link at or behind `at` could lead to, and where its first frame would lie.
std::uint64_t line_behind(std::uint64_t at) noexcept { return base::align_up(at, sizeof(StretchLine)); }
std::uint64_t first_frame(std::uint64_t line) noexcept { return line + sizeof(StretchLine); }

bool holds(std::uint64_t line, std::uint64_t bytes, std::uint64_t end) noexcept {
    return base::fits(first_frame(line), bytes + kLinkBytes, end);
}

}  // namespace

StreamFill& Writer::fill() const noexcept {
    return space_.shared->places.fill[static_cast<unsigned>(format::Stream::log)];
}

format::LogPosition Writer::position() const noexcept { return {base::load_relaxed(space_.shared->tail.position)}; }

Offset Writer::at() const noexcept {
    const runtime::StretchNow& stretch = space_.shared->stretch;
    return {stretch.at + (position().value - stretch.position)};
}

std::uint64_t Writer::room() const noexcept { return space_.shared->stretch.end - at().value; }

format::FramePlace Writer::place() const noexcept { return {space_.shared->stretch.seed, position()}; }

Result<void> Writer::make_room(std::uint64_t bytes) noexcept {
    for (;;) {
        const runtime::StretchNow& stretch = space_.shared->stretch;
        const std::uint64_t here = at().value;
        if (stretch.reseed != 0) {
            const std::uint64_t line = line_behind(here + kLinkBytes);
            if (holds(line, 0, stretch.end)) {
                QUIRE_TRY(link_to({line}, 0, false));
            } else {
                QUIRE_TRY(link_to_next_segment(bytes));
            }
            continue;
        }
        if (stretch.in_run != 0) {   // in a run, whose frame is written
            const Fill& home = fill().tail[fill().active];
            const std::uint64_t line = line_behind(home.at);
            if (home.at != 0 && position().value != stretch.position) {
                if (holds(line, bytes, home.end)) {
                    QUIRE_TRY(link_to({line}, 0, false));
                } else {
                    QUIRE_TRY(link_to_next_segment(bytes));
                }
                continue;
            }
        }
        if (base::fits(here, bytes + kLinkBytes, stretch.end)) {
            return {};
        }
        QUIRE_TRY(link_to_next_segment(bytes));
    }
}

Result<void> Writer::link_to_next_segment(std::uint64_t bytes) noexcept {
    const std::uint64_t needed = first_frame(0) + bytes + kLinkBytes;
    space::TableEdit probe(space_);
    QUIRE_TRY_AS(const SegmentId next, probe.find_free());
    if (needed <= space_.geometry.bytes_of(next)) {
        return link_to(space_.geometry.begin_of(next), 1, false);
    }
    space::TableEdit run_probe(space_);
    QUIRE_TRY_AS(const auto run, run_probe.find_free_run(needed));
    return link_to(space_.geometry.begin_of(run.first), run.count, false);
}

Result<void> Writer::link_to(Offset line, std::uint32_t segments, bool rotates) noexcept {
    const LinkBody body{line.value, position().value + kLinkBytes, platform::random_word(), segments,
                        rotates ? 1u : 0u};
    Plan plan(space_);
    QUIRE_TRY(plan_link(plan, body));
    if (segments == 1) {
        QUIRE_TRY(space::prepare_segment(space_, space_.geometry.segment_of(line)));
    }
    std::byte* const link_memory = space_.extents->at(at(), kLinkBytes);
    std::byte* const line_memory = space_.extents->at(line, sizeof(StretchLine));
    if (link_memory == nullptr || line_memory == nullptr) {
        return std::unexpected(space_.extents->why(link_memory == nullptr ? at() : line, kLinkBytes));
    }
    const StretchLine copy = format::make_stretch_line(at(), body, space_.store_word);
    std::memcpy(line_memory, &copy, sizeof copy);
    format::encode_link(link_memory, body, place());
    publish(plan);
    base::count(space_.counters->links_written);
    return {};
}

Result<void> Writer::apply_link(const LinkBody& body) noexcept {
    Plan plan(space_);
    QUIRE_TRY(plan_link(plan, body));
    publish(plan);
    return {};
}

// What the link changes, worked out from its body alone, so that its writer, a successor and a replay agree.
Result<void> Writer::plan_link(Plan& plan, const LinkBody& body) noexcept {
    const format::Geometry& geometry = space_.geometry;
    const runtime::StretchNow& now = space_.shared->stretch;
    const std::uint64_t behind_link = at().value + kLinkBytes;
    const bool in_run = now.in_run != 0;
    plan.fill = fill();
    StreamFill& fill = plan.fill;
    if (!in_run) {
        fill.tail[fill.active].at = behind_link;
    }
    runtime::StretchNow& next = plan.stretch;
    next = {};
    next.position = body.position;
    next.at = first_frame(body.target);
    next.seed = body.seed;

    const auto inside = [&](const Fill& tail) { return body.target >= tail.at && body.target < tail.end; };
    if (body.segments == 0) {
        if (body.target > at().value && body.target < now.end) {
            next.end = now.end;
            next.in_run = now.in_run;
        } else if (inside(fill.tail[1 - fill.active])) {
            fill.active = 1 - fill.active;
            next.end = fill.tail[fill.active].end;
        } else if (in_run && inside(fill.tail[fill.active])) {
            next.end = fill.tail[fill.active].end;
        } else {
            return base::fail(Errc::corrupt, "a link leads nowhere", at().value);
        }
        if (in_run && next.in_run == 0) {
            QUIRE_TRY(space::close_segment(space_, plan.edit, now.end));
        }
        return plan.edit.prepare();
    }
    const SegmentId first = geometry.segment_of({body.target});
    const SegmentId last{first.value + body.segments - 1};
    if (geometry.begin_of(first).value != body.target || last.value >= geometry.segments_max() ||
        geometry.bytes_of(last) != geometry.bytes_of(first)) {
        return base::fail(Errc::corrupt, "a link takes segments that cannot be", at().value);
    }
    if (in_run) {
        QUIRE_TRY(space::close_segment(space_, plan.edit, now.end));
    }
    next.end = geometry.end_of(last).value;
    if (body.segments > 1) {
        next.in_run = 1;   // its frame written, the log leaves it again
    } else {
        if (body.rotates != 0) {
            fill.active = 1 - fill.active;
        }
        QUIRE_TRY(space::close_segment(space_, plan.edit, fill.tail[fill.active].end));
        fill.tail[fill.active] = {first_frame(body.target), next.end};
    }
    return space::take(space_, plan.edit, format::SegmentKind::log, first, body.segments);
}

void Writer::publish(Plan& plan) noexcept {
    space::Step step(space_);
    plan.edit.add_to(step);
    StreamFill& current = fill();
    for (unsigned t = 0; t < format::kTails; ++t) {
        if (current.tail[t] != plan.fill.tail[t]) {
            step.shared(current.tail[t].at, plan.fill.tail[t].at);
            step.shared(current.tail[t].end, plan.fill.tail[t].end);
        }
    }
    if (current.active != plan.fill.active) {
        step.shared(current.active, plan.fill.active);
    }
    runtime::Shared& shared = *space_.shared;
    const std::uint64_t entered = shared.places.stretches;
    runtime::Stretch& ring = shared.ring[entered % runtime::kStretchRing];
    step.shared(ring.position, plan.stretch.position);
    step.shared(ring.at, plan.stretch.at);
    step.shared(ring.seed, plan.stretch.seed);
    step.shared(shared.places.stretches, entered + 1);
    step.shared(shared.stretch.position, plan.stretch.position);
    step.shared(shared.stretch.at, plan.stretch.at);
    step.shared(shared.stretch.seed, plan.stretch.seed);
    step.shared(shared.stretch.end, plan.stretch.end);
    step.shared(shared.stretch.in_run, plan.stretch.in_run);
    step.shared(shared.stretch.reseed, 0);
    step.shared(shared.tail.position, plan.stretch.position);
    step.run();
}

Result<void> Writer::rotate() noexcept {
    const runtime::StretchNow& stretch = space_.shared->stretch;
    if (stretch.in_run != 0 || stretch.reseed != 0 ||
        !space_.geometry.is_large(space_.geometry.segment_of({stretch.end - 1}))) {
        return {};
    }
    const Fill& other = fill().tail[1 - fill().active];
    const std::uint64_t line = line_behind(other.at);
    Result<void> linked;
    if (other.end != 0 && holds(line, format::kPageBytes, other.end)) {
        linked = link_to({line}, 0, false);
    } else {
        space::TableEdit probe(space_);
        QUIRE_TRY_AS(const SegmentId next, probe.find_free());
        linked = link_to(space_.geometry.begin_of(next), 1, true);
    }
    if (!linked && (linked.error().code == Errc::full || linked.error().code == Errc::out_of_memory)) {
        return {};
    }
    return linked;
}

}  // namespace quire::log
