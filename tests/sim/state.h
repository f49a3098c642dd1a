// SPDX-License-Identifier: MIT
//
// What the files of the simulated platform share: disks, files, views and locks. Tests use disk.h.
//
// Threads  Everything here is touched under World::mutex, but for the cache content itself, which the engine's loads
//          and stores reach as they like.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "platform/file.h"
#include "platform/view.h"
#include "sim/disk.h"

namespace quire::sim {

inline constexpr std::uint64_t kMapGranularity = 64u << 10;   // the stricter of the two systems

struct LockHeld {
    const void* holder;
    std::uint64_t begin;
    std::uint64_t end;
    bool exclusive;
};

struct FileState {
    FileState(std::weak_ptr<DiskState> on, std::uint64_t disk_number, std::uint64_t file_number);
    ~FileState();
    FileState(const FileState&) = delete;
    FileState& operator=(const FileState&) = delete;

    // Constant.
    const std::weak_ptr<DiskState> disk;
    platform::FileId id;
    int descriptor = -1;                       // of the memory file that is the cache: its content and its size

    std::vector<std::uint64_t> sizes{0};       // since the last sync; front: durable, back: in the cache
    std::vector<std::byte> durable;            // whole pages, as far as the last one that reached the disk
    std::vector<bool> reached;                 // which of them have
    std::map<std::uint64_t, Page> started;     // windows_like: written by a flush, not yet durable
    std::vector<LockHeld> locks;

    std::uint64_t size() const noexcept { return sizes.back(); }
    // The cache's pages in [begin, end) that hold data, in order; holes are left out.
    void read_cache(std::uint64_t begin, std::uint64_t end, Pages& into) const;
    void write_cache(const void* from, std::uint64_t bytes, std::uint64_t offset);
    void set_size(std::uint64_t size);
    void store_durable(std::uint64_t page, const std::byte* content);
};

using Directory = std::map<std::string, std::shared_ptr<FileState>, std::less<>>;

struct DiskState {
    std::uint64_t number = 0;
    std::string path;
    std::atomic<bool> retired{false};
    std::vector<Directory> directories{Directory{}};   // since the last sync; front: durable, back: now

    const Directory& now() const noexcept { return directories.back(); }
    void change(Directory next) { directories.push_back(std::move(next)); }
};

struct ViewState {
    std::shared_ptr<FileState> file;
    std::uint64_t offset;
    std::uint64_t bytes;
    platform::ViewMode mode;
    std::vector<bool> adopted;                 // windows_like: pages that the next flush writes
};

struct World {
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<DiskState>, std::less<>> disks;   // by path
    std::map<const std::byte*, ViewState> views;                            // by address
    std::uint64_t disks_made = 0;
    std::uint64_t files_made = 0;
    CutHook hook;                              // changed while no call runs
    std::atomic<System> system{System::linux_like};
    std::atomic<std::uint64_t> random{1};
    std::atomic<std::uint64_t> clock{0};       // nanoseconds
};
World& world();                                // never destroyed: views may outlive static objects

struct Handle {                                // what a platform::File holds
    std::shared_ptr<FileState> file;
    bool writable;
};
inline Handle& handle_of(std::intptr_t handle) noexcept { return *reinterpret_cast<Handle*>(handle); }

struct Place {                                 // a path, taken apart
    std::shared_ptr<DiskState> disk;           // empty: there is none
    std::string_view name;                     // empty: the path is the disk's own
};
Place place_of(std::string_view path);         // World::mutex held

// Calls the hook if the disk counts. World::mutex not held.
void announce(const std::weak_ptr<DiskState>& disk, Call call, bool done, std::uint64_t offset = 0,
              std::uint64_t length = 0) noexcept;
bool counts(const std::weak_ptr<DiskState>& disk) noexcept;   // it exists and is not retired

}  // namespace quire::sim
