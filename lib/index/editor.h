// SPDX-License-Identifier: MIT
//
// The index, seen by the writer: making a bucket ready for a change, then making the change.
//
// Everything structural (a copy of what is frozen, a split, a directory page that splits, an overflow page) changes no
// content. So each is published by an intent of its own *before* the frame that wanted it is appended, and what is left
// for the frame is words of a young page that has room: nothing that can fail.
//
// A page that is replaced is referred to by one or more adjacent entries. Its replacement holds exactly what it holds, so
// the entries may be stored one after the other; the content changes only after the last of them. A key goes by one
// entry, so a reader meets the old page or the new one, and both are true. Where more than kRefsInPlace entries lead to it,
// or their page is frozen, that page is copied too, and so on up to the root word.
//
// Invariants  1 Frozen refers only to frozen: a page is stored to only in the epoch of its birth.
//             2 A split, a copy and an overflow page leave every key where a reader of any prefix of the list finds it.
// Threads     The owner of the writer word.
// Costs       Ready bucket: the walk, hot after W0. First change of a bucket in an epoch: one page copied (1 µs). Split:
//             two pages built, a few words stored.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <quire/error.h>

#include "index/find.h"
#include "index/page.h"
#include "space/space.h"
#include "space/step.h"
#include "space/streams.h"

namespace quire::index {

inline constexpr unsigned kLevelsMax = 16;
inline constexpr std::uint64_t kRefsInPlace = 8;

// Where a key's slot is or would be, in a young page.
struct Target {
    format::Offset page;
    format::BucketPage* memory = nullptr;
    bool exists = false;
    unsigned group = 0;
    unsigned slot = 0;
    unsigned distance = 0;
    unsigned depth = 0;
    format::RecordView old;            // exists: the record that the slot leads to
    format::Offset old_at;
};

class Editor {
public:
    explicit Editor(space::Space& space) noexcept : space_(space) {}

    // What the key leads to now; no promise about the page. Errors: corrupt, io, out_of_memory.
    [[nodiscard]] Result<Found> look(std::uint64_t hash, Bytes key) const noexcept;

    // The bucket of `hash` is young and, unless the key is there or `only_existing`, has room for it; publishes what that
    // takes. `promises` answers how many slots of a page are promised to others. A null target: absent, only_existing.
    // Errors: full, out_of_memory, io, corrupt. Nothing but structure has changed then.
    using Promises = const Promised* (*)(void* context, format::Offset page) noexcept;
    [[nodiscard]] Result<std::optional<Target>> make_ready(std::uint64_t hash, Bytes key, bool only_existing,
                                                           Promises promises = nullptr, void* context = nullptr) noexcept;

    // Adds to `step`: filter bits, then the slot. The record at `record` is complete.
    void add_put(space::Step& step, const Target& target, std::uint64_t hash, format::Offset record) noexcept;
    void add_erase(space::Step& step, const Target& target) noexcept;

    // The last structural change replaced this page (a split or copy): a plan that counted on it looks again.
    std::uint64_t structure_version() const noexcept { return structure_version_; }

private:
    struct Level {
        format::PageRef ref;
        std::byte* memory = nullptr;
    };
    struct Path {
        std::array<Level, kLevelsMax> levels;
        unsigned count = 0;                // directory pages, then the bucket
        std::uint64_t hash = 0;
        Level& bucket() noexcept { return levels[count - 1]; }
    };
    struct Run {
        std::uint64_t first = 0;
        std::uint64_t count = 0;
    };

    [[nodiscard]] Result<void> locate(Path& path) const noexcept;
    Run run_of(const Path& path, unsigned level) const noexcept;   // entries of levels[level - 1] that lead to levels[level]
    bool young(const std::byte* page) const noexcept;

    // Makes entries [run] of levels[level - 1] (or the root word, level 0) what `low` and `high` say: the first half of the
    // run leads to `low`, the second to `high`.
    [[nodiscard]] Result<void> replace(space::Step& step, space::PageBump& bump, Path& path, unsigned level,
                                       format::PageRef low, format::PageRef high) noexcept;
    // Page `number` of the bucket's chain, 0 the bucket itself.
    [[nodiscard]] Result<Level> chain_page(Path& path, unsigned number) const noexcept;
    // Makes what leads to page `number` of the chain lead to `to`.
    [[nodiscard]] Result<void> relink(space::Step& step, space::PageBump& bump, Path& path, unsigned number,
                                      format::PageRef to) noexcept;
    [[nodiscard]] Result<void> copy_chain_page(Path& path, unsigned number) noexcept;
    [[nodiscard]] Result<void> split(Path& path) noexcept;
    [[nodiscard]] Result<void> split_directory(Path& path, unsigned level) noexcept;
    [[nodiscard]] Result<void> add_overflow(Path& path, unsigned chain_length) noexcept;

    [[nodiscard]] Result<void> retire_page(space::Step& step, format::Offset page) noexcept;
    [[nodiscard]] Result<space::PageBump::Fresh> new_page(space::Step& step, space::PageBump& bump) noexcept;
    void finish(space::Step& step, space::PageBump& bump, std::int64_t more_pages) noexcept;

    space::Space& space_;
    std::uint64_t structure_version_ = 0;
};

}  // namespace quire::index
