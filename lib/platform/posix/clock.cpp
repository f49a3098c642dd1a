// SPDX-License-Identifier: MIT
//
// Time on Linux: the monotonic clock, read without a system call.
#include "platform/clock.h"

#include <cerrno>
#include <ctime>

namespace quire::platform {

Nanoseconds now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

std::uint64_t wall_clock_seconds() noexcept { return static_cast<std::uint64_t>(::time(nullptr)); }

void sleep_for(Nanoseconds duration) noexcept {
    if (duration <= Nanoseconds{0}) {
        return;
    }
    const Nanoseconds until = now() + duration;   // absolute: signals do not stretch it
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(until);
    const timespec time{seconds.count(), (until - seconds).count()};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
    }
}

void relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb" : : : "memory");   // `yield` is a no-op on the usual cores
#endif
}

}  // namespace quire::platform
