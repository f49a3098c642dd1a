// SPDX-License-Identifier: MIT
//
// The segment table: what each segment is, when its life began and ended, and how much of it lives. A radix tree of
// shadow-paged pages over segment numbers (format-spec/06).
//
// Invariants  1 A table page is changed in place only in the epoch of its birth; else the path is copied, up to the
//               nearest young page, and published by one store.
//             2 Table pages come from segments of their own stream, which are entered into the table by the same edit
//               that needs them: the edit is planned to a fixed point before anything is stored.
//             3 A changed live count is a delta word of the runtime file until a freeze folds it into the page.
// Threads     read: any. The rest: the owner of the writer word.
#pragma once

#include <array>
#include <cstdint>

#include <quire/error.h>

#include "format/meta.h"
#include "format/page.h"
#include "space/space.h"
#include "space/step.h"

namespace quire::space {

// Error: corrupt. A segment that the table does not reach yet reads as never used.
[[nodiscard]] Result<format::SegmentEntry> read_segment(const Space& space, format::PageRef root,
                                                        format::SegmentId segment) noexcept;

// A set of changed entries, planned, then added to a step.
class TableEdit {
public:
    explicit TableEdit(Space& space) noexcept;

    [[nodiscard]] Result<format::SegmentEntry> get(format::SegmentId segment) const noexcept;
    void set(format::SegmentId segment, format::SegmentEntry entry) noexcept;

    // A segment that nothing has used yet, the lowest one; it may lie past the file's end (`grown`). Not set yet.
    [[nodiscard]] Result<format::SegmentId> find_free() noexcept;
    // Adjacent ones inside one extent and of one size that hold `bytes`; what is passed over at the end of an extent stays
    // free. Error: batch_too_large, if no extent could.
    struct Run {
        format::SegmentId first;
        std::uint32_t count = 0;
    };
    [[nodiscard]] Result<Run> find_free_run(std::uint64_t bytes) noexcept;
    // Those very segments, which a link names, exist and are no longer free.
    void claim(format::SegmentId first, std::uint32_t count) noexcept;

    // Plans page copies and the table's own segments to a fixed point, grows the file, builds the copies aside.
    // Every error comes here.
    [[nodiscard]] Result<void> prepare() noexcept;
    // Adds references and entries, then places, to the step.
    void add_to(Step& step) noexcept;

private:
    static constexpr std::uint32_t kEntriesMax = 96;   // a run of small segments, and what is closed
    static constexpr std::uint32_t kPagesMax = 64;
    struct Entry {
        format::SegmentId segment;
        format::SegmentEntry value;
    };
    struct Page {                        // a table page that this edit writes aside
        std::uint64_t level = 0;
        std::uint64_t first = 0;         // segment
        format::PageRef old;             // what it replaces, 0: new
        format::Offset at;
        std::byte* memory = nullptr;
    };
    struct Where {                       // of a page on the path to a leaf
        format::PageRef ref;
        const std::byte* memory = nullptr;
        bool young = false;
    };
    unsigned height_for(std::uint64_t segments) const noexcept;
    [[nodiscard]] Result<Where> walk(std::uint64_t first, unsigned level) const noexcept;
    [[nodiscard]] Result<void> need(std::uint64_t level, std::uint64_t first) noexcept;
    [[nodiscard]] Result<void> plan_pages() noexcept;
    Page* planned(std::uint64_t level, std::uint64_t first) noexcept;

    Space& space_;
    unsigned bits_;
    std::array<Entry, kEntriesMax> entries_;
    std::uint32_t entry_count_ = 0;
    std::array<Page, kPagesMax> pages_;
    std::uint32_t page_count_ = 0;
    format::PageRef root_;               // as of now
    unsigned new_height_ = 0;            // levels after the edit
    format::StreamFill fill_;            // the table stream's, as this edit leaves it
    std::uint64_t segments_;
    std::uint64_t first_free_;
};

}  // namespace quire::space
