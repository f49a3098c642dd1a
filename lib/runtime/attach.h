// SPDX-License-Identifier: MIT
//
// Joining and leaving the processes that have a store open: the lock bytes OPEN, WORLD and LIVE, blocks, and burying
// the dead (DESIGN V1, V2, V4).
//
// Invariants  1 Only under OPEN is the runtime file looked up, made, joined or removed. Every wait has a deadline.
//             2 Nobody holds a LIVE byte = this opener is first. Foreign WORLD with LIVE = `incompatible_opener`.
//             3 Death is established by holding the byte, never by testing it, and only while the lock descriptor is
//               still the store's. Bury: raise the generation, zero the pins, turn words that name the block into
//               kOrphan; a buried block gets no new tenant while the runtime file lives.
//             4 One thread of a process reaps at a time.
// Threads     attach and leave by one; the rest from any.
// Costs       attach: about ten system calls. bury: one page of stores.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <quire/error.h>

#include "platform/clock.h"
#include "platform/file.h"
#include "platform/writer_queue.h"
#include "runtime/layout.h"
#include "runtime/lock_table.h"
#include "runtime/runtime_file.h"

namespace quire::runtime {

struct AttachRequest {
    std::string path;
    StoreName name;
    platform::Nanoseconds patience{};
    bool only_if_others = false;      // a reader: own a block only if somebody is attached; never be first
};

// The WORLD byte of openers that queue by this kind of lock and lay the runtime file out as we do.
std::uint64_t world_byte(std::string_view lock_kind) noexcept;

class Attachment {
public:
    // On success with first(), OPEN is still held: recover, then call opened(). Otherwise it is released.
    // With only_if_others and nobody there: an Attachment without runtime (attached() false), OPEN released.
    // Errors: busy (OPEN, or Windows still holds an old runtime file, past the deadline), incompatible_opener, displaced,
    // access_denied, full, out_of_memory, io.
    [[nodiscard]] static Result<std::unique_ptr<Attachment>> attach(const AttachRequest& request) noexcept;
    void opened() noexcept;           // first opener: the runtime is whole; lets OPEN go
    void give_up_open() noexcept;     // first opener: recovery failed; undoes the attachment

    bool first() const noexcept { return first_; }
    bool attached() const noexcept { return runtime_ != nullptr; }
    RuntimeFile& runtime() const noexcept { return *runtime_; }
    LockTable& locks() const noexcept { return *locks_; }
    platform::WriterQueue& queue() noexcept { return queue_; }
    std::uint32_t block_number() const noexcept { return blocks_.front().number; }   // the first one; from 0
    // Is this process still what it thinks: its generation is its own, and it is no forked child.
    bool mine() const noexcept;

    // A further block, for more pins at once; no OPEN needed. Errors: full, out_of_memory (kBlocksMax, or 64 own), io,
    // busy (another process is stopped in the middle of adding one).
    [[nodiscard]] Result<std::uint32_t> add_block() noexcept;
    // Blocks of this process, for claiming pin lines. Lock-free: entry i is valid for i < own_block_count().
    std::uint32_t own_block_count() const noexcept {
        // ORDER(own): acquire - shows the entries below the count; pairs with the release in settle().
        return own_count_.load(std::memory_order_acquire);
    }
    std::uint32_t own_block(std::uint32_t i) const noexcept { return blocks_[i].number; }

    // Tries to take LIVE+`block`; true: its owner was dead and is buried now.
    bool try_bury(std::uint32_t block) noexcept;
    // Buries every dead owner; how many.
    std::uint32_t bury_dead() noexcept;

    // Takes OPEN; true if no other process is attached. Nobody can join until finish_leaving(), which may also be called
    // (not `last`) when this fails. Errors: busy, io.
    [[nodiscard]] Result<bool> begin_leaving(platform::Nanoseconds patience) noexcept;
    // Gives blocks back, removes the runtime file if `last`, lets everything go. The object is done afterwards.
    void finish_leaving(bool last) noexcept;
    // In the child after fork(): lets go of descriptors, touches nothing shared.
    void abandon_in_child() noexcept;

    ~Attachment();                    // leaves as a crash would if leaving was not finished

private:
    struct OwnBlock {
        std::uint32_t number = 0;
        std::uint32_t generation = 0;
    };
    Attachment() noexcept = default;
    [[nodiscard]] Result<void> enter(const AttachRequest& request);
    [[nodiscard]] Result<void> take_open(platform::Deadline deadline) noexcept;
    [[nodiscard]] Result<void> refuse_other_worlds(platform::Deadline deadline) noexcept;
    [[nodiscard]] Result<void> open_runtime(platform::Deadline deadline) noexcept;
    [[nodiscard]] Result<std::uint32_t> take_block(platform::Deadline deadline) noexcept;
    [[nodiscard]] Result<bool> take_live(std::uint32_t block) noexcept;
    [[nodiscard]] Result<bool> reuse_block(std::uint32_t block) noexcept;
    [[nodiscard]] Result<bool> append_block(std::uint32_t block) noexcept;
    void settle(std::uint32_t block) noexcept;
    void give_back(std::uint32_t block) noexcept;
    void bury(std::uint32_t block) noexcept;

    // Constant after attaching.
    std::string path_;
    StoreName name_;
    std::unique_ptr<LockTable> locks_;
    std::unique_ptr<RuntimeFile> runtime_;
    platform::WriterQueue queue_;
    bool first_ = false;
    std::uint64_t world_byte_ = 0;

    std::array<OwnBlock, 64> blocks_{};      // entries below own_count_ are constant; adding_ held to add one
    std::atomic<std::uint32_t> own_count_{0};
    std::mutex adding_;
    std::mutex reaping_;
    bool abandoned_ = false;                 // set in a forked child, which has one thread
};

}  // namespace quire::runtime
