// SPDX-License-Identifier: MIT
//
// Counts of rare events, for tests that must have met them and for figures. Not part of any protocol.
#pragma once

#include <cstdint>

#include "base/shared_word.h"

namespace quire::base {

// Since this process opened the store; exact when no call is running.
struct Counters {
    std::uint64_t segments_taken = 0;
    std::uint64_t extents_entered = 0;      // mapped by this process
    std::uint64_t runs_taken = 0;
    std::uint64_t links_written = 0;
    std::uint64_t bucket_splits = 0;
    std::uint64_t bucket_copies = 0;
    std::uint64_t directory_splits = 0;
    std::uint64_t directory_growths = 0;    // a new root above the old
    std::uint64_t table_copies = 0;
    std::uint64_t table_growths = 0;
    std::uint64_t overflow_pages = 0;
    std::uint64_t freezes = 0;
    std::uint64_t checkpoints = 0;
    std::uint64_t frames_replayed = 0;      // counted in records
    std::uint64_t intents_redone = 0;
    std::uint64_t frames_adopted = 0;       // of a dead writer, applied by a successor; counted in records
    std::uint64_t writer_slices = 0;        // slices slept for the writer word
    std::uint64_t bytes_flushed = 0;        // handed to View::flush by ranges
};

inline void count(std::uint64_t& counter, std::uint64_t by = 1) noexcept {
    store_relaxed(counter, load_relaxed(counter) + by);   // the writer word's owner, or one flusher at a time
}

}  // namespace quire::base
