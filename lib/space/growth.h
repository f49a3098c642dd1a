// SPDX-License-Identifier: MIT
//
// Making the file longer: space is really allocated before it is used, so a full disk is an error here and nowhere else.
//
// Invariants  1 The shared size is raised only after the volume has given the space. It never shrinks while open.
//             2 New space is not assumed to be zero; nothing looks at it before it is written.
// Threads     The owner of the writer word.
// Costs       Linux: one posix_fallocate a segment; a large segment is also written once as a whole (one 2 MiB write), so
//             that its page-cache folio is as large as the segment, and populated: a put never meets a first touch.
#pragma once

#include <quire/error.h>

#include "space/space.h"

namespace quire::space {

// The file reaches to `end` afterwards. Errors: full (disk, quota, size_bytes_max, format), out_of_memory, io.
[[nodiscard]] Result<void> grow_to(Space& space, format::Offset end) noexcept;
// A fresh segment is made ready to be filled: zeroed by one write and populated, if it is a large one.
[[nodiscard]] Result<void> prepare_segment(Space& space, format::SegmentId segment) noexcept;

}  // namespace quire::space
