// SPDX-License-Identifier: MIT
//
// What platform/process.h promises, tried through it.
#include "platform/process.h"

#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace quire::platform;

TEST_SUITE_BEGIN("platform/process");

TEST_CASE("a process has an id and a start time, which do not change") {
    CHECK(process_id() != 0);
    CHECK(process_id() == process_id());
    CHECK(process_start_time() != 0);
    CHECK(process_start_time() == process_start_time());
}

TEST_CASE("a thread's hint is constant, and threads' hints are spread") {
    std::set<std::uint64_t> lines;
    std::vector<std::thread> threads;
    std::vector<std::uint64_t> hints(8);
    for (auto& hint : hints) {
        threads.emplace_back([&hint] {
            hint = thread_hint();
            CHECK(thread_hint() == hint);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const std::uint64_t hint : hints) {
        lines.insert(hint % 63);
    }
    CHECK(lines.size() >= 2);   // a dead thread's place may be used again
}

TEST_CASE("who was not forked is not forked") {
    on_fork(nullptr, nullptr, nullptr);
    CHECK_FALSE(forked());
    restart_in_child();
    CHECK_FALSE(forked());
}

TEST_SUITE_END();
