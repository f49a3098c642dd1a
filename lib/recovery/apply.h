// SPDX-License-Identifier: MIT
//
// A committed frame takes effect in the index: the last part of a write, the whole of a replay, and what a successor does
// for a dead writer. One piece of code, so that all three agree.
//
// Invariants  1 One record, one intent: slot first, then live counts, ledger, cursor, and with the last record the tail.
//             2 Applying goes on at the cursor: a batch that its writer left half applied is finished, not repeated.
//             3 What a live frame needs was made ready before it became valid (L6); only a replay can still fail here.
// Threads     The owner of the writer word.
// Costs       A record: about ten words, twice (list and target).
#pragma once

#include <cstdint>

#include <quire/error.h>

#include "format/frame.h"
#include "index/editor.h"
#include "log/writer.h"
#include "space/space.h"

namespace quire::recovery {

class Applier {
public:
    Applier(space::Space& space, index::Editor& editor, log::Writer& log) noexcept
        : space_(space), editor_(editor), log_(log) {}

    // The valid frame at the tail, from the cursor on. Errors: corrupt, full, out_of_memory, io.
    [[nodiscard]] Result<void> apply(const format::FrameView& frame) noexcept;

    // The frame at the tail has this one record, for which `target` was made ready under this very hold of the lock.
    [[nodiscard]] Result<void> apply_single(const format::FrameView& frame, std::uint64_t hash,
                                            const index::Target& target) noexcept;

    // Applies whatever valid frames lie at the tail, links included; how many records. For a successor and a replay.
    [[nodiscard]] Result<std::uint64_t> catch_up() noexcept;

private:
    [[nodiscard]] Result<void> apply_record(format::RecordView record, format::Offset at, std::uint64_t hash,
                                            const index::Target* target, std::uint64_t cursor_after,
                                            std::uint64_t tail_after) noexcept;

    space::Space& space_;
    index::Editor& editor_;
    log::Writer& log_;
};

}  // namespace quire::recovery
