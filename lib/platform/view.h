// SPDX-License-Identifier: MIT
//
// A mapped range of a file.
//
// Facts  Views of one file are coherent with each other in and between processes.
//        A write-copy view follows the shared file page by page until that page is written through it.
//        Windows: offsets are multiples of 64 KiB; a view cannot reach past the file's end; FlushViewOfFile writes the
//        dirty pages of *this* process's view without waiting for the device, and may fail with 33 (retried);
//        a view's dirty pages may stay unwritten for ever while it is mapped.
//        Linux: a view may reach past the end; touching there is SIGBUS until the file has grown.
//        Both: a mapped view is watched for faults (fault.h) until it is unmapped.
//        msync tells of a failed write-back once per open file description, and then reports success.
#pragma once

#include <cstddef>
#include <cstdint>

#include <quire/error.h>

#include "platform/file.h"

namespace quire::platform {

enum class ViewMode : std::uint8_t { read, read_write, write_copy };

std::uint64_t map_granularity() noexcept;   // offsets of views are multiples of this
bool maps_past_end() noexcept;              // may a view be longer than the file
bool flush_reaches_device() noexcept;       // true: View::flush alone is durable (msync); false: File::sync must follow

class View {
public:
    // Errors: out_of_memory (address space, commit charge), truncated (past the end where that is impossible; detail:
    // the size), access_denied (for writing, of a file opened for reading), io.
    [[nodiscard]] static Result<View> map(const File& file, std::uint64_t offset, std::uint64_t bytes,
                                          ViewMode mode) noexcept;

    std::byte* data() const noexcept { return data_; }
    std::uint64_t size() const noexcept { return bytes_; }

    // Dirties every page of the range *through this view* by an atomic no-op that no compiler drops, so that the
    // next flush writes it whoever stored it, even after a failed write-back has marked it clean.
    void adopt(std::uint64_t offset, std::uint64_t bytes) const noexcept;
    // Writes the range's dirty pages. FlushViewOfFile; msync(MS_SYNC). See flush_reaches_device().
    [[nodiscard]] Result<void> flush(std::uint64_t offset, std::uint64_t bytes) const noexcept;
    // Brings pages in, writable, without changing them: later stores do not fault.
    // Errors: full, io; on Windows only after install_fault_handler().
    [[nodiscard]] Result<void> populate(std::uint64_t offset, std::uint64_t bytes) const noexcept;
    void prefetch(std::uint64_t offset, std::uint64_t bytes) const noexcept;

    View() noexcept = default;
    View(View&& other) noexcept;
    View& operator=(View&& other) noexcept;
    ~View();

private:
    std::byte* data_ = nullptr;
    std::uint64_t bytes_ = 0;
};

}  // namespace quire::platform
