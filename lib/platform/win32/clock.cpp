// SPDX-License-Identifier: MIT
//
// Time on Windows: the performance counter, which all processes share.
#include "platform/clock.h"

#include "base/math.h"
#include "platform/win32/win32.h"

namespace quire::platform {

Nanoseconds now() noexcept {
    static const std::int64_t per_second = [] {
        LARGE_INTEGER frequency{};
        ::QueryPerformanceFrequency(&frequency);
        return frequency.QuadPart;
    }();
    LARGE_INTEGER count{};
    ::QueryPerformanceCounter(&count);
    constexpr std::int64_t kBillion = 1'000'000'000;   // in two parts: count times a billion overflows in an hour
    return Nanoseconds(count.QuadPart / per_second * kBillion +
                       count.QuadPart % per_second * kBillion / per_second);
}

std::uint64_t wall_clock_seconds() noexcept {
    FILETIME time{};
    ::GetSystemTimeAsFileTime(&time);
    const std::uint64_t ticks = std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime;
    constexpr std::uint64_t kFrom1601To1970 = 11'644'473'600;
    return ticks / 10'000'000 - kFrom1601To1970;
}

void sleep_for(Nanoseconds duration) noexcept {
    if (duration <= Nanoseconds{0}) {
        return;
    }
    const Nanoseconds until = now() + duration;
    for (Nanoseconds left = duration; left > Nanoseconds{0}; left = until - now()) {   // Sleep may end a tick early
        constexpr std::uint64_t kDay = 86'400'000;
        const std::uint64_t ms = base::divide_up(static_cast<std::uint64_t>(left.count()), 1'000'000);
        ::Sleep(static_cast<DWORD>(std::min(ms, kDay)));
    }
}

void relax() noexcept { YieldProcessor(); }

}  // namespace quire::platform
