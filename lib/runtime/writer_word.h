// SPDX-License-Identifier: MIT
//
// The word that decides which process writes (DESIGN V3): 0, kOrphan or the owner's block number + 1. In front of it, for
// the threads of this process, a mutex; the system's queue only orders the waiting.
//
// Invariants  1 A word that names block c is changed by c's own process, or by one that holds LIVE+c, then to kOrphan only.
//             2 It changes by read-modify-write only: an acquire finds the release of every earlier owner.
//             3 Nobody sleeps on it without kWaiters; who gives up leaves kWaiters set (it may have eaten a wake-up).
//             4 Every sleep is a slice (1, 2, 4, 8, 8 … ms): a death can cost a wake-up, never the lock.
//             5 No lock is ever taken from a living owner: at the deadline LIVE is tried once more, then `busy`.
// Threads     Any; not recursive.
// Costs       Uncontended: a mutex pair, a CAS pair, about 15 ns on Linux; a named-mutex round trip on Windows.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include <quire/error.h>

#include "platform/clock.h"
#include "runtime/attach.h"

namespace quire::runtime {

class WriterWord {
public:
    // `word` is Shared::writer or Shared::flusher of the attachment's runtime. `use_system_queue` is for the writer
    // word alone: the flush word's waiters sleep and try.
    WriterWord(Attachment& attachment, OwnerWord& word, bool use_system_queue) noexcept
        : attachment_(attachment), word_(word.word), use_system_queue_(use_system_queue) {}

    enum class Claimed : std::uint8_t { clean, inherited };   // inherited: its owner died inside; repair before use

    // Errors: busy (detail: the owner's pid), displaced (buried alive: locks lost), forked.
    [[nodiscard]] Result<Claimed> claim(platform::Nanoseconds patience) noexcept;
    // `as_orphan` passes an unfinished repair on to the next owner.
    void release(bool as_orphan = false) noexcept;

    // Slices slept while claiming, since start: for tests that count instead of timing. Any thread.
    std::uint64_t slices_slept() const noexcept { return slices_.load(std::memory_order_relaxed); }

private:
    bool take_turn(platform::Nanoseconds slice) noexcept;
    std::optional<Claimed> try_claim(std::uint32_t waiters) noexcept;
    std::optional<Claimed> spin(std::uint32_t waiters) noexcept;
    std::uint32_t mark_waiting() noexcept;
    [[nodiscard]] Result<Claimed> wait(platform::Deadline deadline) noexcept;
    [[nodiscard]] Result<Claimed> checked(Claimed claimed) noexcept;
    std::unexpected<Error> busy(std::uint32_t seen) const noexcept;
    void leave_queue() noexcept;

    // Constant.
    Attachment& attachment_;
    std::uint32_t& word_;
    const bool use_system_queue_;

    std::timed_mutex front_;
    bool has_turn_ = false;           // front_ held
    std::atomic<std::uint64_t> slices_{0};
};

}  // namespace quire::runtime
