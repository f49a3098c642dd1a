// SPDX-License-Identifier: MIT
//
// What the POSIX twins share: errno as Error, interrupted calls, path names, opening what must be a regular file.
#pragma once

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <quire/error.h>

#include "base/try.h"
#include "platform/file.h"

namespace quire::platform::posix {

inline Errc code_of(int error) noexcept {
    switch (error) {
    case ENOENT:
    case ENOTDIR: return Errc::not_found;
    case EEXIST: return Errc::already_exists;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::access_denied;
    case ENAMETOOLONG: return Errc::invalid_argument;
    case EISDIR:
    case ENXIO: return Errc::not_a_store;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Errc::full;
    case ENOMEM: return Errc::out_of_memory;
    case ENODEV:
    case EOPNOTSUPP:
    case ENOSYS: return Errc::unsupported_volume;
    default: return Errc::io;
    }
}

inline std::unexpected<Error> fail(int error, const char* what, std::uint64_t detail = 0) noexcept {
    return base::fail(code_of(error), what, detail, static_cast<std::uint32_t>(error));
}

// Calls again what a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) noexcept {
    auto result = call();
    while (result == -1 && errno == EINTR) {
        result = call();
    }
    return result;
}

// A path as the kernel wants it, without allocation: what is longer than PATH_MAX the kernel would refuse.
class PathName {
public:
    [[nodiscard]] static Result<PathName> of(std::string_view path) noexcept {
        if (path.size() >= sizeof(PathName::text_)) {
            return fail(ENAMETOOLONG, "the path is too long");
        }
        if (path.find('\0') != std::string_view::npos) {   // would name another file than the caller means
            return base::fail(Errc::invalid_argument, "the path contains a zero byte");
        }
        PathName name;
        std::memcpy(name.text_, path.data(), path.size());
        return name;
    }
    const char* c_str() const noexcept { return text_; }

private:
    PathName() noexcept = default;
    char text_[PATH_MAX] = {};
};

inline FileId id_from(const struct stat& status) noexcept {
    FileId id;
    id.volume = status.st_dev;
    const std::uint64_t inode = status.st_ino;
    static_assert(sizeof inode <= sizeof id.file);
    std::memcpy(id.file.data(), &inode, sizeof inode);
    return id;
}

struct Opened {
    int descriptor;
    FileId id;
};

// `flags` as for open(2). A directory, device, pipe or socket is `not_a_store`.
[[nodiscard]] inline Result<Opened> open_regular(std::string_view path, int flags) noexcept {
    QUIRE_TRY_AS(const PathName name, PathName::of(path));
    // O_NONBLOCK: a named pipe must be refused, not waited for. 0666: the umask decides.
    const int descriptor = uninterrupted(
        [&] { return ::open(name.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666); });
    if (descriptor == -1) {
        return fail(errno, "cannot open the file");
    }
    struct stat status;
    if (::fstat(descriptor, &status) != 0) {
        const int error = errno;
        ::close(descriptor);
        return fail(error, "cannot query the file");
    }
    if (!S_ISREG(status.st_mode)) {
        ::close(descriptor);
        return base::fail(Errc::not_a_store, "not a regular file");
    }
    return Opened{descriptor, id_from(status)};
}

}  // namespace quire::platform::posix
