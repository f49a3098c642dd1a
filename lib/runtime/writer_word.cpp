// SPDX-License-Identifier: MIT
//
// The word's protocol: claim by exchange, wait in slices, bury the dead, never take it from the living.
#include "runtime/writer_word.h"

#include <algorithm>
#include <chrono>

#include "base/shared_word.h"
#include "base/try.h"
#include "platform/process.h"

namespace quire::runtime {

using namespace std::chrono_literals;
using platform::Deadline;
using platform::Nanoseconds;

namespace {

constexpr int kSpins = 100;   // about 3 µs: as long as an uncontended put
constexpr int kSpinsUnmarked = 25;
constexpr Nanoseconds kSliceFirst = 1ms;
constexpr Nanoseconds kSliceLongest = 8ms;

constexpr bool is_takeable(std::uint32_t word) noexcept {
    return owner_of(word) == kFree || owner_of(word) == kOrphan;
}

}  // namespace

Result<WriterWord::Claimed> WriterWord::claim(Nanoseconds patience) noexcept {
    if (platform::forked()) {
        return base::fail(Errc::forked, "this handle came through fork()");
    }
    const bool in_front = front_.try_lock();
    if (in_front && take_turn(0ns)) {
        if (const auto claimed = try_claim(0)) {
            return checked(*claimed);
        }
    }
    const Deadline deadline = Deadline::in(patience);   // only now: the free way reads no clock
    if (!in_front && !front_.try_lock_for(deadline.left())) {
        return busy(base::load_relaxed(word_));
    }
    const Result<Claimed> claimed = wait(deadline);
    if (!claimed) {
        leave_queue();
        return claimed;
    }
    return checked(*claimed);
}

void WriterWord::release(bool as_orphan) noexcept {
    const std::uint32_t me = word_naming(attachment_.block_number());
    std::uint32_t seen = me;
    // ORDER(word): release - publishes what this owner stored; pairs with the acquire in try_claim().
    while (!base::swap_release(word_, seen, as_orphan ? kOrphan : kFree)) {
        if (owner_of(seen) != me) {   // buried alive inside: it is no longer ours to give
            leave_queue();
            return;
        }
    }
    if ((seen & kWaiters) != 0) {
        attachment_.queue().wake_one(word_);
    }
    leave_queue();
}

// True: this thread may try the word. False: another has its turn, and the slice is over.
bool WriterWord::take_turn(Nanoseconds slice) noexcept {
    if (!use_system_queue_ || has_turn_) {
        return true;
    }
    has_turn_ = attachment_.queue().take_turn(slice);
    return has_turn_;
}

std::optional<WriterWord::Claimed> WriterWord::try_claim(std::uint32_t waiters) noexcept {
    const std::uint32_t me = word_naming(attachment_.block_number());
    for (std::uint32_t seen = base::load_relaxed(word_); is_takeable(seen);) {
        // ORDER(word): acquire - shows all that earlier owners stored; pairs with the release in release().
        // ORDER(bury): acquire - and what a dead one stored; pairs with the exchange in Attachment::bury().
        if (base::swap_acquire(word_, seen, me | waiters | (seen & kWaiters))) {
            return owner_of(seen) == kOrphan ? Claimed::inherited : Claimed::clean;
        }
    }
    return std::nullopt;
}

std::optional<WriterWord::Claimed> WriterWord::spin(std::uint32_t waiters) noexcept {
    for (int turn = 0; turn < kSpins; ++turn) {
        if (const auto claimed = try_claim(waiters)) {
            return claimed;
        }
        if (turn == kSpinsUnmarked) {
            (void)mark_waiting();   // an owner in a tight loop then leaves a gap, its wake-up, to slip in
        }
        platform::relax();
    }
    return std::nullopt;
}

// The word with kWaiters, or one that may be taken.
std::uint32_t WriterWord::mark_waiting() noexcept {
    std::uint32_t seen = base::load_relaxed(word_);
    while (!is_takeable(seen) && (seen & kWaiters) == 0) {
        if (base::swap_relaxed(word_, seen, seen | kWaiters)) {
            return seen | kWaiters;
        }
    }
    return seen;
}

Result<WriterWord::Claimed> WriterWord::wait(Deadline deadline) noexcept {
    std::uint32_t waiters = 0;
    Nanoseconds slice = kSliceFirst;
    Nanoseconds slice_end = platform::now() + slice;
    const auto left = [&] { return std::clamp(slice_end - platform::now(), Nanoseconds{0}, deadline.left()); };
    for (;;) {
        const bool has_turn = take_turn(left());
        if (const auto claimed = spin(waiters)) {
            return *claimed;
        }
        const std::uint32_t seen = mark_waiting();
        if (is_takeable(seen)) {
            continue;
        }
        if (deadline.passed()) {
            if (!attachment_.try_bury(owner_of(seen) - 1)) {
                return busy(seen);   // with kWaiters set: the wake-up that we may have had was another's too
            }
            continue;
        }
        if (has_turn) {   // else the queue was what we slept in
            attachment_.queue().sleep_on(word_, seen, left());
        }
        slices_.fetch_add(1, std::memory_order_relaxed);
        waiters = kWaiters;   // others may sleep still
        if (platform::now() < slice_end) {
            continue;
        }
        if (const std::uint32_t now = base::load_relaxed(word_); !is_takeable(now)) {
            (void)attachment_.try_bury(owner_of(now) - 1);
        }
        slice = std::min(2 * slice, kSliceLongest);
        slice_end = platform::now() + slice;
    }
}

Result<WriterWord::Claimed> WriterWord::checked(Claimed claimed) noexcept {
    if (!attachment_.mine()) {
        release(claimed == Claimed::inherited);
        return base::fail(Errc::displaced, "this process lost its locks on the store");
    }
    return claimed;
}

std::unexpected<Error> WriterWord::busy(std::uint32_t seen) const noexcept {
    // A free word: a thread of ours has just let it go, or is about to take it.
    const std::uint32_t block = is_takeable(seen) ? attachment_.block_number() : owner_of(seen) - 1;
    const std::uint64_t pid =
        block < kBlocksMax ? base::load_relaxed(attachment_.runtime().block(block).header.pid) : 0;
    return base::fail(Errc::busy, "another writer holds the store", pid);
}

void WriterWord::leave_queue() noexcept {
    if (has_turn_) {
        has_turn_ = false;
        attachment_.queue().give_turn();
    }
    front_.unlock();
}

}  // namespace quire::runtime
