// SPDX-License-Identifier: MIT
//
// This process on Windows, where there is no fork.
#include "platform/process.h"

#include "platform/win32/win32.h"

namespace quire::platform {

std::uint64_t process_id() noexcept { return ::GetCurrentProcessId(); }

std::uint64_t process_start_time() noexcept {
    FILETIME created{};
    FILETIME exited{};
    FILETIME kernel{};
    FILETIME user{};
    ::GetProcessTimes(::GetCurrentProcess(), &created, &exited, &kernel, &user);
    return std::uint64_t{created.dwHighDateTime} << 32 | created.dwLowDateTime;
}

std::uint64_t thread_hint() noexcept {
    // Ids are multiples of 4: the multiplication spreads what differs into the upper half.
    return (std::uint64_t{::GetCurrentThreadId()} * 0x9E37'79B9'7F4A'7C15u) >> 32;
}

bool forked() noexcept { return false; }

void restart_in_child() noexcept {}

void on_fork(void (*)() noexcept, void (*)() noexcept, void (*)() noexcept) noexcept {}

}  // namespace quire::platform
