// SPDX-License-Identifier: MIT
//
// Files on Windows.
#include "platform/file.h"

#include <algorithm>
#include <utility>

#include "base/math.h"
#include "platform/win32/win32.h"

#include <winternl.h>

namespace quire::platform {

using win32::fail;
using win32::handle_of;

namespace {

DWORD access_rights(bool writable) noexcept { return writable ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ; }

constexpr std::uint64_t kOffsetMax = INT64_MAX;
constexpr std::size_t kTransferMax = std::size_t{1} << 30;

// What a failed change of size or contents was about: bytes wanted if there is no room, else where it was.
std::unexpected<Error> fail_at(DWORD error, const char* what, std::uint64_t wanted, std::uint64_t offset) noexcept {
    return fail(error, what, win32::code_of(error) == Errc::full ? wanted : offset);
}

// The handles are synchronous: the OVERLAPPED is only where the transfer begins.
OVERLAPPED position(std::uint64_t offset) noexcept {
    OVERLAPPED at{};
    at.Offset = win32::low_half(offset);
    at.OffsetHigh = win32::high_half(offset);
    return at;
}

DWORD set_end(HANDLE handle, std::uint64_t size) noexcept {
    FILE_END_OF_FILE_INFO info{};
    info.EndOfFile.QuadPart = static_cast<LONGLONG>(size);
    if (::SetFileInformationByHandle(handle, FileEndOfFileInfo, &info, sizeof info)) {
        return ERROR_SUCCESS;
    }
    const DWORD error = ::GetLastError();
    const bool beyond = error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_ENOUGH_MEMORY;   // the latter on Wine
    return beyond ? ERROR_FILE_TOO_LARGE : error;   // more than the volume can address
}

// Flushes data and what is needed to read it again. False: this system or volume has no such thing.
bool flush_data(HANDLE handle, DWORD& error) noexcept {
    using Flush = NTSTATUS NTAPI(HANDLE, ULONG, PVOID, ULONG, PIO_STATUS_BLOCK);
    using Translate = ULONG NTAPI(NTSTATUS);
    static Flush* const flush = win32::procedure<Flush>(L"ntdll.dll", "NtFlushBuffersFileEx");
    static Translate* const translate = win32::procedure<Translate>(L"ntdll.dll", "RtlNtStatusToDosError");
    constexpr ULONG kDataSyncOnly = 4;   // FLUSH_FLAGS_FILE_DATA_SYNC_ONLY: unlike 1 and 2, it flushes the device
    if (flush == nullptr || translate == nullptr) {
        return false;
    }
    IO_STATUS_BLOCK status{};
    const NTSTATUS result = flush(handle, kDataSyncOnly, nullptr, 0, &status);
    switch (static_cast<std::uint32_t>(result)) {
    case 0xC0000002:    // STATUS_NOT_IMPLEMENTED
    case 0xC0000003:    // STATUS_INVALID_INFO_CLASS
    case 0xC000000D:    // STATUS_INVALID_PARAMETER
    case 0xC0000010:    // STATUS_INVALID_DEVICE_REQUEST
    case 0xC00000BB:    // STATUS_NOT_SUPPORTED
        return false;
    default:
        // No second try by FlushFileBuffers: it might report success for what this one has lost.
        error = result >= 0 ? ERROR_SUCCESS : translate(result);
        return true;
    }
}

}  // namespace

Result<File> File::open(std::string_view path, OpenMode mode) noexcept {
    const bool writable = mode != OpenMode::read;
    QUIRE_TRY_AS(const win32::Opened opened, win32::open_regular(path, access_rights(writable),
                                                         mode == OpenMode::create_new ? CREATE_NEW : OPEN_EXISTING));
    File file;
    file.handle_ = win32::number_of(opened.handle);
    file.writable_ = writable;
    file.id_ = opened.id;
    try {
        file.path_ = path;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory for a path");
    }
    return file;
}

Result<File> File::reopen() const noexcept {
    const HANDLE handle = ::ReOpenFile(handle_of(handle_), access_rights(writable_), FILE_SHARE_READ | FILE_SHARE_WRITE, 0);
    if (handle == INVALID_HANDLE_VALUE) {
        return fail(::GetLastError(), "cannot open the file again");
    }
    File file;
    file.handle_ = win32::number_of(handle);
    file.writable_ = writable_;
    file.id_ = id_;
    try {
        file.path_ = path_;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory for a path");
    }
    return file;
}

Result<std::uint64_t> File::size() const noexcept {
    LARGE_INTEGER size{};
    if (!::GetFileSizeEx(handle_of(handle_), &size)) {
        return fail(::GetLastError(), "cannot query the file's size");
    }
    return static_cast<std::uint64_t>(size.QuadPart);
}

Result<void> File::allocate(std::uint64_t offset, std::uint64_t length) noexcept {
    if (length == 0) {
        return {};
    }
    if (!base::fits(offset, length, kOffsetMax)) {
        return fail(ERROR_FILE_TOO_LARGE, "cannot allocate space for the file", length);
    }
    // Below its size a file that is not sparse has its clusters. Between the look and the call another process may
    // have grown it further: the call would then cut it, were it not mapped; mapped, Windows refuses (1224), and the
    // next look sees enough. FileAllocationInfo adds nothing to a file that is not sparse, and can cut as well.
    const std::uint64_t end = offset + length;
    for (int tries = 0;; ++tries) {
        QUIRE_TRY_AS(const std::uint64_t size, this->size());
        if (size >= end) {
            return {};
        }
        const DWORD error = set_end(handle_of(handle_), end);
        if (error == ERROR_SUCCESS) {
            return {};
        }
        if (error != ERROR_USER_MAPPED_FILE || tries == 100) {
            return fail_at(error, "cannot allocate space for the file", length, offset);
        }
    }
}

Result<void> File::resize(std::uint64_t size) noexcept {
    const DWORD error = size > kOffsetMax ? ERROR_FILE_TOO_LARGE : set_end(handle_of(handle_), size);
    if (error != ERROR_SUCCESS) {
        return fail_at(error, "cannot set the file's size", size, size);
    }
    return {};
}

Result<void> File::read_at(std::span<std::byte> into, std::uint64_t offset) const noexcept {
    std::size_t done = 0;
    while (done < into.size()) {
        OVERLAPPED at = position(offset + done);
        const auto wanted = static_cast<DWORD>(std::min(into.size() - done, kTransferMax));
        DWORD got = 0;
        if (!::ReadFile(handle_of(handle_), into.data() + done, wanted, &got, &at)) {
            const DWORD error = ::GetLastError();
            if (error != ERROR_HANDLE_EOF) {
                return fail(error, "cannot read from the file", offset + done);
            }
        }
        if (got == 0) {
            return base::fail(Errc::truncated, "the file ends before what was to be read", done);
        }
        done += got;
    }
    return {};
}

Result<void> File::write_at(std::span<const std::byte> from, std::uint64_t offset) noexcept {
    std::size_t done = 0;
    while (done < from.size()) {
        OVERLAPPED at = position(offset + done);
        const auto wanted = static_cast<DWORD>(std::min(from.size() - done, kTransferMax));
        DWORD put = 0;
        if (!::WriteFile(handle_of(handle_), from.data() + done, wanted, &put, &at)) {
            return fail_at(::GetLastError(), "cannot write to the file", from.size(), offset + done);
        }
        done += put;
    }
    return {};
}

Result<void> File::sync() noexcept {
    // DURABLE: what FlushViewOfFile has only started, the file's size and extents, and the device's cache.
    DWORD error = ERROR_SUCCESS;
    if (!flush_data(handle_of(handle_), error)) {
        error = ::FlushFileBuffers(handle_of(handle_)) ? ERROR_SUCCESS : ::GetLastError();
    }
    if (error != ERROR_SUCCESS) {
        return base::fail(Errc::io, "cannot flush the file", 0, error);
    }
    return {};
}

void File::forbid_copy_on_write() noexcept {}   // NTFS overwrites in place; ReFS offers no such wish

Result<std::uint64_t> File::allocated_bytes() const noexcept {
    FILE_STANDARD_INFO info{};
    if (!::GetFileInformationByHandleEx(handle_of(handle_), FileStandardInfo, &info, sizeof info)) {
        return fail(::GetLastError(), "cannot query the file's space");
    }
    return static_cast<std::uint64_t>(info.AllocationSize.QuadPart);
}

File::File(File&& other) noexcept
    : handle_(std::exchange(other.handle_, -1)),
      writable_(other.writable_),
      id_(other.id_),
      path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    if (this != &other) {
        File old(std::move(*this));
        handle_ = std::exchange(other.handle_, -1);
        writable_ = other.writable_;
        id_ = other.id_;
        path_ = std::move(other.path_);
    }
    return *this;
}

File::~File() {
    if (handle_ != -1) {
        ::CloseHandle(handle_of(handle_));
    }
}

// ---- names ----

Result<void> rename_new(std::string_view from, std::string_view to) noexcept {
    QUIRE_TRY_AS(const std::wstring old_name, win32::wide_path(from));
    QUIRE_TRY_AS(const std::wstring new_name, win32::wide_path(to));
    for (win32::Patience patience;;) {
        if (::MoveFileExW(old_name.c_str(), new_name.c_str(), MOVEFILE_WRITE_THROUGH)) {
            return {};
        }
        const DWORD error = ::GetLastError();
        if (!patience.again(error, old_name.c_str())) {
            return fail(error, "cannot rename the file");
        }
    }
}

Result<void> remove(std::string_view path) noexcept {
    QUIRE_TRY_AS(const std::wstring name, win32::wide_path(path));
    for (win32::Patience patience;;) {
        if (::DeleteFileW(name.c_str())) {
            return {};
        }
        const DWORD error = ::GetLastError();
        if (!patience.again(error, name.c_str())) {
            return fail(error, "cannot remove the file");
        }
    }
}

Result<void> sync_directory_of(std::string_view) noexcept { return {}; }   // NTFS logs names; there is nothing to call

Result<FileId> id_of(std::string_view path) noexcept {
    QUIRE_TRY_AS(const std::wstring name, win32::wide_path(path));
    // FILE_FLAG_BACKUP_SEMANTICS opens directories too, so that they can be told from what is denied.
    const HANDLE handle = ::CreateFileW(name.c_str(), FILE_READ_ATTRIBUTES,
                                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                                        FILE_FLAG_BACKUP_SEMANTICS, nullptr);
    if (handle == INVALID_HANDLE_VALUE) {
        return fail(::GetLastError(), "cannot query the file");
    }
    BY_HANDLE_FILE_INFORMATION info{};
    const bool regular = ::GetFileType(handle) == FILE_TYPE_DISK && ::GetFileInformationByHandle(handle, &info) &&
                         (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
    Result<FileId> id = win32::id_from(handle);
    ::CloseHandle(handle);
    if (!regular) {
        return base::fail(Errc::not_a_store, "not a regular file");
    }
    return id;
}

}  // namespace quire::platform
