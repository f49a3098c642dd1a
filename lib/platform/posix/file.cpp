// SPDX-License-Identifier: MIT
//
// Files on Linux.
#include "platform/file.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <new>
#include <utility>

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/math.h"
#include "platform/posix/posix.h"

namespace quire::platform {

using posix::fail;
using posix::uninterrupted;

namespace {

int fd(std::intptr_t handle) noexcept { return static_cast<int>(handle); }

int access_flags(bool writable) noexcept { return writable ? O_RDWR : O_RDONLY; }

constexpr std::uint64_t kOffsetMax = INT64_MAX;
constexpr std::size_t kTransferMax = std::size_t{1} << 30;   // the kernel stops short of 2 GiB anyway

// What a failed change of size or contents was about: bytes wanted if there is no room, else where it was.
std::unexpected<Error> fail_at(int error, const char* what, std::uint64_t wanted, std::uint64_t offset) noexcept {
    return fail(error, what, posix::code_of(error) == Errc::full ? wanted : offset);
}

// A size above RLIMIT_FSIZE raises SIGXFSZ, which kills by default. Held back in this thread, only EFBIG remains.
class SizeSignalHeld {
public:
    SizeSignalHeld() noexcept {
        ::sigemptyset(&size_);
        ::sigaddset(&size_, SIGXFSZ);
        ::pthread_sigmask(SIG_BLOCK, &size_, &before_);
    }
    SizeSignalHeld(const SizeSignalHeld&) = delete;
    SizeSignalHeld& operator=(const SizeSignalHeld&) = delete;
    ~SizeSignalHeld() {
        if (::sigismember(&before_, SIGXFSZ) == 1) {
            return;
        }
        const timespec at_once{};
        uninterrupted([&] { return ::sigtimedwait(&size_, nullptr, &at_once); });
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    sigset_t size_;
    sigset_t before_;
};

}  // namespace

Result<File> File::open(std::string_view path, OpenMode mode) noexcept {
    const bool writable = mode != OpenMode::read;
    const int flags = access_flags(writable) | (mode == OpenMode::create_new ? O_CREAT | O_EXCL : 0);
    QUIRE_TRY_AS(const posix::Opened opened, posix::open_regular(path, flags));
    File file;
    file.handle_ = opened.descriptor;
    file.writable_ = writable;
    file.id_ = opened.id;
    try {
        file.path_ = path;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory for a path");
    }
    return file;
}

Result<File> File::reopen() const noexcept {
    // By descriptor: the name may mean another file by now. The path is only for systems without /proc.
    char link[32];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd(handle_));
    auto opened = posix::open_regular(link, access_flags(writable_));
    if (!opened && opened.error().code == Errc::not_found) {
        opened = posix::open_regular(path_, access_flags(writable_));
    }
    if (!opened) {
        return std::unexpected(opened.error());
    }
    File file;
    file.handle_ = opened->descriptor;
    file.writable_ = writable_;
    file.id_ = opened->id;
    if (file.id_ != id_) {
        return base::fail(Errc::displaced, "the path names another file now");
    }
    try {
        file.path_ = path_;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory for a path");
    }
    return file;
}

Result<std::uint64_t> File::size() const noexcept {
    struct stat status;
    if (::fstat(fd(handle_), &status) != 0) {
        return fail(errno, "cannot query the file's size");
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Result<void> File::allocate(std::uint64_t offset, std::uint64_t length) noexcept {
    if (length == 0) {
        return {};
    }
    if (!base::fits(offset, length, kOffsetMax)) {
        return fail(EFBIG, "cannot allocate space for the file", length);
    }
    const SizeSignalHeld held;
    int error = 0;
    do {   // returns the error; errno is not set
        error = ::posix_fallocate(fd(handle_), static_cast<off_t>(offset), static_cast<off_t>(length));
    } while (error == EINTR);
    if (error != 0) {
        return fail_at(error, "cannot allocate space for the file", length, offset);
    }
    return {};
}

Result<void> File::resize(std::uint64_t size) noexcept {
    if (size > kOffsetMax) {
        return fail(EFBIG, "cannot set the file's size", size);
    }
    const SizeSignalHeld held;
    if (uninterrupted([&] { return ::ftruncate(fd(handle_), static_cast<off_t>(size)); }) != 0) {
        return fail_at(errno, "cannot set the file's size", size, size);
    }
    return {};
}

Result<void> File::read_at(std::span<std::byte> into, std::uint64_t offset) const noexcept {
    std::size_t done = 0;
    while (done < into.size()) {
        const std::size_t wanted = std::min(into.size() - done, kTransferMax);
        const ssize_t got = uninterrupted(
            [&] { return ::pread(fd(handle_), into.data() + done, wanted, static_cast<off_t>(offset + done)); });
        if (got < 0) {
            return fail(errno, "cannot read from the file", offset + done);
        }
        if (got == 0) {
            return base::fail(Errc::truncated, "the file ends before what was to be read", done);
        }
        done += static_cast<std::size_t>(got);
    }
    return {};
}

Result<void> File::write_at(std::span<const std::byte> from, std::uint64_t offset) noexcept {
    const SizeSignalHeld held;
    std::size_t done = 0;
    while (done < from.size()) {
        const std::size_t wanted = std::min(from.size() - done, kTransferMax);
        const ssize_t put = uninterrupted(
            [&] { return ::pwrite(fd(handle_), from.data() + done, wanted, static_cast<off_t>(offset + done)); });
        if (put <= 0) {
            return fail_at(put < 0 ? errno : EIO, "cannot write to the file", from.size(), offset + done);
        }
        done += static_cast<std::size_t>(put);
    }
    return {};
}

Result<void> File::sync() noexcept {
    // DURABLE: data, and the size and extents that are needed to read it again. Not called again after EINTR or any
    // other error: a second call may report success for pages that the first one has lost.
    if (::fdatasync(fd(handle_)) != 0) {
        return base::fail(Errc::io, "cannot flush the file", 0, static_cast<std::uint32_t>(errno));
    }
    return {};
}

void File::forbid_copy_on_write() noexcept {
    int flags = 0;
    if (::ioctl(fd(handle_), FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_NOCOW_FL) == 0) {
        flags |= FS_NOCOW_FL;
        ::ioctl(fd(handle_), FS_IOC_SETFLAGS, &flags);
    }
}

Result<std::uint64_t> File::allocated_bytes() const noexcept {
    struct stat status;
    if (::fstat(fd(handle_), &status) != 0) {
        return fail(errno, "cannot query the file's space");
    }
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

File::File(File&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)),
      writable_(other.writable_),
      id_(other.id_),
      path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    if (this != &other) {
        File old(std::move(*this));
        handle_ = std::exchange(other.handle_, -1);
        writable_ = other.writable_;
        id_ = other.id_;
        path_ = std::move(other.path_);
    }
    return *this;
}

File::~File() {
    if (handle_ != -1) {
        ::close(fd(handle_));
    }
}

// ---- names ----

Result<void> rename_new(std::string_view from, std::string_view to) noexcept {
    QUIRE_TRY_AS(const posix::PathName old_name, posix::PathName::of(from));
    QUIRE_TRY_AS(const posix::PathName new_name, posix::PathName::of(to));
    if (::renameat2(AT_FDCWD, old_name.c_str(), AT_FDCWD, new_name.c_str(), RENAME_NOREPLACE) == 0) {
        return {};
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return fail(errno, "cannot rename the file");
    }
    // The volume does not know the flag. link() never replaces either.
    if (::link(old_name.c_str(), new_name.c_str()) != 0) {
        return fail(errno, "cannot rename the file");
    }
    if (::unlink(old_name.c_str()) != 0) {
        const int error = errno;
        ::unlink(new_name.c_str());
        return fail(error, "cannot rename the file");
    }
    return {};
}

Result<void> remove(std::string_view path) noexcept {
    QUIRE_TRY_AS(const posix::PathName name, posix::PathName::of(path));
    if (::unlink(name.c_str()) != 0) {
        return fail(errno, "cannot remove the file");
    }
    return {};
}

Result<void> sync_directory_of(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    const std::string_view directory = slash == std::string_view::npos ? "."
                                       : slash == 0                    ? "/"
                                                                       : path.substr(0, slash);
    QUIRE_TRY_AS(const posix::PathName name, posix::PathName::of(directory));
    const int descriptor =
        uninterrupted([&] { return ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (descriptor == -1) {
        return fail(errno, "cannot open the file's directory");
    }
    // DURABLE: the names in the directory; without it a power cut could take a new file's name, or bring an old one back.
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (error != 0 && error != EINVAL) {   // EINVAL: this volume flushes no directories; there is nothing to ask for
        return fail(error, "cannot flush the file's directory");
    }
    return {};
}

Result<FileId> id_of(std::string_view path) noexcept {
    QUIRE_TRY_AS(const posix::PathName name, posix::PathName::of(path));
    struct stat status;
    if (::stat(name.c_str(), &status) != 0) {
        return fail(errno, "cannot query the file");
    }
    if (!S_ISREG(status.st_mode)) {
        return base::fail(Errc::not_a_store, "not a regular file");
    }
    return posix::id_from(status);
}

}  // namespace quire::platform
