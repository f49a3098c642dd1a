// SPDX-License-Identifier: MIT
//
// An atomic no-op that dirties a page: for the twins of view.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quire::platform {

inline constexpr std::uint64_t kDirtyStep = 4096;   // the smallest page of any system we run on

// Faults the page at `at` in for writing and marks it dirty; loses no store of others. `at` is 8-aligned.
inline void dirty_page(std::byte* at) noexcept {
    // volatile: of a plain fetch_or(0) clang makes a fence and a load, which dirty nothing.
    __atomic_fetch_or(reinterpret_cast<volatile std::uint64_t*>(at), std::uint64_t{0}, __ATOMIC_RELAXED);
}

}  // namespace quire::platform
