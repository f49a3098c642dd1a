// SPDX-License-Identifier: MIT
#include "index/editor.h"

#include <cstring>

#include "base/fault_points.h"
#include "base/try.h"

namespace quire::index {

using format::BucketPage;
using format::DirectoryPage;
using format::PageKind;
using format::PageRef;
using space::PageBump;
using space::Step;

bool Editor::young(const std::byte* page) const noexcept {
    return fault::frozen_page_in_place ||
           reinterpret_cast<const format::PageHeader*>(page)->born == space_.epoch().value;
}

Result<void> Editor::locate(Path& path) const noexcept {
    PageRef ref{base::load_relaxed(space_.shared->readers.root)};
    space::Parent parent;
    path.count = 0;
    for (;;) {
        base::require(path.count < kLevelsMax, "a path has too many levels");
        const PageKind kind = ref.level() == 0 ? PageKind::bucket : PageKind::directory;
        const auto* const page = space::page<format::PageHeader>(space_, ref, kind, parent);
        if (page == nullptr) {
            return std::unexpected(space::refuse(space_, ref, kind, parent));
        }
        path.levels[path.count++] = {ref, space_.extents->at(ref.page(), format::kPageBytes)};
        if (ref.level() == 0) {
            return {};
        }
        Error error;
        if (!step_down(space_, ref, parent, path.hash, error)) {
            return std::unexpected(error);
        }
    }
}

Editor::Run Editor::run_of(const Path& path, unsigned level) const noexcept {
    const unsigned fan_out = space_.geometry.fan_out_bits;
    const unsigned prefix = path.levels[level - 1].ref.depth();
    const std::uint64_t count = std::uint64_t{1} << (prefix + fan_out - path.levels[level].ref.depth());
    return {base::align_down(entry_of(path.hash, prefix, fan_out), count), count};
}

Result<PageBump::Fresh> Editor::new_page(Step& step, PageBump& bump) noexcept {
    QUIRE_TRY_AS(const PageBump::Fresh fresh, bump.page());
    QUIRE_TRY(step.live(space_.geometry.segment_of(fresh.at), 1));
    return fresh;
}

Result<void> Editor::retire_page(Step& step, format::Offset page) noexcept {
    return step.live(space_.geometry.segment_of(page), -1);
}

void Editor::finish(Step& step, PageBump& bump, std::int64_t more_pages) noexcept {
    std::uint64_t& pages = space_.shared->places.index_pages;
    step.add_live();
    bump.add_to(step);
    if (more_pages != 0) {
        step.shared(pages, pages + static_cast<std::uint64_t>(more_pages));
    }
    step.run();
    ++structure_version_;
}

Result<void> Editor::replace(Step& step, PageBump& bump, Path& path, unsigned level, PageRef low,
                             PageRef high) noexcept {
    if (level == 0) {
        step.shared(space_.shared->readers.root, low.word);
        return {};
    }
    Level& parent = path.levels[level - 1];
    const Run run = run_of(path, level);
    auto* page = reinterpret_cast<DirectoryPage*>(parent.memory);
    if (young(parent.memory) && run.count <= kRefsInPlace) {
        for (std::uint64_t i = 0; i < run.count; ++i) {
            base::store_relaxed(page->seals[run.first + i], std::uint32_t{0});   // before the reference: 0 is always true
            step.in_page(parent.ref.page(), page, page->refs[run.first + i], (i < run.count / 2 ? low : high).word);
        }
        return {};
    }
    QUIRE_TRY_AS(const PageBump::Fresh fresh, new_page(step, bump));
    start_page(fresh.memory, fresh.at, space_.epoch(), PageKind::directory, parent.ref.depth(), parent.ref.level(),
               path.hash);
    auto* const copy = reinterpret_cast<DirectoryPage*>(fresh.memory);
    const std::uint64_t entries = std::uint64_t{1} << space_.geometry.fan_out_bits;
    for (std::uint64_t i = 0; i < entries; ++i) {
        const bool inside = i >= run.first && i < run.first + run.count;
        copy->refs[i] = inside ? (i - run.first < run.count / 2 ? low : high).word : page->refs[i];
        copy->seals[i] = inside ? 0 : base::load_relaxed(page->seals[i]);
    }
    QUIRE_TRY(retire_page(step, parent.ref.page()));
    const PageRef ref = PageRef::make(fresh.at, parent.ref.depth(), parent.ref.level(), false);
    return replace(step, bump, path, level - 1, ref, ref);
}

Result<Editor::Level> Editor::chain_page(Path& path, unsigned number) const noexcept {
    Level level = path.bucket();
    for (unsigned i = 0; i < number; ++i) {
        PageRef ref;
        Error error{Errc::corrupt, 0, 0, level.ref.page().value, "an overflow chain is shorter than it was"};
        const BucketPage* const next =
            next_page(space_, *reinterpret_cast<BucketPage*>(level.memory), level.ref.depth(), ref, error);
        if (next == nullptr) {
            return std::unexpected(error);
        }
        level = {ref, space_.extents->at(ref.page(), format::kPageBytes)};
    }
    return level;
}

Result<void> Editor::relink(Step& step, PageBump& bump, Path& path, unsigned number, PageRef to) noexcept {
    if (number == 0) {
        return replace(step, bump, path, path.count - 1, to, to);
    }
    QUIRE_TRY_AS(const Level before, chain_page(path, number - 1));
    auto* const page = reinterpret_cast<BucketPage*>(before.memory);
    if (young(before.memory) && (number > 1 || before.ref.overflow())) {
        base::store_relaxed(page->header.next_seal, std::uint32_t{0});
        step.in_page(before.ref.page(), page, page->header.next, to.word);
        return {};
    }
    QUIRE_TRY_AS(const PageBump::Fresh fresh, new_page(step, bump));
    start_page(fresh.memory, fresh.at, space_.epoch(), PageKind::bucket, before.ref.depth(), 0, path.hash);
    auto* const copy = reinterpret_cast<BucketPage*>(fresh.memory);
    copy_bucket(*copy, *page, space_.geometry.bucket_groups);
    copy->header.next = to.word;
    QUIRE_TRY(retire_page(step, before.ref.page()));
    return relink(step, bump, path, number - 1, PageRef::make(fresh.at, before.ref.depth(), 0, number == 1));
}

Result<void> Editor::copy_chain_page(Path& path, unsigned number) noexcept {
    Step step(space_);
    PageBump bump(space_);
    QUIRE_TRY_AS(const Level old, chain_page(path, number));
    const auto* const from = reinterpret_cast<const BucketPage*>(old.memory);
    QUIRE_TRY_AS(const PageBump::Fresh fresh, new_page(step, bump));
    start_page(fresh.memory, fresh.at, space_.epoch(), PageKind::bucket, old.ref.depth(), 0, path.hash);
    auto* const copy = reinterpret_cast<BucketPage*>(fresh.memory);
    copy_bucket(*copy, *from, space_.geometry.bucket_groups);
    copy->header.next = from->header.next;
    copy->header.next_seal = base::load_relaxed(from->header.next_seal);
    QUIRE_TRY(retire_page(step, old.ref.page()));
    QUIRE_TRY(relink(step, bump, path, number, PageRef::make(fresh.at, old.ref.depth(), 0, old.ref.overflow())));
    finish(step, bump, 0);
    base::count(space_.counters->bucket_copies);
    return {};
}

Result<void> Editor::split(Path& path) noexcept {
    const Level& bucket = path.bucket();
    const unsigned depth = bucket.ref.depth();
    if (depth == path.levels[path.count - 2].ref.depth() + space_.geometry.fan_out_bits) {
        return split_directory(path, path.count - 2);
    }
    Step step(space_);
    PageBump bump(space_);
    PageBump::Fresh fresh[2];
    const std::uint64_t bit = std::uint64_t{1} << (63 - depth);
    for (unsigned half = 0; half < 2; ++half) {
        QUIRE_TRY_AS(fresh[half], new_page(step, bump));
        start_page(fresh[half].memory, fresh[half].at, space_.epoch(), PageKind::bucket, depth + 1, 0,
                   half == 0 ? path.hash & ~bit : path.hash | bit);
    }
    QUIRE_TRY(split_bucket(space_, *reinterpret_cast<BucketPage*>(fresh[0].memory),
                           *reinterpret_cast<BucketPage*>(fresh[1].memory),
                           *reinterpret_cast<const BucketPage*>(bucket.memory)));
    QUIRE_TRY(retire_page(step, bucket.ref.page()));
    QUIRE_TRY(replace(step, bump, path, path.count - 1, PageRef::make(fresh[0].at, depth + 1, 0, false),
                      PageRef::make(fresh[1].at, depth + 1, 0, false)));
    finish(step, bump, 1);
    base::count(space_.counters->bucket_splits);
    return {};
}

Result<void> Editor::split_directory(Path& path, unsigned level) noexcept {
    const Level& page = path.levels[level];
    const unsigned fan_out = space_.geometry.fan_out_bits;
    const unsigned depth = page.ref.depth();
    if (level > 0 && depth == path.levels[level - 1].ref.depth() + fan_out) {
        return split_directory(path, level - 1);
    }
    const auto* const from = reinterpret_cast<const DirectoryPage*>(page.memory);
    const std::uint64_t entries = std::uint64_t{1} << fan_out;
    const std::uint64_t bit = std::uint64_t{1} << (63 - depth);
    Step step(space_);
    PageBump bump(space_);
    PageRef refs[2];
    for (unsigned half = 0; half < 2; ++half) {
        QUIRE_TRY_AS(const PageBump::Fresh fresh, new_page(step, bump));
        start_page(fresh.memory, fresh.at, space_.epoch(), PageKind::directory, depth + 1, page.ref.level(),
                   half == 0 ? path.hash & ~bit : path.hash | bit);
        auto* const to = reinterpret_cast<DirectoryPage*>(fresh.memory);
        for (std::uint64_t i = 0; i < entries; ++i) {
            to->refs[i] = from->refs[half * entries / 2 + i / 2];
            to->seals[i] = base::load_relaxed(from->seals[half * entries / 2 + i / 2]);
        }
        refs[half] = PageRef::make(fresh.at, depth + 1, page.ref.level(), false);
    }
    QUIRE_TRY(retire_page(step, page.ref.page()));
    std::int64_t more = 1;
    if (level == 0) {
        QUIRE_TRY_AS(const PageBump::Fresh fresh, new_page(step, bump));
        start_page(fresh.memory, fresh.at, space_.epoch(), PageKind::directory, 0, page.ref.level() + 1, 0);
        auto* const root = reinterpret_cast<DirectoryPage*>(fresh.memory);
        for (std::uint64_t i = 0; i < entries; ++i) {
            root->refs[i] = refs[i < entries / 2 ? 0 : 1].word;
        }
        const PageRef ref = PageRef::make(fresh.at, 0, page.ref.level() + 1, false);
        QUIRE_TRY(replace(step, bump, path, 0, ref, ref));
        more = 2;
        base::count(space_.counters->directory_growths);
    } else {
        QUIRE_TRY(replace(step, bump, path, level, refs[0], refs[1]));
    }
    finish(step, bump, more);
    base::count(space_.counters->directory_splits);
    return {};
}

Result<void> Editor::add_overflow(Path& path, unsigned chain_length) noexcept {
    Step step(space_);
    PageBump bump(space_);
    const unsigned depth = path.bucket().ref.depth();
    QUIRE_TRY_AS(const PageBump::Fresh fresh, new_page(step, bump));
    start_page(fresh.memory, fresh.at, space_.epoch(), PageKind::bucket, depth, 0, path.hash);
    QUIRE_TRY(relink(step, bump, path, chain_length, PageRef::make(fresh.at, depth, 0, false)));
    finish(step, bump, 1);
    base::count(space_.counters->overflow_pages);
    return {};
}

Result<Found> Editor::look(std::uint64_t hash, Bytes key) const noexcept {
    Found found = find(space_, PageRef{base::load_relaxed(space_.shared->readers.root)}, hash, key, false);
    if (found.answer == Answer::failed) {
        return std::unexpected(found.error);
    }
    return found;
}

Result<std::optional<Target>> Editor::make_ready(std::uint64_t hash, Bytes key, bool only_existing, Promises promises,
                                                 void* context) noexcept {
    const unsigned groups = space_.geometry.bucket_groups;
    Path path;
    path.hash = hash;
    for (;;) {
        QUIRE_TRY(locate(path));
        const unsigned depth = path.bucket().ref.depth();
        Level level = path.bucket();
        Target target;
        Found found;
        std::optional<Room> room;
        unsigned number = 0;        // of the chain's page that `level` is
        unsigned target_number = 0;
        Level target_level;
        for (;;) {
            const auto& page = *reinterpret_cast<const BucketPage*>(level.memory);
            find_in_page(space_, page, depth, hash, key, false, found);
            if (found.answer == Answer::found) {
                target.exists = true;
                target_number = number;
                target_level = level;
                break;
            }
            if (!room) {
                room = find_room(page, groups, hash, promises == nullptr ? nullptr : promises(context, level.ref.page()));
                target_number = number;
                target_level = level;
            }
            if (!path.bucket().ref.overflow()) {
                break;
            }
            PageRef next;
            Error error;
            const BucketPage* const more = next_page(space_, page, depth, next, error);
            if (more == nullptr && next) {
                return std::unexpected(error);
            }
            if (more == nullptr) {
                break;
            }
            ++number;
            level = {next, space_.extents->at(next.page(), format::kPageBytes)};
        }
        if (found.answer == Answer::failed) {
            return std::unexpected(found.error);   // the damaged record may be this key's
        }
        if (!target.exists && only_existing) {
            return std::optional<Target>{};
        }
        if (!target.exists && !room) {
            if (depth < space_.geometry.depth_max) {
                QUIRE_TRY(split(path));
            } else {
                QUIRE_TRY(add_overflow(path, number + 1));
            }
            continue;
        }
        if (!young(target_level.memory)) {
            QUIRE_TRY(copy_chain_page(path, target_number));
            continue;
        }
        target.page = target_level.ref.page();
        target.memory = reinterpret_cast<BucketPage*>(target_level.memory);
        target.depth = depth;
        if (target.exists) {
            target.group = found.group;
            target.slot = found.slot;
            target.distance = format::Slot{target.memory->slots[found.group][found.slot]}.distance();
            target.old = found.record;
            target.old_at = found.at;
        } else {
            target.group = room->group;
            target.slot = room->slot;
            target.distance = room->distance;
        }
        return std::optional(target);
    }
}

void Editor::add_put(Step& step, const Target& target, std::uint64_t hash, format::Offset record) noexcept {
    const unsigned groups = space_.geometry.bucket_groups;
    const std::uint16_t tag = tag_of(hash, target.depth);
    if (!target.exists) {
        const unsigned home = home_of(hash, groups);
        for (unsigned i = 0; i < target.distance; ++i) {
            std::uint64_t& passed = target.memory->slots[(home + i) % groups][tag & 7];
            if (!format::Slot{passed}.filter()) {
                step.in_page(target.page, target.memory, passed, passed | format::Slot::kFilterBit);
            }
        }
    }
    std::uint64_t& slot = target.memory->slots[target.group][target.slot];
    step.in_page(target.page, target.memory, slot,
                 format::Slot::make(tag, target.distance, format::Slot{slot}.filter(), record).word);
}

void Editor::add_erase(Step& step, const Target& target) noexcept {
    std::uint64_t& slot = target.memory->slots[target.group][target.slot];
    step.in_page(target.page, target.memory, slot, slot & format::Slot::kFilterBit);
}

}  // namespace quire::index
