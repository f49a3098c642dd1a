// SPDX-License-Identifier: MIT
#include "space/table.h"

#include <algorithm>
#include <cstring>

#include "base/shared_word.h"
#include "base/try.h"
#include "space/growth.h"
#include "space/trust.h"

namespace quire::space {

using format::DirectoryPage;
using format::PageKind;
using format::PageRef;
using format::SegmentEntry;
using format::SegmentId;
using format::SegmentKind;
using format::TableLeaf;

namespace {

constexpr std::uint32_t kEntriesInPlace = 8;   // more in one leaf: a copy costs fewer words than the list has

PageKind kind_at(unsigned level) noexcept { return level == 0 ? PageKind::table_leaf : PageKind::table_node; }

std::uint64_t covered(unsigned bits, unsigned level) noexcept { return std::uint64_t{1} << (bits * (level + 1)); }

std::uint64_t index_in(unsigned bits, unsigned level, std::uint64_t segment) noexcept {
    return segment >> (bits * level) & base::low_bits(bits);
}

}  // namespace

Result<SegmentEntry> read_segment(const Space& space, PageRef root, SegmentId segment) noexcept {
    const unsigned bits = space.geometry.table_bits();
    if (segment.value >= covered(bits, root.level())) {
        return SegmentEntry{};
    }
    PageRef ref = root;
    Parent parent;
    while (ref.level() > 0) {
        const auto* const node = page<DirectoryPage>(space, ref, PageKind::table_node, parent);
        if (node == nullptr) {
            return std::unexpected(refuse(space, ref, PageKind::table_node, parent));
        }
        const std::uint64_t i = index_in(bits, ref.level(), segment.value);
        // ORDER(link): acquire - the page behind it is whole; pairs with Intent::run().
        const PageRef child{base::load_acquire(node->refs[i])};
        if (!child) {
            return SegmentEntry{};
        }
        if (child.level() + 1 != ref.level()) {
            return base::fail(Errc::corrupt, "a table reference leads to the wrong level", ref.page().value);
        }
        parent = {&node->seals[i], &node->refs[i]};
        ref = child;
    }
    const auto* const leaf = page<TableLeaf>(space, ref, PageKind::table_leaf, parent);
    if (leaf == nullptr) {
        return std::unexpected(refuse(space, ref, PageKind::table_leaf, parent));
    }
    const SegmentEntry& entry = leaf->entries[index_in(bits, 0, segment.value)];
    return SegmentEntry{base::load_relaxed(entry.life), base::load_relaxed(entry.state)};
}

TableEdit::TableEdit(Space& space) noexcept
    : space_(space),
      bits_(space.geometry.table_bits()),
      root_{base::load_relaxed(space.shared->readers.table_root)},
      new_height_(root_.level() + 1),
      fill_(space.shared->places.fill[static_cast<unsigned>(format::Stream::table)]),
      segments_(space.shared->places.segments),
      first_free_(space.shared->places.first_free) {}

Result<SegmentEntry> TableEdit::get(SegmentId segment) const noexcept {
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        if (entries_[i].segment == segment) {
            return entries_[i].value;
        }
    }
    return read_segment(space_, root_, segment);
}

void TableEdit::set(SegmentId segment, SegmentEntry entry) noexcept {
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        if (entries_[i].segment == segment) {
            entries_[i].value = entry;
            return;
        }
    }
    base::require(entry_count_ < kEntriesMax, "a table edit has too many entries");
    entries_[entry_count_++] = {segment, entry};
}

Result<SegmentId> TableEdit::find_free() noexcept {
    for (; first_free_ < segments_; ++first_free_) {
        const SegmentId segment{static_cast<std::uint32_t>(first_free_)};
        QUIRE_TRY_AS(const SegmentEntry entry, get(segment));
        if (entry.kind() == SegmentKind::free && entry.free_since().value == 0) {
            ++first_free_;
            return segment;
        }
    }
    if (segments_ >= space_.geometry.segments_max()) {
        return base::fail(Errc::full, "the format's greatest file size is reached");
    }
    first_free_ = segments_ + 1;
    return SegmentId{static_cast<std::uint32_t>(segments_++)};
}

Result<TableEdit::Run> TableEdit::find_free_run(std::uint64_t bytes) noexcept {
    const format::Geometry& geometry = space_.geometry;
    if (bytes > geometry.extent_bytes) {
        return base::fail(Errc::batch_too_large, "more than an extent holds", geometry.extent_bytes);
    }
    for (std::uint64_t begin = segments_;;) {
        const SegmentId id{static_cast<std::uint32_t>(begin)};
        const std::uint64_t count = base::divide_up(bytes, geometry.bytes_of(id));
        if (begin + count > geometry.segments_max()) {
            return base::fail(Errc::full, "the format's greatest file size is reached");
        }
        const std::uint64_t at = geometry.begin_of(id).value;
        const std::uint64_t extent_end = base::align_down(at, geometry.extent_bytes) + geometry.extent_bytes;
        const std::uint64_t limit = geometry.is_large(id) ? extent_end : std::min(extent_end, geometry.large_begin);
        if (at + count * geometry.bytes_of(id) <= limit) {
            return Run{id, static_cast<std::uint32_t>(count)};
        }
        begin = geometry.segment_of({limit}).value;   // what is passed over reads as never used
    }
}

void TableEdit::claim(SegmentId first, std::uint32_t count) noexcept {
    if (first_free_ == first.value) {
        first_free_ = std::uint64_t{first.value} + count;
    }
    segments_ = std::max<std::uint64_t>(segments_, std::uint64_t{first.value} + count);
}

unsigned TableEdit::height_for(std::uint64_t segments) const noexcept {
    unsigned height = 1;
    while (covered(bits_, height - 1) < segments) {
        ++height;
    }
    return height;
}

Result<TableEdit::Where> TableEdit::walk(std::uint64_t first, unsigned level) const noexcept {
    if (level > root_.level() || first >= covered(bits_, root_.level())) {
        return Where{};
    }
    PageRef ref = root_;
    for (;;) {
        const auto* const header = page<format::PageHeader>(space_, ref, kind_at(ref.level()));
        if (header == nullptr) {
            return std::unexpected(refuse(space_, ref, kind_at(ref.level()), {}));
        }
        if (ref.level() == level) {
            return Where{ref, reinterpret_cast<const std::byte*>(header), header->born == space_.epoch().value};
        }
        const auto* const node = reinterpret_cast<const DirectoryPage*>(header);
        const PageRef child{node->refs[index_in(bits_, ref.level(), first)]};
        if (!child) {
            return Where{};
        }
        if (child.level() + 1 != ref.level()) {
            return base::fail(Errc::corrupt, "a table reference leads to the wrong level", ref.page().value);
        }
        ref = child;
    }
}

TableEdit::Page* TableEdit::planned(std::uint64_t level, std::uint64_t first) noexcept {
    for (std::uint32_t i = 0; i < page_count_; ++i) {
        if (pages_[i].level == level && pages_[i].first == first) {
            return &pages_[i];
        }
    }
    return nullptr;
}

// The page must be written aside, and so must its ancestors up to the nearest young one.
Result<void> TableEdit::need(std::uint64_t level, std::uint64_t first) noexcept {
    for (;;) {
        if (planned(level, first) != nullptr) {
            return {};
        }
        QUIRE_TRY_AS(const Where where, walk(first, static_cast<unsigned>(level)));
        base::require(page_count_ < kPagesMax, "a table edit has too many pages");
        pages_[page_count_++] = {level, first, where.ref, {}, nullptr};
        if (level + 1 >= new_height_) {
            return {};
        }
        ++level;
        first = base::align_down(first, covered(bits_, static_cast<unsigned>(level)));
        QUIRE_TRY_AS(const Where parent, walk(first, static_cast<unsigned>(level)));
        if (parent.ref && parent.young) {
            return {};
        }
    }
}

Result<void> TableEdit::plan_pages() noexcept {
    const unsigned old_height = root_.level() + 1;
    new_height_ = std::max(new_height_, height_for(segments_));
    for (unsigned level = old_height; level < new_height_; ++level) {
        if (planned(level, 0) == nullptr) {   // a new root leads to the old one; need() goes up from the lowest new page
            QUIRE_TRY(need(level, 0));
        }
    }
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        const std::uint64_t first = base::align_down(entries_[i].segment.value, covered(bits_, 0));
        QUIRE_TRY_AS(const Where leaf, walk(first, 0));
        std::uint32_t same_leaf = 0;
        for (std::uint32_t k = 0; k < entry_count_; ++k) {
            same_leaf += base::align_down(entries_[k].segment.value, covered(bits_, 0)) == first ? 1 : 0;
        }
        if (!leaf.ref || !leaf.young || same_leaf > kEntriesInPlace) {
            QUIRE_TRY(need(0, first));
        }
    }
    return {};
}

Result<void> TableEdit::prepare() noexcept {
    std::uint32_t placed = 0;
    for (;;) {
        QUIRE_TRY(plan_pages());
        if (placed == page_count_) {
            break;
        }
        while (placed < page_count_) {
            format::Fill& tail = fill_.tail[fill_.active];
            if (tail.at + format::kPageBytes > tail.end) {
                if (tail.end != 0) {
                    const SegmentId full = space_.geometry.segment_of({tail.end - 1});
                    QUIRE_TRY_AS(const SegmentEntry entry, get(full));
                    set(full, SegmentEntry::make(entry.kind(), entry.flags() | format::kSegmentClosed, entry.born(),
                                                 entry.free_since(), entry.live()));
                }
                QUIRE_TRY_AS(const SegmentId fresh, find_free());
                set(fresh, SegmentEntry::make(SegmentKind::table, 0, space_.epoch(), {}, 0));
                tail = {space_.geometry.begin_of(fresh).value, space_.geometry.end_of(fresh).value};
                QUIRE_TRY(grow_to(space_, space_.geometry.end_of(fresh)));
                QUIRE_TRY(prepare_segment(space_, fresh));
                base::count(space_.counters->segments_taken);
            }
            pages_[placed].at = {tail.at};
            tail.at += format::kPageBytes;
            ++placed;
        }
    }
    const SegmentId last{static_cast<std::uint32_t>(segments_ - 1)};
    QUIRE_TRY(grow_to(space_, space_.geometry.end_of(last)));
    QUIRE_TRY(space_.runtime->allocate_deltas(segments_));
    for (std::uint32_t i = 0; i < page_count_; ++i) {
        Page& page = pages_[i];
        page.memory = space_.extents->at(page.at, format::kPageBytes);
        if (page.memory == nullptr) {
            return std::unexpected(space_.extents->why(page.at, format::kPageBytes));
        }
        space_.extents->distrust(page.at);
        QUIRE_TRY_AS(const Where old, walk(page.first, static_cast<unsigned>(page.level)));
        std::memset(page.memory, 0, format::kPageBytes);
        if (old.ref && page.level == 0) {
            std::memcpy(reinterpret_cast<TableLeaf*>(page.memory)->entries,
                        reinterpret_cast<const TableLeaf*>(old.memory)->entries, sizeof(TableLeaf::entries));
        } else if (old.ref) {
            auto* const to = reinterpret_cast<DirectoryPage*>(page.memory);
            const auto* const from = reinterpret_cast<const DirectoryPage*>(old.memory);
            for (std::uint64_t k = 0; k < std::uint64_t{1} << bits_; ++k) {
                to->refs[k] = from->refs[k];
                to->seals[k] = base::load_relaxed(from->seals[k]);   // a checkpoint may be sealing it
            }
        }
        auto& header = *reinterpret_cast<format::PageHeader*>(page.memory);
        header.self = page.at.value;
        header.born = space_.epoch().value;
        header.prefix = page.first;
        header.kind = kind_at(static_cast<unsigned>(page.level));
        header.level = static_cast<std::uint8_t>(page.level);
    }
    // A root that grew leads to the old one, unless that is written aside too.
    for (unsigned level = root_.level() + 1; level < new_height_; ++level) {
        if (level == root_.level() + 1) {
            reinterpret_cast<DirectoryPage*>(planned(level, 0)->memory)->refs[0] = root_.word;
        }
    }
    for (std::uint32_t i = 0; i < page_count_; ++i) {
        const Page& child = pages_[i];
        const unsigned parent_level = static_cast<unsigned>(child.level) + 1;
        Page* const parent = planned(parent_level, base::align_down(child.first, covered(bits_, parent_level)));
        if (parent != nullptr) {
            auto* const node = reinterpret_cast<DirectoryPage*>(parent->memory);
            const std::uint64_t at = index_in(bits_, parent_level, child.first);
            node->refs[at] = PageRef::make(child.at, 0, static_cast<unsigned>(child.level), false).word;
            node->seals[at] = 0;
        }
    }
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        const std::uint64_t segment = entries_[i].segment.value;
        if (Page* const leaf = planned(0, base::align_down(segment, covered(bits_, 0)))) {
            reinterpret_cast<TableLeaf*>(leaf->memory)->entries[index_in(bits_, 0, segment)] = entries_[i].value;
        }
    }
    base::count(space_.counters->table_copies, page_count_);
    base::count(space_.counters->table_growths, new_height_ - 1 - root_.level());
    return {};
}

void TableEdit::add_to(Step& step) noexcept {
    for (std::uint32_t i = 0; i < page_count_; ++i) {
        const Page& child = pages_[i];
        const unsigned level = static_cast<unsigned>(child.level);
        const std::uint64_t ref = PageRef::make(child.at, 0, level, false).word;
        if (level + 1 == new_height_) {
            step.shared(space_.shared->readers.table_root, ref);
            continue;
        }
        const std::uint64_t first = base::align_down(child.first, covered(bits_, level + 1));
        if (planned(level + 1, first) != nullptr) {
            continue;
        }
        const auto parent = walk(first, level + 1);   // young: prepare() has been there
        auto* const node = reinterpret_cast<DirectoryPage*>(const_cast<std::byte*>(parent->memory));
        const std::uint64_t at = index_in(bits_, level + 1, child.first);
        base::store_relaxed(node->seals[at], std::uint32_t{0});   // before the reference: 0 is always true
        step.in_page(parent->ref.page(), node, node->refs[at], ref);
    }
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        const std::uint64_t segment = entries_[i].segment.value;
        const std::uint64_t first = base::align_down(segment, covered(bits_, 0));
        if (planned(0, first) != nullptr) {
            continue;
        }
        const auto where = walk(first, 0);
        auto* const leaf = reinterpret_cast<TableLeaf*>(const_cast<std::byte*>(where->memory));
        SegmentEntry& entry = leaf->entries[index_in(bits_, 0, segment)];
        step.in_page(where->ref.page(), leaf, entry.life, entries_[i].value.life);
        step.in_page(where->ref.page(), leaf, entry.state, entries_[i].value.state);
    }
    runtime::Places& places = space_.shared->places;
    format::StreamFill& fill = places.fill[static_cast<unsigned>(format::Stream::table)];
    for (unsigned t = 0; t < format::kTails; ++t) {
        if (fill.tail[t] != fill_.tail[t]) {
            step.shared(fill.tail[t].at, fill_.tail[t].at);
            step.shared(fill.tail[t].end, fill_.tail[t].end);
        }
    }
    if (places.segments != segments_) {
        step.shared(places.segments, segments_);
    }
    if (places.first_free != first_free_) {
        step.shared(places.first_free, first_free_);
    }
}

}  // namespace quire::space
