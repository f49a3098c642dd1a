// SPDX-License-Identifier: MIT
//
// A programmer's mistake ends here. What a file or a caller's data can cause is an Error, never this.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace quire::base {

[[noreturn]] inline void abort_because(const char* what) noexcept {
    std::fprintf(stderr, "quire: bug: %s\n", what);
    std::abort();
}

inline void require(bool holds, const char* what) noexcept {
    if (!holds) [[unlikely]] {
        abort_because(what);
    }
}

}  // namespace quire::base
