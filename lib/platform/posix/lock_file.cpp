// SPDX-License-Identifier: MIT
//
// Byte locks on Linux: those of an open file description, which no close() of another descriptor drops.
#include "platform/lock_file.h"

#include <utility>

#include "base/abort.h"
#include "platform/posix/posix.h"

namespace quire::platform {

namespace {

struct flock range(short type, std::uint64_t offset, std::uint64_t length) noexcept {
    // A length of 0 would mean "to the end", and l_start is signed.
    base::require(length != 0 && offset <= INT64_MAX && length - 1 <= INT64_MAX - offset, "not a range of lock bytes");
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(offset);
    lock.l_len = static_cast<off_t>(length);
    return lock;
}

int control(std::intptr_t handle, int command, struct flock& lock) noexcept {
    return posix::uninterrupted([&] { return ::fcntl(static_cast<int>(handle), command, &lock); });
}

std::unexpected<Error> fail_lock(std::intptr_t handle, int error, const char* what) noexcept {
    const auto os_code = static_cast<std::uint32_t>(error);
    switch (error) {
    case EBADF:
        if (::fcntl(static_cast<int>(handle), F_GETFL) == -1) {
            return base::fail(Errc::displaced, "the descriptor of the lock bytes was closed", 0, os_code);
        }
        return base::fail(Errc::access_denied, "an exclusive lock needs permission to write the file", 0, os_code);
    case ENOLCK:
    case EOPNOTSUPP:
    case ENOSYS:
    case EINVAL: return base::fail(Errc::unsupported_volume, "the volume does not lock bytes of a file", 0, os_code);
    default: return posix::fail(error, what);
    }
}

}  // namespace

Result<LockFile> LockFile::open(std::string_view path, bool writable) noexcept {
    QUIRE_TRY_AS(const posix::Opened opened, posix::open_regular(path, writable ? O_RDWR : O_RDONLY));
    LockFile file;
    file.handle_ = opened.descriptor;
    return file;
}

Result<bool> LockFile::try_lock(std::uint64_t offset, std::uint64_t length, LockMode mode) noexcept {
    struct flock lock = range(mode == LockMode::exclusive ? F_WRLCK : F_RDLCK, offset, length);
    if (control(handle_, F_OFD_SETLK, lock) == 0) {
        return true;
    }
    if (errno == EAGAIN || errno == EACCES) {
        return false;
    }
    return fail_lock(handle_, errno, "cannot lock a byte of the file");
}

Result<void> LockFile::unlock(std::uint64_t offset, std::uint64_t length) noexcept {
    struct flock lock = range(F_UNLCK, offset, length);
    if (control(handle_, F_OFD_SETLK, lock) != 0) {
        return fail_lock(handle_, errno, "cannot unlock a byte of the file");
    }
    return {};
}

Result<bool> LockFile::held_elsewhere(std::uint64_t offset, std::uint64_t length) noexcept {
    struct flock lock = range(F_WRLCK, offset, length);   // what conflicts with every lock of others
    if (control(handle_, F_OFD_GETLK, lock) != 0) {
        return fail_lock(handle_, errno, "cannot query the lock bytes of the file");
    }
    return lock.l_type != F_UNLCK;
}

bool LockFile::still_is(const FileId& id) const noexcept {
    struct stat status;
    return ::fstat(static_cast<int>(handle_), &status) == 0 && posix::id_from(status) == id;
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
        ::close(static_cast<int>(handle_));
    }
}

}  // namespace quire::platform
