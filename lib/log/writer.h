// SPDX-License-Identifier: MIT
//
// The log's tail: room for the next frame, and the link frames that lead there.
//
// Invariants  1 Before a link frame becomes valid, the segments that it takes exist, are allocated and mapped, and the table
//               pages that its application needs are built: applying it cannot fail.
//             2 Applying a link is what takes its segments. A successor applies a valid link that its writer did not.
//             3 Every segment keeps room for a link. A run is left again after its frame.
// Threads     The owner of the writer word.
// Costs       In a segment: no shared word but the tail. A segment change: one link, two lines, one intent of ~20 words.
#pragma once

#include <cstdint>

#include <quire/error.h>

#include "format/frame.h"
#include "space/space.h"
#include "space/step.h"
#include "space/table.h"

namespace quire::log {

class Writer {
public:
    explicit Writer(space::Space& space) noexcept : space_(space) {}

    // The tail lies where a frame of `bytes` fits; may append links, each published. Errors: batch_too_large, full,
    // out_of_memory, io, corrupt.
    [[nodiscard]] Result<void> make_room(std::uint64_t bytes) noexcept;

    format::LogPosition position() const noexcept;
    format::Offset at() const noexcept;                 // where the next frame goes
    std::uint64_t room() const noexcept;                // bytes from there to the end of the segment or run
    format::FramePlace place() const noexcept;          // what its checksum is bound to

    // The link frame `body`, valid at the tail, takes effect.
    [[nodiscard]] Result<void> apply_link(const format::LinkBody& body) noexcept;

    // At a freeze: the next epoch's frames go into the other tail, among large segments. Without room for that (a full
    // disk) the log goes on where it is: rotation is a matter of speed only. Errors: corrupt, io.
    [[nodiscard]] Result<void> rotate() noexcept;

private:
    struct Plan {
        explicit Plan(space::Space& space) noexcept : edit(space) {}
        space::TableEdit edit;
        format::StreamFill fill;
        runtime::StretchNow stretch;
    };
    [[nodiscard]] Result<void> plan_link(Plan& plan, const format::LinkBody& body) noexcept;
    void publish(Plan& plan) noexcept;
    // Appends and applies a link to the line at `line`.
    [[nodiscard]] Result<void> link_to(format::Offset line, std::uint32_t segments, bool rotates) noexcept;
    [[nodiscard]] Result<void> link_to_next_segment(std::uint64_t bytes) noexcept;
    format::StreamFill& fill() const noexcept;

    space::Space& space_;
};

}  // namespace quire::log
