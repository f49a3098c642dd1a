// SPDX-License-Identifier: MIT
//
// Byte locks on Windows. They bind reading and writing of the locked bytes too: hence offsets that no file reaches.
#include "platform/lock_file.h"

#include <utility>

#include "base/abort.h"
#include "platform/win32/win32.h"

namespace quire::platform {

namespace {

OVERLAPPED range(std::uint64_t offset, std::uint64_t length) noexcept {
    base::require(length != 0 && offset <= INT64_MAX && length - 1 <= INT64_MAX - offset, "not a range of lock bytes");
    OVERLAPPED at{};
    at.Offset = win32::low_half(offset);
    at.OffsetHigh = win32::high_half(offset);
    return at;
}

std::unexpected<Error> fail_lock(DWORD error, const char* what) noexcept {
    if (error == ERROR_INVALID_HANDLE) {
        return base::fail(Errc::displaced, "the handle of the lock bytes was closed", 0, error);
    }
    return win32::fail(error, what);
}

}  // namespace

Result<LockFile> LockFile::open(std::string_view path, bool writable) noexcept {
    const DWORD access = writable ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ;
    QUIRE_TRY_AS(const win32::Opened opened, win32::open_regular(path, access, OPEN_EXISTING));
    LockFile file;
    file.handle_ = win32::number_of(opened.handle);
    return file;
}

Result<bool> LockFile::try_lock(std::uint64_t offset, std::uint64_t length, LockMode mode) noexcept {
    OVERLAPPED at = range(offset, length);
    const DWORD flags = LOCKFILE_FAIL_IMMEDIATELY | (mode == LockMode::exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0);
    if (::LockFileEx(win32::handle_of(handle_), flags, 0, win32::low_half(length), win32::high_half(length), &at)) {
        return true;
    }
    const DWORD error = ::GetLastError();
    if (error == ERROR_LOCK_VIOLATION) {
        return false;
    }
    return fail_lock(error, "cannot lock a byte of the file");
}

Result<void> LockFile::unlock(std::uint64_t offset, std::uint64_t length) noexcept {
    OVERLAPPED at = range(offset, length);
    if (!::UnlockFileEx(win32::handle_of(handle_), 0, win32::low_half(length), win32::high_half(length), &at)) {
        return fail_lock(::GetLastError(), "cannot unlock a byte of the file");
    }
    return {};
}

Result<bool> LockFile::held_elsewhere(std::uint64_t offset, std::uint64_t length) noexcept {
    QUIRE_TRY_AS(const bool free, try_lock(offset, length, LockMode::exclusive));
    if (free) {
        QUIRE_TRY(unlock(offset, length));
    }
    return !free;
}

bool LockFile::still_is(const FileId& id) const noexcept {
    if (handle_ == -1) {   // as a handle, it would mean this process
        return false;
    }
    const auto now = win32::id_from(win32::handle_of(handle_));
    return now && *now == id;
}

void LockFile::abandon_in_child() noexcept { LockFile closes(std::move(*this)); }

LockFile::LockFile(LockFile&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
    if (this != &other) {
        LockFile old(std::move(*this));
        handle_ = std::exchange(other.handle_, -1);
    }
    return *this;
}

LockFile::~LockFile() {
    if (handle_ != -1) {
        // Closing drops the locks "in time"; who comes next should not have to wait for that.
        ::CloseHandle(win32::handle_of(handle_));
    }
}

}  // namespace quire::platform
