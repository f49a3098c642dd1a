// SPDX-License-Identifier: MIT
//
// Views on Windows: each of an unnamed section of its own. A named one would have a size, a namespace and an access list.
#include "platform/view.h"

#include <utility>

#include "base/abort.h"
#include "base/math.h"
#include "platform/dirty_page.h"
#include "platform/fault.h"
#include "platform/win32/win32.h"

namespace quire::platform {

namespace {

struct Protection {
    DWORD section;
    DWORD view;
};

Protection protection_of(ViewMode mode) noexcept {
    switch (mode) {
    case ViewMode::read: return {PAGE_READONLY, FILE_MAP_READ};
    case ViewMode::read_write: return {PAGE_READWRITE, FILE_MAP_WRITE};
    case ViewMode::write_copy: break;
    }
    return {PAGE_WRITECOPY, FILE_MAP_COPY};   // COPY alone: together with READ it is a plain reading view
}

void require_within(const View& view, std::uint64_t offset, std::uint64_t bytes) noexcept {
    base::require(base::fits(offset, bytes, view.size()), "a range is not within its view");
}

}  // namespace

std::uint64_t map_granularity() noexcept {
    static const std::uint64_t granularity = [] {
        SYSTEM_INFO info{};
        ::GetSystemInfo(&info);
        return info.dwAllocationGranularity;
    }();
    return granularity;
}

bool maps_past_end() noexcept { return false; }
bool flush_reaches_device() noexcept { return false; }

Result<View> View::map(const File& file, std::uint64_t offset, std::uint64_t bytes, ViewMode mode) noexcept {
    base::require(bytes != 0 && offset % map_granularity() == 0, "a view begins at no multiple of the granularity");
    QUIRE_TRY_AS(const std::uint64_t size, file.size());
    if (!base::fits(offset, bytes, size)) {
        return base::fail(Errc::truncated, "the file ends before the view", size);
    }
    const Protection protection = protection_of(mode);
    // Size 0: as long as the file is. A number would grow the file, without a word, if it were too large.
    const HANDLE section =
        ::CreateFileMappingW(win32::handle_of(file.handle()), nullptr, protection.section, 0, 0, nullptr);
    if (section == nullptr) {
        return win32::fail(::GetLastError(), "cannot make a section of the file", offset);
    }
    void* const data =
        ::MapViewOfFile(section, protection.view, win32::high_half(offset), win32::low_half(offset), bytes);
    const DWORD error = data == nullptr ? ::GetLastError() : ERROR_SUCCESS;
    ::CloseHandle(section);   // the view keeps the section
    if (data == nullptr) {
        return win32::fail(error, "cannot map the file", offset);
    }
    View view;
    view.data_ = static_cast<std::byte*>(data);
    view.bytes_ = bytes;
    watch_faults(view.data_, bytes);
    return view;
}

void View::adopt(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    require_within(*this, offset, bytes);
    const std::uint64_t end = base::align_up(offset + bytes, kDirtyStep);
    for (std::uint64_t at = base::align_down(offset, kDirtyStep); at < end; at += kDirtyStep) {
        dirty_page(data_ + at);
    }
}

Result<void> View::flush(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    require_within(*this, offset, bytes);
    if (bytes == 0) {   // to FlushViewOfFile, 0 means all
        return {};
    }
    for (win32::Patience patience;;) {
        // DURABLE: hands the dirty pages of *this view* to the device; File::sync must follow, which waits for it.
        if (::FlushViewOfFile(data_ + offset, bytes)) {
            return {};
        }
        // 33: the memory manager is writing the same pages. Nothing is lost, so this error alone is tried again.
        const DWORD error = ::GetLastError();
        if (error != ERROR_LOCK_VIOLATION || !patience.again(error, L"")) {
            return base::fail(Errc::io, "cannot flush a view", offset, error);
        }
    }
}

Result<void> View::populate(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    require_within(*this, offset, bytes);
    const auto fault = catch_faults([&]() noexcept { adopt(offset, bytes); });
    if (!fault) {
        return {};
    }
    constexpr std::uint32_t kStatusDiskFull = 0xC000007F;
    if (fault->os_code == kStatusDiskFull) {
        return base::fail(Errc::full, "no space behind a view", bytes, fault->os_code);
    }
    return base::fail(Errc::io, "cannot bring in the pages of a view",
                      static_cast<std::uint64_t>(fault->address - data_), fault->os_code);
}

void View::prefetch(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    require_within(*this, offset, bytes);
    using Prefetch = BOOL WINAPI(HANDLE, ULONG_PTR, PWIN32_MEMORY_RANGE_ENTRY, ULONG);
    static Prefetch* const call = win32::procedure<Prefetch>(L"kernel32.dll", "PrefetchVirtualMemory");
    if (call != nullptr && bytes != 0) {
        WIN32_MEMORY_RANGE_ENTRY range{data_ + offset, bytes};
        call(::GetCurrentProcess(), 1, &range, 0);
    }
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
        ::UnmapViewOfFile(data_);
    }
}

}  // namespace quire::platform
