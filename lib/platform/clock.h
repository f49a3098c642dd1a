// SPDX-License-Identifier: MIT
//
// Monotonic time and deadlines. Never used for correctness, only for how long to wait.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace quire::platform {

using Nanoseconds = std::chrono::nanoseconds;

Nanoseconds now() noexcept;                       // monotonic, comparable between processes of one boot
std::uint64_t wall_clock_seconds() noexcept;      // since 1970; for display
void sleep_for(Nanoseconds duration) noexcept;
void relax() noexcept;                            // one turn of a spin loop

class Deadline {
public:
    static Deadline in(Nanoseconds patience) noexcept {
        return Deadline(now() + std::clamp<Nanoseconds>(patience, Nanoseconds{0}, std::chrono::hours(24 * 365)));
    }
    bool passed() const noexcept { return now() >= at_; }
    Nanoseconds left() const noexcept { return std::max(at_ - now(), Nanoseconds{0}); }

private:
    explicit Deadline(Nanoseconds at) noexcept : at_(at) {}
    Nanoseconds at_;
};

}  // namespace quire::platform
