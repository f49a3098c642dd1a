// SPDX-License-Identifier: MIT
//
// An open file: size, real disk space, device flush, identity; and names in a directory.
//
// Facts  A handle is never inherited by a child process. Windows: opened with share read and write, not delete,
//        so others cannot rename or delete it by accident; a sharing violation by a scanner is retried for ~1.4 s.
//        A file is never shrunk while mapped (Windows refuses with 1224, Linux turns later access into SIGBUS).
//        New space is not assumed to be zero. Paths are UTF-8.
// Threads  All members from any thread; the object is moved by one.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <quire/error.h>

namespace quire::platform {

struct FileId {   // the same for every path, link and process of one machine; ids may be used again after a delete
    std::uint64_t volume = 0;
    std::array<std::uint8_t, 16> file{};
    friend auto operator<=>(const FileId&, const FileId&) = default;
};

enum class OpenMode : std::uint8_t {
    read,          // never creates
    read_write,    // never creates
    create_new,    // read and write; `already_exists` if there is one
};

class File {
public:
    // Errors: not_found, already_exists, access_denied, not_a_store (a directory or device), invalid_argument (no path),
    // busy (Windows: another program shares it with nobody, or it is being deleted), io.
    [[nodiscard]] static Result<File> open(std::string_view path, OpenMode mode) noexcept;
    // The same file, wherever its name is by now, through a second description: flush errors are reported to each
    // description once (Linux).
    [[nodiscard]] Result<File> reopen() const noexcept;

    [[nodiscard]] Result<std::uint64_t> size() const noexcept;
    // Makes [offset, offset + length) exist on the volume and the size at least its end; never shrinks. Errors: full
    // (detail: length), io. Windows: two processes may do it at once only while the file is mapped.
    [[nodiscard]] Result<void> allocate(std::uint64_t offset, std::uint64_t length) noexcept;
    // Sets the size without allocating; only before anything is mapped, or to grow. Errors: full, busy (Windows: would
    // cut what is mapped), io.
    [[nodiscard]] Result<void> resize(std::uint64_t size) noexcept;
    // Whole transfers; a short read is `truncated` with the bytes read as detail.
    [[nodiscard]] Result<void> read_at(std::span<std::byte> into, std::uint64_t offset) const noexcept;
    [[nodiscard]] Result<void> write_at(std::span<const std::byte> from, std::uint64_t offset) noexcept;
    // Data, size and the device's cache: what View::flush started is durable when this returns. Never retried after
    // an error: the first error may be the only one. FlushFileBuffers; fdatasync.
    [[nodiscard]] Result<void> sync() noexcept;
    // On a copy-on-write volume: asks that this new, empty file be overwritten in place. Best effort.
    void forbid_copy_on_write() noexcept;
    // Allocated bytes on the volume (st_blocks × 512; compressed size), for figures.
    [[nodiscard]] Result<std::uint64_t> allocated_bytes() const noexcept;

    const FileId& id() const noexcept { return id_; }
    const std::string& path() const noexcept { return path_; }
    bool writable() const noexcept { return writable_; }
    std::intptr_t handle() const noexcept { return handle_; }   // for view.cpp and lock_file.cpp alone

    File() noexcept = default;
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();

private:
    std::intptr_t handle_ = -1;
    bool writable_ = false;
    FileId id_;
    std::string path_;
};

// ---- names ----

// Renames; `already_exists` if `to` exists. Atomic for those who look for `to`.
[[nodiscard]] Result<void> rename_new(std::string_view from, std::string_view to) noexcept;
[[nodiscard]] Result<void> remove(std::string_view path) noexcept;              // not_found is an error too
// The directory that holds `path`: its entries survive a power cut when this returns (no-op on Windows).
[[nodiscard]] Result<void> sync_directory_of(std::string_view path) noexcept;
[[nodiscard]] Result<FileId> id_of(std::string_view path) noexcept;              // without keeping it open

}  // namespace quire::platform
