// SPDX-License-Identifier: MIT
#include "platform/view.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/mman.h>

#include "base/abort.h"
#include "base/math.h"
#include "base/try.h"
#include "sim/state.h"

namespace quire::platform {
namespace {

using base::fail;
using sim::Call;
using sim::kPageBytes;
using sim::world;

// A copy: the entry may move away while a hook runs.
struct Found {
    std::shared_ptr<sim::FileState> file;
    std::uint64_t offset = 0;
    ViewMode mode = ViewMode::read;
};

Found find(const std::byte* data, std::uint64_t bytes, std::uint64_t offset, std::uint64_t length) {
    const std::lock_guard lock(world().mutex);
    const auto view = world().views.find(data);
    base::require(view != world().views.end(), "a view that is not mapped is used");
    base::require(base::fits(offset, length, bytes), "a range outside its view is used");
    return {view->second.file, view->second.offset, view->second.mode};
}

bool past_end(const Found& view, std::uint64_t offset, std::uint64_t length) {
    const std::lock_guard lock(world().mutex);
    return view.offset + offset + length > base::align_up(view.file->size(), kPageBytes);
}

}  // namespace

std::uint64_t map_granularity() noexcept { return sim::kMapGranularity; }
bool maps_past_end() noexcept { return sim::behaviour() == sim::System::linux_like; }
bool flush_reaches_device() noexcept { return sim::behaviour() == sim::System::linux_like; }

Result<View> View::map(const File& file, std::uint64_t offset, std::uint64_t bytes, ViewMode mode) noexcept {
    const auto state = sim::handle_of(file.handle()).file;
    base::require(offset % sim::kMapGranularity == 0, "a view must begin at a multiple of the map granularity");
    base::require(bytes > 0, "a view of nothing");
    if (mode == ViewMode::read_write && !file.writable()) {
        return fail(Errc::access_denied, "a writable view of a file opened for reading", 0, EACCES);
    }
    sim::announce(state->disk, Call::map, false, offset, bytes);
    const std::lock_guard lock(world().mutex);
    if (!maps_past_end() && offset + bytes > state->size()) {
        return fail(Errc::truncated, "the view reaches past the file's end", state->size());
    }
    const int protection = mode == ViewMode::read ? PROT_READ : PROT_READ | PROT_WRITE;
    void* at = ::mmap(nullptr, bytes, protection, mode == ViewMode::write_copy ? MAP_PRIVATE : MAP_SHARED,
                      state->descriptor, static_cast<off_t>(offset));
    if (at == MAP_FAILED) {
        return fail(Errc::out_of_memory, "map", bytes, static_cast<std::uint32_t>(errno));
    }
    View view;
    view.data_ = static_cast<std::byte*>(at);
    view.bytes_ = bytes;
    world().views.emplace(view.data_, sim::ViewState{state, offset, bytes, mode, {}});
    return view;
}

void View::adopt(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Found view = find(data_, bytes_, offset, bytes);
    if (bytes == 0) {
        return;
    }
    base::require(view.mode == ViewMode::read_write, "only a writable view can adopt");
    base::require(!past_end(view, offset, bytes), "adopting past the file's end: a fault on a real system");
    sim::announce(view.file->disk, Call::adopt, false, view.offset + offset, bytes);
    if (!flush_reaches_device()) {
        const std::lock_guard lock(world().mutex);
        sim::ViewState& state = world().views.at(data_);
        state.adopted.resize(base::divide_up(bytes_, kPageBytes));
        for (std::uint64_t page = offset / kPageBytes; page <= (offset + bytes - 1) / kPageBytes; ++page) {
            state.adopted[page] = true;
        }
    }
}

Result<void> View::flush(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Found view = find(data_, bytes_, offset, bytes);
    if (bytes == 0 || view.mode != ViewMode::read_write) {
        return {};
    }
    sim::announce(view.file->disk, Call::flush, false, view.offset + offset, bytes);
    if (sim::counts(view.file->disk)) {
        const std::lock_guard lock(world().mutex);
        sim::ViewState& state = world().views.at(data_);
        sim::Pages cache;
        view.file->read_cache(view.offset + offset, view.offset + offset + bytes, cache);
        for (std::size_t i = 0; i < cache.numbers.size(); ++i) {
            const std::uint64_t page = cache.numbers[i];
            const std::byte* content = cache.bytes.data() + i * kPageBytes;
            const std::uint64_t here = page - view.offset / kPageBytes;
            if (flush_reaches_device()) {
                view.file->store_durable(page, content);
            } else if (here < state.adopted.size() && state.adopted[here]) {
                std::memcpy(view.file->started[page].data(), content, kPageBytes);
                state.adopted[here] = false;
            }
        }
    }
    sim::announce(view.file->disk, Call::flush, true, view.offset + offset, bytes);
    return {};
}

Result<void> View::populate(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Found view = find(data_, bytes_, offset, bytes);
    if (past_end(view, offset, bytes)) {
        return fail(Errc::io, "populating past the file's end", view.offset + offset, EFAULT);
    }
    sim::announce(view.file->disk, Call::populate, false, view.offset + offset, bytes);
    return {};
}

void View::prefetch(std::uint64_t offset, std::uint64_t bytes) const noexcept { find(data_, bytes_, offset, bytes); }

View::View(View&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

View& View::operator=(View&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

View::~View() {
    if (data_ != nullptr) {
        const std::lock_guard lock(world().mutex);
        world().views.erase(data_);
        ::munmap(data_, bytes_);
    }
}

}  // namespace quire::platform
