// SPDX-License-Identifier: MIT
//
// Simulated time: it moves a little with every look and by as much as is slept, so that a run is the same each time and
// a wait for something that never comes costs no time.
#include "platform/clock.h"

#include <thread>

#include "sim/state.h"

namespace quire::platform {
namespace {

constexpr std::uint64_t kNanosecondsPerLook = 100;

std::uint64_t pass(std::uint64_t nanoseconds) noexcept {
    return sim::world().clock.fetch_add(nanoseconds, std::memory_order_relaxed);
}

}  // namespace

Nanoseconds now() noexcept {
    return Nanoseconds(static_cast<Nanoseconds::rep>(1'000'000'000 + pass(kNanosecondsPerLook)));
}

std::uint64_t wall_clock_seconds() noexcept {
    return 1'700'000'000 + pass(0) / 1'000'000'000;
}

void sleep_for(Nanoseconds duration) noexcept {
    pass(duration.count() > 0 ? static_cast<std::uint64_t>(duration.count()) : 0);
    std::this_thread::yield();
}

void relax() noexcept { pass(1); }

}  // namespace quire::platform
