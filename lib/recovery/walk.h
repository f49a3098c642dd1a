// SPDX-License-Identifier: MIT
//
// The log from a meta's position to its end, read without writing: what recovery claims before it applies anything, and
// whether the end is a tail or damage.
//
// Invariants  1 The first frame that is not valid ends the walk: a torn tail, unless L5 proves damage.
//             2 L5: any frame anywhere that was written when position D was known to be durable, with D above the stop, proves
//               that the log reached further. D never exceeds what a recovery found, so old frames do not mislead.
// Threads     One, alone with the store.
// Costs       Reads and sums the log once; a stop after an unclean end looks at the first line of each free segment and at
//             the lines of the tails.
#pragma once

#include <cstdint>
#include <vector>

#include <quire/error.h>

#include "format/frame.h"
#include "format/meta.h"
#include "space/space.h"

namespace quire::recovery {

struct Walk {
    struct Link {
        format::Offset at;
        format::LinkBody body;
    };
    std::vector<Link> links;
    format::LogPosition end;       // behind the last valid frame
    format::Offset stop;           // where that is
    std::uint64_t stretch_end = 0; // end of the segment or run that it lies in
    std::uint64_t seed = 0;        // of the stretch that it lies in
    std::uint64_t records = 0;
};

// Errors: corrupt (a link into space that the meta uses; a stop that is damage), out_of_memory, io.
[[nodiscard]] Result<Walk> walk_log(const space::Space& space, const format::Meta& meta) noexcept;

}  // namespace quire::recovery
