// SPDX-License-Identifier: MIT
//
// What platform/process.h promises on this system alone.
#include "platform/process.h"

#include <sys/syscall.h>

#include "platform/posix/child.h"

#include <doctest/doctest.h>

using namespace quire::platform;
using quire::test::in_child;
using quire::test::wait_for;

namespace {

int forks_in_child = 0;
int forks_in_parent = 0;
bool forked_when_told = false;

}  // namespace

TEST_SUITE_BEGIN("platform/process");

TEST_CASE("a forked child knows it, until it starts anew; its own children know it again") {
    on_fork(nullptr, nullptr, nullptr);
    const std::uint64_t parent = process_id();
    const auto ended = in_child([&] {
        if (!forked() || process_id() == parent) {
            return 1;
        }
        restart_in_child();
        if (forked()) {
            return 2;
        }
        return in_child([] { return forked() ? 0 : 3; }).exited_with(0) ? 0 : 3;
    });
    CHECK(ended.exited_with(0));
    CHECK_FALSE(forked());
}

TEST_CASE("a child that no handler was called for knows it too") {
    on_fork(nullptr, nullptr, nullptr);
    const long child = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) {
        ::_exit(forked() ? 0 : 1);
    }
    CHECK(wait_for(static_cast<pid_t>(child)).exited_with(0));
    CHECK_FALSE(forked());
}

TEST_CASE("the handlers run on their sides of a fork, the child's when forked() is true already") {
    on_fork(nullptr, []() noexcept { ++forks_in_parent; },
            []() noexcept {
                ++forks_in_child;
                forked_when_told = forked();
            });
    const auto ended = in_child([] { return forks_in_child == 1 && forks_in_parent == 0 && forked_when_told ? 0 : 1; });
    CHECK(ended.exited_with(0));
    CHECK(forks_in_parent == 1);
    CHECK(forks_in_child == 0);
}

TEST_SUITE_END();
