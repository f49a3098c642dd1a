// SPDX-License-Identifier: MIT
#include "platform/file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "base/math.h"
#include "base/try.h"
#include "sim/state.h"

namespace quire::platform {
namespace {

using base::fail;
using sim::Call;
using sim::handle_of;
using sim::kPageBytes;
using sim::world;

// The pages that a write touches are on their way, as after WriteFile.
void start(sim::FileState& file, std::uint64_t offset, std::uint64_t length) {   // World::mutex held
    sim::Pages pages;
    file.read_cache(offset, offset + length, pages);
    for (std::size_t i = 0; i < pages.numbers.size(); ++i) {
        const std::byte* from = pages.bytes.data() + i * kPageBytes;
        std::copy(from, from + kPageBytes, file.started[pages.numbers[i]].begin());
    }
}

void sync_as_linux(sim::FileState& file) {   // World::mutex held: all of the cache
    sim::Pages cache;
    file.read_cache(0, file.size(), cache);
    const std::uint64_t end = base::divide_up(file.size(), kPageBytes);
    std::vector<bool> data(std::min<std::uint64_t>(end, file.reached.size()));
    for (std::size_t i = 0; i < cache.numbers.size(); ++i) {
        if (cache.numbers[i] < data.size()) {
            data[cache.numbers[i]] = true;
        }
        file.store_durable(cache.numbers[i], cache.bytes.data() + i * kPageBytes);
    }
    for (std::uint64_t page = 0; page < data.size(); ++page) {   // a hole where the disk had something
        if (!data[page] && file.reached[page]) {
            std::fill_n(file.durable.data() + page * kPageBytes, kPageBytes, std::byte{0});
        }
    }
}

void sync_as_windows(sim::FileState& file) {   // World::mutex held: what was started
    for (const auto& [page, content] : file.started) {
        file.store_durable(page, content.data());
    }
    file.started.clear();
}

}  // namespace

Result<File> File::open(std::string_view path, OpenMode mode) noexcept {
    std::shared_ptr<sim::FileState> file;
    std::weak_ptr<sim::DiskState> fresh_on;
    {
        const std::lock_guard lock(world().mutex);
        const sim::Place place = sim::place_of(path);
        if (!place.disk) {
            return fail(Errc::not_found, "no such disk", 0, ENOENT);
        }
        if (place.name.empty()) {
            return fail(Errc::not_a_store, "a directory", 0, EISDIR);
        }
        const auto known = place.disk->now().find(place.name);
        if (mode != OpenMode::create_new) {
            if (known == place.disk->now().end()) {
                return fail(Errc::not_found, "no such file", 0, ENOENT);
            }
            file = known->second;
        } else {
            if (known != place.disk->now().end()) {
                return fail(Errc::already_exists, "there is such a file", 0, EEXIST);
            }
            file = std::make_shared<sim::FileState>(place.disk, place.disk->number, ++world().files_made);
            sim::Directory next = place.disk->now();
            next.emplace(place.name, file);
            place.disk->change(std::move(next));
            fresh_on = place.disk;
        }
    }
    sim::announce(fresh_on, Call::create, true);
    File opened;
    opened.writable_ = mode != OpenMode::read;
    opened.id_ = file->id;
    opened.path_ = path;
    opened.handle_ = reinterpret_cast<std::intptr_t>(new sim::Handle{std::move(file), opened.writable_});
    return opened;
}

Result<File> File::reopen() const noexcept {
    File again;
    again.writable_ = writable_;
    again.id_ = id_;
    again.path_ = path_;
    again.handle_ = reinterpret_cast<std::intptr_t>(new sim::Handle(handle_of(handle_)));
    return again;
}

Result<std::uint64_t> File::size() const noexcept {
    const std::lock_guard lock(world().mutex);
    return handle_of(handle_).file->size();
}

Result<void> File::allocate(std::uint64_t offset, std::uint64_t length) noexcept {
    sim::FileState& file = *handle_of(handle_).file;
    if (!writable_) {
        return fail(Errc::io, "the handle may not write", offset, EBADF);
    }
    if (offset + length < offset) {
        return fail(Errc::io, "past the greatest offset", offset, EFBIG);
    }
    sim::announce(file.disk, Call::allocate, false, offset, length);
    {
        const std::lock_guard lock(world().mutex);
        const std::uint64_t from = std::max(file.size(), offset);
        const std::uint64_t end = offset + length;
        if (end > file.size()) {
            file.set_size(end);
            const std::vector<std::byte> rubbish(end - from, sim::kUnwritten);
            file.write_cache(rubbish.data(), rubbish.size(), from);
        }
    }
    sim::announce(file.disk, Call::allocate, true, offset, length);
    return {};
}

Result<void> File::resize(std::uint64_t size) noexcept {
    sim::FileState& file = *handle_of(handle_).file;
    if (!writable_) {
        return fail(Errc::io, "the handle may not write", size, EBADF);
    }
    sim::announce(file.disk, Call::resize, false, size, 0);
    {
        const std::lock_guard lock(world().mutex);
        file.set_size(size);
        file.started.erase(file.started.lower_bound(base::divide_up(size, kPageBytes)), file.started.end());
    }
    sim::announce(file.disk, Call::resize, true, size, 0);
    return {};
}

Result<void> File::read_at(std::span<std::byte> into, std::uint64_t offset) const noexcept {
    const sim::FileState& file = *handle_of(handle_).file;
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got = ::pread(file.descriptor, into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got < 0) {
            return fail(Errc::io, "read", offset, static_cast<std::uint32_t>(errno));
        }
        if (got == 0) {
            return fail(Errc::truncated, "the file ends before the range", done);
        }
        done += static_cast<std::size_t>(got);
    }
    return {};
}

Result<void> File::write_at(std::span<const std::byte> from, std::uint64_t offset) noexcept {
    sim::FileState& file = *handle_of(handle_).file;
    if (!writable_) {
        return fail(Errc::io, "the handle may not write", offset, EBADF);
    }
    sim::announce(file.disk, Call::write, false, offset, from.size());
    {
        const std::lock_guard lock(world().mutex);
        if (offset + from.size() > file.size()) {
            file.set_size(offset + from.size());
        }
        file.write_cache(from.data(), from.size(), offset);
        if (sim::behaviour() == sim::System::windows_like) {
            start(file, offset, from.size());
        }
    }
    sim::announce(file.disk, Call::write, true, offset, from.size());
    return {};
}

Result<void> File::sync() noexcept {
    sim::FileState& file = *handle_of(handle_).file;
    sim::announce(file.disk, Call::sync, false);
    if (sim::counts(file.disk)) {
        const std::lock_guard lock(world().mutex);
        sim::behaviour() == sim::System::linux_like ? sync_as_linux(file) : sync_as_windows(file);
        file.sizes = {file.size()};
    }
    sim::announce(file.disk, Call::sync, true);
    return {};
}

void File::forbid_copy_on_write() noexcept {}

Result<std::uint64_t> File::allocated_bytes() const noexcept {
    struct stat status;
    if (::fstat(handle_of(handle_).file->descriptor, &status) != 0) {
        return fail(Errc::io, "stat", 0, static_cast<std::uint32_t>(errno));
    }
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

File::File(File&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)), writable_(other.writable_), id_(other.id_),
      path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(writable_, other.writable_);
    std::swap(id_, other.id_);
    std::swap(path_, other.path_);
    return *this;
}

File::~File() {
    if (handle_ != -1) {
        delete &handle_of(handle_);
    }
}

// ---- names ----

Result<void> rename_new(std::string_view from, std::string_view to) noexcept {
    std::weak_ptr<sim::DiskState> disk;
    {
        const std::lock_guard lock(world().mutex);
        const sim::Place old = sim::place_of(from);
        const sim::Place fresh = sim::place_of(to);
        if (!old.disk || !fresh.disk || fresh.name.empty() || !old.disk->now().contains(old.name)) {
            return fail(Errc::not_found, "no such file", 0, ENOENT);
        }
        if (old.disk != fresh.disk) {
            return fail(Errc::io, "not on one disk", 0, EXDEV);
        }
        if (fresh.disk->now().contains(fresh.name)) {
            return fail(Errc::already_exists, "there is such a file", 0, EEXIST);
        }
        disk = old.disk;
    }
    sim::announce(disk, Call::rename, false);
    {
        const std::lock_guard lock(world().mutex);
        const sim::Place old = sim::place_of(from);
        sim::Directory next = old.disk->now();
        auto entry = next.extract(std::string(old.name));
        entry.key() = sim::place_of(to).name;
        next.insert(std::move(entry));
        old.disk->change(std::move(next));
    }
    sim::announce(disk, Call::rename, true);
    return {};
}

Result<void> remove(std::string_view path) noexcept {
    std::weak_ptr<sim::DiskState> disk;
    {
        const std::lock_guard lock(world().mutex);
        const sim::Place place = sim::place_of(path);
        if (!place.disk || !place.disk->now().contains(place.name)) {
            return fail(Errc::not_found, "no such file", 0, ENOENT);
        }
        disk = place.disk;
    }
    sim::announce(disk, Call::remove, false);
    {
        const std::lock_guard lock(world().mutex);
        const sim::Place place = sim::place_of(path);
        sim::Directory next = place.disk->now();
        next.erase(std::string(place.name));
        place.disk->change(std::move(next));
    }
    sim::announce(disk, Call::remove, true);
    return {};
}

Result<void> sync_directory_of(std::string_view path) noexcept {
    std::shared_ptr<sim::DiskState> disk;
    {
        const std::lock_guard lock(world().mutex);
        disk = sim::place_of(path).disk;
    }
    if (!disk) {
        return fail(Errc::not_found, "no such disk", 0, ENOENT);
    }
    sim::announce(disk, Call::sync_directory, false);
    if (sim::counts(disk)) {
        const std::lock_guard lock(world().mutex);
        disk->directories.erase(disk->directories.begin(), disk->directories.end() - 1);
    }
    sim::announce(disk, Call::sync_directory, true);
    return {};
}

Result<FileId> id_of(std::string_view path) noexcept {
    const std::lock_guard lock(world().mutex);
    const sim::Place place = sim::place_of(path);
    if (place.disk) {
        if (const auto file = place.disk->now().find(place.name); file != place.disk->now().end()) {
            return file->second->id;
        }
    }
    return fail(Errc::not_found, "no such file", 0, ENOENT);
}

}  // namespace quire::platform
