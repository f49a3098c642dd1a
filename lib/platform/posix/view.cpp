// SPDX-License-Identifier: MIT
//
// Views on Linux: mmap.
#include "platform/view.h"

#include <utility>

#include <sys/mman.h>

#include "base/abort.h"
#include "base/math.h"
#include "platform/dirty_page.h"
#include "platform/fault.h"
#include "platform/posix/posix.h"

namespace quire::platform {

namespace {

// The kernel's numbers, since 5.14: headers may be older than the kernel.
constexpr int kPopulateRead = 22;
constexpr int kPopulateWrite = 23;

struct Pages {
    std::byte* begin;
    std::size_t bytes;
};

Pages pages_of(const View& view, std::uint64_t offset, std::uint64_t bytes) noexcept {
    base::require(base::fits(offset, bytes, view.size()), "a range is not within its view");
    const std::uint64_t begin = base::align_down(offset, map_granularity());
    return {view.data() + begin, base::align_up(offset + bytes, map_granularity()) - begin};
}

}  // namespace

std::uint64_t map_granularity() noexcept {
    static const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return page_size;
}

bool maps_past_end() noexcept { return true; }
bool flush_reaches_device() noexcept { return true; }

Result<View> View::map(const File& file, std::uint64_t offset, std::uint64_t bytes, ViewMode mode) noexcept {
    base::require(bytes != 0 && offset % map_granularity() == 0, "a view begins at no multiple of the granularity");
    const int protection = mode == ViewMode::read ? PROT_READ : PROT_READ | PROT_WRITE;
    // A private view is charged page by page as it is written: a fork of a large store must not need its size in swap.
    const int flags = mode == ViewMode::write_copy ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
    void* const data = ::mmap(nullptr, bytes, protection, flags, static_cast<int>(file.handle()),
                              static_cast<off_t>(offset));
    if (data == MAP_FAILED) {
        return posix::fail(errno, "cannot map the file", offset);
    }
    // A forked child must fault, not share: its stores would bypass every lock.
    if (::madvise(data, bytes, MADV_DONTFORK) != 0) {
        const int error = errno;
        ::munmap(data, bytes);
        return posix::fail(error, "cannot keep a view from forked children", offset);
    }
    View view;
    view.data_ = static_cast<std::byte*>(data);
    view.bytes_ = bytes;
    watch_faults(view.data_, bytes);
    return view;
}

void View::adopt(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Pages pages = pages_of(*this, offset, bytes);
    for (std::size_t at = 0; at < pages.bytes; at += kDirtyStep) {
        dirty_page(pages.begin + at);
    }
}

Result<void> View::flush(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Pages pages = pages_of(*this, offset, bytes);
    // DURABLE: the range's dirty pages, whoever stored them, and the device's cache. Never called again after an error.
    if (pages.bytes != 0 && ::msync(pages.begin, pages.bytes, MS_SYNC) != 0) {
        return base::fail(Errc::io, "cannot flush a view", offset, static_cast<std::uint32_t>(errno));
    }
    return {};
}

Result<void> View::populate(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Pages pages = pages_of(*this, offset, bytes);
    const auto advise = [&](int advice) noexcept {
        return posix::uninterrupted([&] { return ::madvise(pages.begin, pages.bytes, advice); });
    };
    if (pages.bytes == 0 || advise(kPopulateWrite) == 0) {
        return {};
    }
    int error = errno;
    if (error == EINVAL) {   // before Linux 5.14
        const auto fault = catch_faults([&]() noexcept { adopt(offset, bytes); });
        if (!fault) {
            return {};
        }
        error = EFAULT;
    }
    // The kernel does not say why a page cannot be had. One that can be read but not written lacks space.
    if (error == EFAULT && advise(kPopulateRead) == 0) {
        return base::fail(Errc::full, "no space behind a view", bytes, static_cast<std::uint32_t>(error));
    }
    return posix::fail(error, "cannot bring in the pages of a view", offset);
}

void View::prefetch(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    const Pages pages = pages_of(*this, offset, bytes);
    ::madvise(pages.begin, pages.bytes, MADV_WILLNEED);
}

View::View(View&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

View& View::operator=(View&& other) noexcept {
    if (this != &other) {
        View old(std::move(*this));
        data_ = std::exchange(other.data_, nullptr);
        bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
}

View::~View() {
    if (data_ != nullptr) {
        unwatch_faults(data_);   // first: the next view may be mapped at the same address
        ::munmap(data_, bytes_);
    }
}

}  // namespace quire::platform
