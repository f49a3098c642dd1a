// SPDX-License-Identifier: MIT
//
// Byte locks on a file, which the kernel drops when the process dies. One dedicated handle a store and process.
//
// Facts  They exclude other processes (and other handles), not the threads that share this handle: callers keep a
//        table of what they hold (runtime/lock_table.h) and never try a byte of their own. LockFileEx; F_OFD_SETLK.
//        A lock of an exclusive mode needs a writable handle on Linux.
#pragma once

#include <cstdint>
#include <string_view>

#include <quire/error.h>

#include "platform/file.h"

namespace quire::platform {

enum class LockMode : std::uint8_t { shared, exclusive };

class LockFile {
public:
    [[nodiscard]] static Result<LockFile> open(std::string_view path, bool writable) noexcept;

    // Errors of these three: access_denied (exclusive, of a file that may only be read), displaced (the handle was closed
    // behind our back), unsupported_volume, io. Offset and length fit in 63 bits, the length is not 0.
    // Never waits. False: another process holds a byte of the range in a mode that conflicts.
    [[nodiscard]] Result<bool> try_lock(std::uint64_t offset, std::uint64_t length, LockMode mode) noexcept;
    // On Windows: a range that was locked, as a whole.
    [[nodiscard]] Result<void> unlock(std::uint64_t offset, std::uint64_t length) noexcept;
    // Does somebody else hold any byte of it. Linux asks; Windows tries and lets go (call it under OPEN).
    [[nodiscard]] Result<bool> held_elsewhere(std::uint64_t offset, std::uint64_t length) noexcept;
    // Is this handle still the file it was opened on (a program may have closed descriptors behind our back).
    bool still_is(const FileId& id) const noexcept;
    // In the child after fork(): closes the descriptor, which would keep the parent's locks alive.
    void abandon_in_child() noexcept;

    LockFile() noexcept = default;
    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;
    ~LockFile();

private:
    std::intptr_t handle_ = -1;
};

}  // namespace quire::platform
