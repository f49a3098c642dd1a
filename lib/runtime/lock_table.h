// SPDX-License-Identifier: MIT
//
// Which lock bytes of a store this process holds. The kernel does not tell a process's threads apart, so all lock
// calls of a store go through one table and its mutex.
//
// Invariants  1 A byte of our own is never tried: "taken" would mean nothing and unlocking would drop it.
//             2 A range is tried or asked for in the gaps between own bytes.
//             3 Shared bytes are counted: the last release unlocks.
// Threads     Any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include <quire/error.h>

#include "platform/lock_file.h"

namespace quire::runtime {

class LockTable {
public:
    // Errors: access_denied, not_found, io.
    [[nodiscard]] static Result<std::unique_ptr<LockTable>> open(std::string_view path, bool writable) noexcept;

    // False: held elsewhere, or by us (but shared twice counts up). Errors: out_of_memory, io.
    [[nodiscard]] Result<bool> try_lock(std::uint64_t byte, platform::LockMode mode) noexcept;
    void unlock(std::uint64_t byte) noexcept;
    bool holds(std::uint64_t byte) const noexcept;
    // Is any byte of [first, first + count) held by another process. Our own do not count.
    [[nodiscard]] Result<bool> held_elsewhere(std::uint64_t first, std::uint64_t count) noexcept;

    bool still_is(const platform::FileId& id) const noexcept;
    // In the child after fork(): closes the descriptor. The table is never used again, nor destroyed: a thread that did
    // not come along may have been changing it.
    void abandon_in_child() noexcept;

private:
    LockTable() noexcept = default;
    struct Held {
        platform::LockMode mode;
        std::uint32_t count;
    };
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Held> held_;
    platform::LockFile file_;
};

}  // namespace quire::runtime
