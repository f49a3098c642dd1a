// SPDX-License-Identifier: MIT
//
// Bringing a store up, always the same way: choose a meta, walk the log, then apply it (DESIGN R1–R4). No boot id, no clean
// flag that it needs; a recovery that crashes is recovered by running it again.
//
// Invariants  1 Nothing is stored into free space before the log was walked to its end and its segments are claimed.
//             2 A meta slot that was found invalid is durably invalid before that.
// Threads     One; for the shared words under OPEN.
// Costs       O(log since the checkpoint). After a clean close: a few pages.
#pragma once

#include <cstdint>

#include <quire/error.h>

#include "format/meta.h"
#include "recovery/apply.h"
#include "space/space.h"

namespace quire::recovery {

// What the file is, and its newest checkpoint, read before anything is mapped.
// Errors: not_a_store, unsupported_format, truncated, corrupt, io.
[[nodiscard]] Result<format::Identity> read_identity(platform::File& file) noexcept;
[[nodiscard]] Result<format::ChosenMeta> read_metas(platform::File& file, const format::Identity& identity) noexcept;

// The runtime words as the meta says: nothing replayed yet.
void adopt_meta(runtime::Shared& shared, const format::ChosenMeta& chosen, const format::Geometry& geometry) noexcept;

// Replays; the runtime words are live afterwards. Returns the records replayed. Errors: corrupt (nothing changed), full,
// out_of_memory, io.
[[nodiscard]] Result<std::uint64_t> recover(space::Space& space, const format::ChosenMeta& chosen,
                                            Applier& applier) noexcept;

}  // namespace quire::recovery
