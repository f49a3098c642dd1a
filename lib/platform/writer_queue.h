// SPDX-License-Identifier: MIT
//
// Where writers of all processes wait for their turn at a shared word. It only queues: who owns the word is decided
// by compare-exchange on the word itself (runtime/writer_word.h), so a lost, duplicated or abandoned turn costs time,
// never safety.
//
// Facts  Windows: a named mutex `Global\quire-…` (name from file id and UUID; DACL: this user, SYSTEM, Administrators;
//        opened with SYNCHRONIZE | MUTEX_MODIFY_STATE; WAIT_ABANDONED is a turn like any other; owned by a thread, so
//        take_turn and give_turn are called on one thread). Nobody can sleep on a word of another process.
//        Linux: taking a turn costs nothing and always succeeds; waiters sleep on the word itself (shared futex).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <quire/error.h>

#include "platform/clock.h"
#include "platform/file.h"

namespace quire::platform {

class WriterQueue {
public:
    // `name` tells stores apart: hex of file id and UUID. Errors: access_denied (what names the mutex), io.
    // Whoever may write `store` may queue (Windows; without it: this user, SYSTEM, Administrators).
    [[nodiscard]] static Result<WriterQueue> open(std::string_view name, const File* store = nullptr) noexcept;

    // True: it is our turn. False: the slice ran out; claim the word anyway, the mutex may be lost.
    bool take_turn(Nanoseconds slice) noexcept;
    void give_turn() noexcept;

    // Sleeps until the word changes from `seen`, a wake, or the slice's end; spurious returns are fine.
    void sleep_on(const std::uint32_t& word, std::uint32_t seen, Nanoseconds slice) noexcept;
    void wake_one(std::uint32_t& word) noexcept;

    std::string_view kind() const noexcept;          // "futex", "named mutex": part of what openers must agree on
    const std::string& kernel_name() const noexcept { return kernel_name_; }   // for `stat`

    WriterQueue() noexcept = default;
    WriterQueue(WriterQueue&& other) noexcept;
    WriterQueue& operator=(WriterQueue&& other) noexcept;
    ~WriterQueue();

private:
    std::intptr_t handle_ = 0;
    std::string kernel_name_;
};

}  // namespace quire::platform
