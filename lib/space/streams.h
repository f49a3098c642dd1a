// SPDX-License-Identifier: MIT
//
// Streams fill segments by bumping: nothing inside a segment is reused singly. Taking the next segment, and pages from
// the index stream.
//
// Invariants  1 A page taken by a plan that is given up was never published: the next plan takes it again.
//             2 Of a stream's two tails one is appended to in an epoch and the other in the next, so that what is being
//               flushed is not stored into; only among large segments, whose page-cache folio is one whole segment.
// Threads     The owner of the writer word.
#pragma once

#include <quire/error.h>

#include "format/meta.h"
#include "format/page.h"
#include "space/space.h"
#include "space/step.h"
#include "space/table.h"

namespace quire::space {

// Marks the segment (or run) that ends at `end` as one that no stream appends to again.
[[nodiscard]] Result<void> close_segment(Space& space, TableEdit& edit, std::uint64_t end) noexcept;

// Enters `count` segments from `first` on as `kind`, or as a run if there are several, and prepares the edit: the file is
// long enough afterwards, and what they need of the table is built.
[[nodiscard]] Result<void> take(Space& space, TableEdit& edit, format::SegmentKind kind, format::SegmentId first,
                                std::uint32_t count) noexcept;

// Pages of the index stream, for one plan.
class PageBump {
public:
    explicit PageBump(Space& space) noexcept
        : space_(space), fill_(space.shared->places.fill[static_cast<unsigned>(format::Stream::index)]) {}

    struct Fresh {
        format::Offset at;
        std::byte* memory;   // to be written as a whole
    };
    // May publish a step of its own (a segment taken). Errors: full, out_of_memory, io, corrupt.
    [[nodiscard]] Result<Fresh> page() noexcept;
    void add_to(Step& step) noexcept;

private:
    Space& space_;
    format::StreamFill fill_;
};

// At a freeze: the next epoch fills the other tail, where that matters.
void rotate(Space& space, Step& step, format::Stream stream) noexcept;

}  // namespace quire::space
