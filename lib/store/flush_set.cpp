// SPDX-License-Identifier: MIT
//
// What a checkpoint must flush, derived from fill positions and births, never remembered: for each stream what lies between
// its positions at the published label and at the frozen one, and all segments taken in between.
//
// Costs  The table pages born since, and a sort of the ranges found.
#include "store/core.h"

#include <algorithm>
#include <new>

#include "base/fault_points.h"
#include "base/try.h"
#include "space/trust.h"

namespace quire {

using format::Fill;
using format::PageKind;
using format::PageRef;
using format::SegmentEntry;
using format::SegmentId;
using format::SegmentKind;

namespace {

// Where the stream whose tail ended at `end` stands at the later label: there, or full.
std::uint64_t reached(const format::Meta& later, std::uint64_t end) noexcept {
    for (const format::StreamFill& stream : later.fill) {
        for (const Fill& tail : stream.tail) {
            if (tail.end == end && end != 0) {
                return tail.at;
            }
        }
    }
    return end;
}

}  // namespace

Result<void> Core::add_born(std::vector<Range>& ranges, PageRef ref, std::uint64_t since, const Frozen& frozen) noexcept {
    const format::Geometry& geometry = space_.geometry;
    const PageKind kind = ref.level() == 0 ? PageKind::table_leaf : PageKind::table_node;
    const auto* const page = space::page<format::PageHeader>(space_, ref, kind);
    if (page == nullptr) {
        return std::unexpected(space::refuse(space_, ref, kind, {}));
    }
    if (page->born <= since) {
        return {};   // nothing below it changed since
    }
    const std::uint64_t entries = std::uint64_t{1} << geometry.table_bits();
    if (ref.level() > 0) {
        const auto* const node = reinterpret_cast<const format::DirectoryPage*>(page);
        for (std::uint64_t i = 0; i < entries; ++i) {
            if (const PageRef child{node->refs[i]}; child) {
                QUIRE_TRY(add_born(ranges, child, since, frozen));
            }
        }
        return {};
    }
    const auto* const leaf = reinterpret_cast<const format::TableLeaf*>(page);
    for (std::uint64_t i = 0; i < entries; ++i) {
        const SegmentEntry entry = leaf->entries[i];
        const SegmentId segment{static_cast<std::uint32_t>(page->prefix + i)};
        if (entry.kind() == SegmentKind::free || entry.kind() == SegmentKind::foreign || entry.born().value <= since) {
            continue;
        }
        const std::uint64_t end = geometry.end_of(segment).value;
        const bool log = entry.kind() == SegmentKind::log || entry.kind() == SegmentKind::run ||
                         entry.kind() == SegmentKind::run_rest;
        ranges.push_back({geometry.begin_of(segment).value, reached(frozen.meta, end), log});
    }
    return {};
}

Result<std::vector<Core::Range>> Core::flush_set(const format::Meta& since, const Frozen& frozen) noexcept {
    try {
        std::vector<Range> ranges;
        for (unsigned s = 0; s < format::kStreams; ++s) {
            for (const Fill& tail : since.fill[s].tail) {
                if (tail.end != 0) {
                    ranges.push_back({tail.at, reached(frozen.meta, tail.end), s == static_cast<unsigned>(format::Stream::log)});
                }
            }
        }
        if (since.log_in_run != 0) {
            ranges.push_back({since.log_at, since.log_end, true});
        }
        QUIRE_TRY(add_born(ranges, PageRef{frozen.meta.table_root}, since.label, frozen));
        for (Range& range : ranges) {
            range.begin = base::align_down(range.begin, format::kPageBytes);
            range.end = base::align_up(range.end, format::kPageBytes);
        }
        std::erase_if(ranges, [](const Range& range) { return range.begin >= range.end; });
        std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
        std::vector<Range> merged;
        for (const Range& range : ranges) {
            if (!merged.empty() && range.begin <= merged.back().end && merged.back().log == range.log) {
                merged.back().end = std::max(merged.back().end, range.end);
            } else {
                merged.push_back(range);
            }
        }
        return merged;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to plan a checkpoint");
    }
}

Result<void> Core::flush_ranges(const std::vector<Range>& ranges) noexcept {
    const bool adopt = !adopted_.load(std::memory_order_relaxed);
    for (const Range& range : ranges) {
        if ((range.log && fault::log_flush_left_out) || (!range.log && fault::page_flush_left_out)) {
            continue;
        }
        // DURABLE(6): log, index and table up to the label before the meta; else its roots lead to what is not there.
        QUIRE_TRY(flush_extents_->flush({range.begin}, range.end - range.begin, adopt));
        base::count(counters_.bytes_flushed, range.end - range.begin);
    }
    return {};
}

}  // namespace quire
