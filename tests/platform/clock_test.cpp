// SPDX-License-Identifier: MIT
//
// What platform/clock.h promises, tried through it.
#include "platform/clock.h"

#include <doctest/doctest.h>

using namespace quire::platform;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("platform/clock");

TEST_CASE("time never runs backwards") {
    Nanoseconds last = now();
    for (int i = 0; i < 10'000; ++i) {
        const Nanoseconds next = now();
        REQUIRE(next >= last);
        last = next;
    }
}

TEST_CASE("a sleep is never shorter than asked for") {
    for (const Nanoseconds wanted : {Nanoseconds{1}, Nanoseconds{100us}, Nanoseconds{3ms}}) {
        const Nanoseconds begin = now();
        sleep_for(wanted);
        CHECK(now() - begin >= wanted);
    }
}

TEST_CASE("a sleep of no or negative length returns at once") {
    const Nanoseconds begin = now();
    sleep_for(Nanoseconds{0});
    sleep_for(-1h);
    CHECK(now() - begin < 1s);
}

TEST_CASE("a deadline passes when its time is up, and a negative patience is none") {
    CHECK(Deadline::in(-5s).passed());
    CHECK(Deadline::in(0ns).left() == 0ns);
    const Deadline deadline = Deadline::in(2ms);
    sleep_for(deadline.left());
    CHECK(deadline.passed());
    CHECK_FALSE(Deadline::in(Nanoseconds::max()).passed());   // endless patience does not overflow
}

TEST_CASE("the wall clock counts seconds since 1970") {
    CHECK(wall_clock_seconds() > 1'700'000'000u);
    CHECK(wall_clock_seconds() < 10'000'000'000u);
}

TEST_SUITE_END();
