// SPDX-License-Identifier: MIT
//
// One process that never forks. "Deaths" are for Disk::after_kill.
#include "platform/process.h"

#include <atomic>

namespace quire::platform {

std::uint64_t process_id() noexcept { return 1; }
std::uint64_t process_start_time() noexcept { return 1; }

std::uint64_t thread_hint() noexcept {
    static std::atomic<std::uint64_t> threads{0};
    thread_local const std::uint64_t hint = threads.fetch_add(1, std::memory_order_relaxed);
    return hint;
}

bool forked() noexcept { return false; }
void restart_in_child() noexcept {}
void on_fork(void (*)() noexcept, void (*)() noexcept, void (*)() noexcept) noexcept {}

}  // namespace quire::platform
