// SPDX-License-Identifier: MIT
//
// Counters of many openings, added up; and the table of those that a test must have met often enough.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "store/tuning.h"

namespace quire::promises {

struct Counted {
    const char* what;
    std::uint64_t store::Counters::* counter;
};

inline constexpr Counted kCounted[] = {
    {"segments taken", &store::Counters::segments_taken},
    {"extents entered", &store::Counters::extents_entered},
    {"jumbo runs taken", &store::Counters::runs_taken},
    {"links written", &store::Counters::links_written},
    {"bucket splits", &store::Counters::bucket_splits},
    {"bucket copies", &store::Counters::bucket_copies},
    {"directory splits", &store::Counters::directory_splits},
    {"directory growths", &store::Counters::directory_growths},
    {"table copies", &store::Counters::table_copies},
    {"table growths", &store::Counters::table_growths},
    {"overflow pages", &store::Counters::overflow_pages},
    {"freezes", &store::Counters::freezes},
    {"checkpoints", &store::Counters::checkpoints},
    {"frames replayed", &store::Counters::frames_replayed},
    {"intents redone", &store::Counters::intents_redone},
    {"frames adopted", &store::Counters::frames_adopted},
    {"writer slices", &store::Counters::writer_slices},
    {"bytes flushed", &store::Counters::bytes_flushed},
};

inline void add(store::Counters& sum, const store::Counters& more) noexcept {
    for (const Counted& counted : kCounted) {
        sum.*counted.counter += more.*counted.counter;
    }
}

inline void print(const store::Counters& counters) {
    for (const Counted& counted : kCounted) {
        std::printf("  %-18s %14llu\n", counted.what, static_cast<unsigned long long>(counters.*counted.counter));
    }
}

}  // namespace quire::promises
