// SPDX-License-Identifier: MIT
//
// What kvtool's exit codes mean, and which error gives which.
#pragma once

#include <quire/error.h>

namespace kvtool {

// Stable: scripts rely on these numbers.
enum class Exit : int {
    done = 0,         // done, or yes
    negative = 1,     // a negative answer: absent, no match
    usage = 2,        // fix the command or the text it was given
    unusable = 3,     // cannot open, read or write
    damage = 4,       // damage found
    elsewhere = 5,    // somebody else has it; try again
    limit = 6,        // a limit, of the format or of the machine
    foreign = 7,      // not a file for this program
    bug = 70,
};

Exit exit_of(quire::Errc code) noexcept;

}  // namespace kvtool
