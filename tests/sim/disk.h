// SPDX-License-Identifier: MIT
//
// A simulated disk with the page cache in front of it: where the files of the test platform (`platform/`) live.
//
// Each file has *cache* content, which every mapping, read and write sees, and *disk* content, which a power cut
// leaves. Stores are not virtual: the cache is a real shared memory file, so the engine's loads, stores and atomics
// run as they are.
//
// Invariants  1 Disk content changes only by View::flush and File::sync; a durable size only by File::sync; durable
//               names only by sync_directory_of. What else a power cut *may* leave is for `image.h` to choose.
//             2 allocate() fills new space with kUnwritten: whoever trusts new space to be zero is caught.
//             3 Several disks stand side by side, each under a path of its own.
// Threads     Any; one lock for all of it. Hooks run outside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sim/image.h"

namespace quire::sim {

struct DiskState;

inline constexpr std::byte kUnwritten{0xa5};

// Files on it are named `<path()>/<name>`, one flat directory.
class Disk {
public:
    Disk();                                  // empty
    explicit Disk(const Image& image);       // after a power cut: cache and disk are the image; new file ids
    Disk(Disk&& other) noexcept;
    Disk& operator=(Disk&& other) noexcept;
    ~Disk();                                 // retires it; files still open on it may go on being used

    const std::string& path() const noexcept;
    std::string path_of(std::string_view name) const;

    // All that a power cut at this instant could leave.
    Cut cut() const;
    // The disk and the cache as they are, after every process has died at once: no locks, new file ids (so that an
    // engine's table of the files that this process has open does not know them). This disk goes on unharmed.
    Disk after_kill() const;
    // Nobody will look at it again: its files keep working, but flushes do nothing and no cut is announced. Stores of
    // processes that "died" are closed on a retired disk: that frees their memory, and no one sees what they do.
    void retire() noexcept;

private:
    std::shared_ptr<DiskState> state_;
};

// ---- cuts at platform calls ----

enum class Call : std::uint8_t {
    create, allocate, resize, write, sync, rename, remove, sync_directory, map, adopt, flush, populate, lock, unlock
};
std::string_view name(Call call) noexcept;

struct CutPoint {
    Call call;
    bool done;               // false: about to happen. true: has happened, if it can have changed something
    std::string_view disk;   // Disk::path()
    std::uint64_t offset;
    std::uint64_t length;
};
using CutHook = std::function<void(const CutPoint&)>;

// Called at every platform call on a disk that is not retired, on the thread of the call, which may hold locks of the
// engine: take cuts there, open nothing. Not called for calls of its own. Returns the hook so far.
CutHook set_cut_hook(CutHook hook);

// ---- what the systems differ in ----

// linux_like: View::flush makes its pages durable, whoever stored into them.
// windows_like: View::flush starts writing the pages that were adopted through this view since its last flush (stores
// cannot be seen: a page that was only stored to is not written), and File::sync makes durable what was started.
enum class System : std::uint8_t { linux_like, windows_like };
void behave_like(System system) noexcept;
System behaviour() noexcept;

// ---- time and chance ----

// Gives the random words and the clock of the platform a start of their own while it lives, and puts back what was
// there: what is looked at in between does not change how a workload goes on.
class Chance {
public:
    explicit Chance(std::uint64_t seed) noexcept;
    ~Chance();
    Chance(const Chance&) = delete;
    Chance& operator=(const Chance&) = delete;

private:
    std::uint64_t random_before_;
    std::uint64_t clock_before_;
};

}  // namespace quire::sim
