// SPDX-License-Identifier: MIT
//
// Locks by handle: two handles exclude each other as two processes would, and closing one drops what it holds.
#include "platform/lock_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/try.h"
#include "sim/state.h"

namespace quire::platform {
namespace {

using base::fail;
using sim::handle_of;
using sim::LockHeld;
using sim::world;

bool meets(const LockHeld& lock, std::uint64_t begin, std::uint64_t end) noexcept {
    return lock.begin < end && begin < lock.end;
}

// What `holder` has of [begin, end) goes; what sticks out on either side stays.
void drop(std::vector<LockHeld>& locks, const void* holder, std::uint64_t begin, std::uint64_t end) {
    std::vector<LockHeld> left;
    for (const LockHeld& lock : locks) {
        if (lock.holder != holder || !meets(lock, begin, end)) {
            left.push_back(lock);
            continue;
        }
        if (lock.begin < begin) {
            left.push_back({holder, lock.begin, begin, lock.exclusive});
        }
        if (end < lock.end) {
            left.push_back({holder, end, lock.end, lock.exclusive});
        }
    }
    locks = std::move(left);
}

}  // namespace

Result<LockFile> LockFile::open(std::string_view path, bool writable) noexcept {
    const std::lock_guard lock(world().mutex);
    const sim::Place place = sim::place_of(path);
    const auto file = place.disk ? place.disk->now().find(place.name) : sim::Directory::const_iterator{};
    if (!place.disk || file == place.disk->now().end()) {
        return fail(Errc::not_found, "no such file", 0, ENOENT);
    }
    LockFile opened;
    opened.handle_ = reinterpret_cast<std::intptr_t>(new sim::Handle{file->second, writable});
    return opened;
}

Result<bool> LockFile::try_lock(std::uint64_t offset, std::uint64_t length, LockMode mode) noexcept {
    sim::Handle& handle = handle_of(handle_);
    const bool exclusive = mode == LockMode::exclusive;
    if (exclusive && !handle.writable) {
        return fail(Errc::access_denied, "an exclusive lock needs a writable handle", 0, EBADF);
    }
    sim::announce(handle.file->disk, sim::Call::lock, false, offset, length);
    const std::lock_guard lock(world().mutex);
    auto& locks = handle.file->locks;
    const std::uint64_t end = offset + length;
    if (std::ranges::any_of(locks, [&](const LockHeld& held) {
            return held.holder != &handle && meets(held, offset, end) && (exclusive || held.exclusive);
        })) {
        return false;
    }
    drop(locks, &handle, offset, end);
    locks.push_back({&handle, offset, end, exclusive});
    return true;
}

Result<void> LockFile::unlock(std::uint64_t offset, std::uint64_t length) noexcept {
    sim::Handle& handle = handle_of(handle_);
    sim::announce(handle.file->disk, sim::Call::unlock, false, offset, length);
    const std::lock_guard lock(world().mutex);
    drop(handle.file->locks, &handle, offset, offset + length);
    return {};
}

Result<bool> LockFile::held_elsewhere(std::uint64_t offset, std::uint64_t length) noexcept {
    const sim::Handle& handle = handle_of(handle_);
    const std::lock_guard lock(world().mutex);
    return std::ranges::any_of(handle.file->locks, [&](const LockHeld& held) {
        return held.holder != &handle && meets(held, offset, offset + length);
    });
}

bool LockFile::still_is(const FileId& id) const noexcept { return handle_ != -1 && handle_of(handle_).file->id == id; }

void LockFile::abandon_in_child() noexcept { LockFile gone(std::move(*this)); }

LockFile::LockFile(LockFile&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}

LockFile::~LockFile() {
    if (handle_ != -1) {
        sim::Handle* handle = &handle_of(handle_);
        const std::lock_guard lock(world().mutex);
        std::erase_if(handle->file->locks, [&](const LockHeld& held) { return held.holder == handle; });
        delete handle;
    }
}

}  // namespace quire::platform
