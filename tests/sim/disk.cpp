// SPDX-License-Identifier: MIT
#include "sim/disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/abort.h"
#include "base/math.h"
#include "sim/rng.h"
#include "sim/state.h"

namespace quire::sim {
namespace {

thread_local bool inside_hook = false;

std::shared_ptr<DiskState> make_disk() {   // World::mutex held
    auto disk = std::make_shared<DiskState>();
    disk->number = ++world().disks_made;
    disk->path = "/sim/" + std::to_string(disk->number);
    world().disks.emplace(disk->path, disk);
    return disk;
}

std::shared_ptr<FileState> make_file(const std::shared_ptr<DiskState>& disk) {   // World::mutex held
    return std::make_shared<FileState>(disk, disk->number, ++world().files_made);
}

// Consecutive pages in one call each.
void write_pages(FileState& file, const Pages& pages) {
    for (std::size_t i = 0; i < pages.numbers.size();) {
        std::size_t end = i + 1;
        while (end < pages.numbers.size() && pages.numbers[end] == pages.numbers[end - 1] + 1) {
            ++end;
        }
        file.write_cache(pages.bytes.data() + i * kPageBytes, (end - i) * kPageBytes, pages.numbers[i] * kPageBytes);
        i = end;
    }
}


// Where cache and disk of one file differ. A page of the cache that is a hole reads as zero.
Cut::File cut_of(const FileState& file) {
    Cut::File cut;
    cut.sizes = file.sizes;
    const auto reached = [&](std::uint64_t page) { return page < file.reached.size() && file.reached[page]; };
    const auto on_disk = [&](std::uint64_t page) { return file.durable.data() + page * kPageBytes; };
    for (std::uint64_t page = 0; page < file.reached.size(); ++page) {
        if (file.reached[page]) {
            std::memcpy(cut.disk.add(page), on_disk(page), kPageBytes);
        }
    }
    Pages cache;
    file.read_cache(0, file.size(), cache);
    std::size_t at = 0;
    const std::uint64_t pages = base::divide_up(file.size(), kPageBytes);
    const auto add = [&](std::uint64_t page, const std::byte* now) {
        Cut::Changed changed{page, !reached(page), {}};
        if (const auto started = file.started.find(page); started != file.started.end()) {
            changed.versions.push_back(started->second);
        }
        std::memcpy(changed.versions.emplace_back().data(), now, kPageBytes);
        cut.changed.push_back(std::move(changed));
    };
    static constexpr Page kZero{};
    for (std::uint64_t page = 0; page < pages; ++page) {
        if (at == cache.numbers.size() && page >= file.reached.size()) {
            break;
        }
        const bool data = at < cache.numbers.size() && cache.numbers[at] == page;
        const std::byte* now = data ? cache.bytes.data() + at++ * kPageBytes : kZero.data();
        const bool same = reached(page) ? std::memcmp(now, on_disk(page), kPageBytes) == 0 : !data;
        if (!same || file.started.contains(page)) {
            add(page, now);
        }
    }
    return cut;
}

}  // namespace

// ---- FileState ----

FileState::FileState(std::weak_ptr<DiskState> on, std::uint64_t disk_number, std::uint64_t file_number)
    : disk(std::move(on)) {
    id.volume = disk_number;
    std::memcpy(id.file.data(), &file_number, sizeof file_number);
    descriptor = memfd_create("quire-sim", MFD_CLOEXEC);
    base::require(descriptor >= 0, "no memory for a simulated file");
}

FileState::~FileState() { ::close(descriptor); }

void FileState::read_cache(std::uint64_t begin, std::uint64_t end, Pages& into) const {
    end = std::min(end, size());
    begin = base::align_down(begin, kPageBytes);
    while (begin < end) {
        const off_t data = ::lseek(descriptor, static_cast<off_t>(begin), SEEK_DATA);
        if (data < 0) {   // nothing but a hole up to the end
            base::require(errno == ENXIO, "a simulated file cannot be read");
            return;
        }
        const off_t hole = ::lseek(descriptor, data, SEEK_HOLE);
        base::require(hole > data, "a simulated file cannot be read");
        const auto from = std::max(begin, base::align_down(static_cast<std::uint64_t>(data), kPageBytes));
        const auto to = std::min(base::align_up(static_cast<std::uint64_t>(hole), kPageBytes),
                                 base::align_up(end, kPageBytes));
        if (from >= to) {
            return;
        }
        const std::size_t at = into.bytes.size();
        into.bytes.resize(at + (to - from));
        for (std::uint64_t page = from / kPageBytes; page < to / kPageBytes; ++page) {
            into.numbers.push_back(page);
        }
        const ssize_t got = ::pread(descriptor, into.bytes.data() + at, to - from, static_cast<off_t>(from));
        base::require(got >= 0, "a simulated file cannot be read");
        begin = to;
    }
}

void FileState::write_cache(const void* from, std::uint64_t bytes, std::uint64_t offset) {
    const ssize_t put = ::pwrite(descriptor, from, bytes, static_cast<off_t>(offset));
    base::require(put >= 0 && static_cast<std::uint64_t>(put) == bytes, "a simulated file cannot be written");
}

void FileState::set_size(std::uint64_t next) {
    base::require(::ftruncate(descriptor, static_cast<off_t>(next)) == 0, "a simulated file cannot be resized");
    if (next != size()) {
        sizes.push_back(next);
    }
}

void FileState::store_durable(std::uint64_t page, const std::byte* content) {
    if (page >= reached.size()) {
        reached.resize(page + 1);
        durable.resize((page + 1) * kPageBytes);
    }
    std::memcpy(durable.data() + page * kPageBytes, content, kPageBytes);
    reached[page] = true;
}

// ---- the world ----

World& world() {
    static World* const world = new World;
    return *world;
}

Place place_of(std::string_view path) {
    auto& disks = world().disks;
    if (const auto own = disks.find(path); own != disks.end()) {
        return {own->second, {}};
    }
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return {};
    }
    const auto disk = disks.find(path.substr(0, slash));
    return disk == disks.end() ? Place{} : Place{disk->second, path.substr(slash + 1)};
}

bool counts(const std::weak_ptr<DiskState>& disk) noexcept {
    const auto state = disk.lock();
    return state && !state->retired.load(std::memory_order_relaxed);
}

void announce(const std::weak_ptr<DiskState>& disk, Call call, bool done, std::uint64_t offset,
              std::uint64_t length) noexcept {
    const auto state = disk.lock();
    if (!world().hook || inside_hook || !state || state->retired.load(std::memory_order_relaxed)) {
        return;
    }
    inside_hook = true;
    world().hook(CutPoint{call, done, state->path, offset, length});
    inside_hook = false;
}

CutHook set_cut_hook(CutHook hook) {
    std::swap(world().hook, hook);
    return hook;
}

std::string_view name(Call call) noexcept {
    constexpr std::string_view kNames[] = {"create", "allocate", "resize", "write", "sync", "rename", "remove",
                                           "sync_directory", "map", "adopt", "flush", "populate", "lock", "unlock"};
    return kNames[static_cast<std::size_t>(call)];
}

void behave_like(System system) noexcept { world().system.store(system, std::memory_order_relaxed); }
System behaviour() noexcept { return world().system.load(std::memory_order_relaxed); }

Chance::Chance(std::uint64_t seed) noexcept
    : random_before_(world().random.exchange(seed, std::memory_order_relaxed)),
      clock_before_(world().clock.exchange(0, std::memory_order_relaxed)) {}

Chance::~Chance() {
    world().random.store(random_before_, std::memory_order_relaxed);
    world().clock.store(clock_before_, std::memory_order_relaxed);
}

// ---- Disk ----

Disk::Disk() {
    const std::lock_guard lock(world().mutex);
    state_ = make_disk();
}

Disk::Disk(const Image& image) : Disk() {
    const std::lock_guard lock(world().mutex);
    Directory directory;
    for (const auto& [name, from] : image.files) {
        auto file = make_file(state_);
        write_pages(*file, from.content);
        file->set_size(from.size);
        file->sizes = {from.size};
        for (std::size_t i = 0; i < from.content.numbers.size(); ++i) {
            file->store_durable(from.content.numbers[i], from.content.bytes.data() + i * kPageBytes);
        }
        directory.emplace(name, std::move(file));
    }
    state_->directories = {std::move(directory)};
}

Disk::Disk(Disk&& other) noexcept : state_(std::move(other.state_)) {}

Disk& Disk::operator=(Disk&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

Disk::~Disk() {
    if (state_) {
        retire();
        const std::lock_guard lock(world().mutex);
        world().disks.erase(state_->path);
    }
}

const std::string& Disk::path() const noexcept { return state_->path; }
std::string Disk::path_of(std::string_view name) const { return state_->path + '/' + std::string(name); }
void Disk::retire() noexcept { state_->retired.store(true, std::memory_order_relaxed); }

Cut Disk::cut() const {
    const std::lock_guard lock(world().mutex);
    Cut cut;
    std::map<const FileState*, std::size_t> numbers;
    for (const Directory& directory : state_->directories) {
        Cut::Names names;
        for (const auto& [name, file] : directory) {
            const auto [known, fresh] = numbers.emplace(file.get(), cut.files.size());
            if (fresh) {
                cut.files.push_back(cut_of(*file));
            }
            names.emplace(name, known->second);
        }
        cut.directories.push_back(std::move(names));
    }
    return cut;
}

Disk Disk::after_kill() const {
    Disk next;
    const std::lock_guard lock(world().mutex);
    std::map<const FileState*, std::shared_ptr<FileState>> copies;
    next.state_->directories.clear();
    for (const Directory& directory : state_->directories) {
        Directory names;
        for (const auto& [name, file] : directory) {
            auto& copy = copies[file.get()];
            if (!copy) {
                copy = make_file(next.state_);
                Pages cache;
                file->read_cache(0, file->size(), cache);
                write_pages(*copy, cache);
                copy->set_size(file->size());
                copy->sizes = file->sizes;
                copy->durable = file->durable;
                copy->reached = file->reached;
                copy->started = file->started;
            }
            names.emplace(name, copy);
        }
        next.state_->directories.push_back(std::move(names));
    }
    return next;
}

}  // namespace quire::sim
