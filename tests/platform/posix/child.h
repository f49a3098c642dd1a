// SPDX-License-Identifier: MIT
//
// A forked child that runs a function and answers with a number, or dies by a signal.
#pragma once

#include <csignal>
#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

namespace quire::test {

struct Ended {
    int status = 0;
    bool exited_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
    bool killed_by(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
};

inline Ended wait_for(pid_t child) {
    Ended ended;
    while (::waitpid(child, &ended.status, 0) == -1) {
    }
    return ended;
}

// `body` returns the child's exit code. No test macros inside: the child is a copy, nobody hears it.
template <class Body>
Ended in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(body());
    }
    return wait_for(child);
}

}  // namespace quire::test
