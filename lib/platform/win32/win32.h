// SPDX-License-Identifier: MIT
//
// What the Windows twins share: the one include of <windows.h>, GetLastError as Error, wide paths, patience with
// scanners, opening what must be a regular file.
#pragma once

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef UNICODE
#define UNICODE
#endif
#include <windows.h>

#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include <quire/error.h>

#include "base/try.h"
#include "platform/file.h"

namespace quire::platform::win32 {

inline Errc code_of(DWORD error) noexcept {
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_DIRECTORY: return Errc::not_found;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return Errc::already_exists;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_WRITE_PROTECT: return Errc::access_denied;
    case ERROR_FILENAME_EXCED_RANGE: return Errc::invalid_argument;
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
    case ERROR_DELETE_PENDING:
    case ERROR_USER_MAPPED_FILE: return Errc::busy;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
    case 1295:   // ERROR_DISK_QUOTA_EXCEEDED, which some headers lack
    case ERROR_FILE_TOO_LARGE: return Errc::full;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES: return Errc::out_of_memory;
    case ERROR_INVALID_FUNCTION:
    case ERROR_NOT_SUPPORTED: return Errc::unsupported_volume;
    default: return Errc::io;
    }
}

inline std::unexpected<Error> fail(DWORD error, const char* what, std::uint64_t detail = 0) noexcept {
    return base::fail(code_of(error), what, detail, error);
}

inline HANDLE handle_of(std::intptr_t handle) noexcept { return reinterpret_cast<HANDLE>(handle); }
inline std::intptr_t number_of(HANDLE handle) noexcept { return reinterpret_cast<std::intptr_t>(handle); }

inline DWORD low_half(std::uint64_t word) noexcept { return static_cast<DWORD>(word); }
inline DWORD high_half(std::uint64_t word) noexcept { return static_cast<DWORD>(word >> 32); }

// A function that only newer systems have; null elsewhere. The module is one that every process has loaded.
template <class Function>
Function* procedure(const wchar_t* module, const char* name) noexcept {
    const HMODULE loaded = ::GetModuleHandleW(module);
    const FARPROC found = loaded == nullptr ? nullptr : ::GetProcAddress(loaded, name);
    return reinterpret_cast<Function*>(reinterpret_cast<void*>(found));
}

[[nodiscard]] inline Result<std::wstring> wide(std::string_view text) noexcept try {
    if (text.size() > 65535) {
        return base::fail(Errc::invalid_argument, "the path is too long");
    }
    std::wstring into(text.size(), L'\0');   // never more units than bytes
    const int length = text.empty() ? 0
                                    : ::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(),
                                                            static_cast<int>(text.size()), into.data(),
                                                            static_cast<int>(into.size()));
    if (length == 0 && !text.empty()) {
        return base::fail(Errc::invalid_argument, "the path is not UTF-8", 0, ::GetLastError());
    }
    into.resize(static_cast<std::size_t>(length));
    return into;
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory for a path");
}

// As the W functions want it. A path that is too long for them otherwise is made absolute and gets the prefix \\?\,
// which also switches off `/`, `..` and device names: others stay as they are.
[[nodiscard]] inline Result<std::wstring> wide_path(std::string_view path) noexcept try {
    constexpr std::size_t kPlainMax = 247;   // of a folder: room for a short name behind it
    if (path.find('\0') != std::string_view::npos) {   // would name another file than the caller means
        return base::fail(Errc::invalid_argument, "the path contains a zero byte");
    }
    QUIRE_TRY_AS(std::wstring given, wide(path));
    if (given.starts_with(LR"(\\?\)") || given.starts_with(LR"(\\.\)")) {
        return given;
    }
    const DWORD room = ::GetFullPathNameW(given.c_str(), 0, nullptr, nullptr);
    if (room <= kPlainMax) {   // 0: no path at all, as opening it will tell
        return given;
    }
    std::wstring full(room, L'\0');
    full.resize(::GetFullPathNameW(given.c_str(), room, full.data(), nullptr));
    if (full.starts_with(LR"(\\)")) {
        return LR"(\\?\UNC)" + full.substr(1);
    }
    return LR"(\\?\)" + full;
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory for a path");
}

// Tries again what a virus scanner, an indexer or an unfinished deletion may be in the way of: 10 times, 1.4 s in all.
class Patience {
public:
    // Right after the call that failed with `error`: sleeps and says yes, if that may pass.
    bool again(DWORD error, const wchar_t* path) noexcept {
        using LastStatus = LONG NTAPI();
        static LastStatus* const last_status = procedure<LastStatus>(L"ntdll.dll", "RtlGetLastNtStatus");
        constexpr std::uint32_t kDeletePending = 0xC0000056;   // to GetLastError, an access that is denied
        deleting_ = error == ERROR_ACCESS_DENIED && last_status != nullptr &&
                    static_cast<std::uint32_t>(last_status()) == kDeletePending;
        DWORD tries_max = 10;
        if (error == ERROR_ACCESS_DENIED && !deleting_) {
            // Seldom for a moment only, and never if it is a directory or read-only.
            const DWORD attributes = ::GetFileAttributesW(path);
            constexpr DWORD kForGood = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_READONLY;
            tries_max = attributes != INVALID_FILE_ATTRIBUTES && (attributes & kForGood) != 0 ? 0 : 2;
        } else if (error != ERROR_SHARING_VIOLATION && error != ERROR_LOCK_VIOLATION && !deleting_) {
            tries_max = 0;
        }
        if (tries_ >= tries_max) {
            return false;
        }
        ::Sleep(25 * ++tries_);
        return true;
    }
    bool deleting() const noexcept { return deleting_; }

private:
    DWORD tries_ = 0;
    bool deleting_ = false;
};

[[nodiscard]] inline Result<FileId> id_from(HANDLE handle) noexcept {
    FileId id;
    FILE_ID_INFO info{};
    if (::GetFileInformationByHandleEx(handle, FileIdInfo, &info, sizeof info)) {
        id.volume = info.VolumeSerialNumber;
        static_assert(sizeof info.FileId.Identifier == sizeof id.file);
        std::memcpy(id.file.data(), info.FileId.Identifier, sizeof id.file);
        return id;
    }
    BY_HANDLE_FILE_INFORMATION old{};   // FAT, and systems before Windows 8
    if (!::GetFileInformationByHandle(handle, &old)) {
        return fail(::GetLastError(), "cannot query the file");
    }
    id.volume = old.dwVolumeSerialNumber;
    const std::uint64_t index = std::uint64_t{old.nFileIndexHigh} << 32 | old.nFileIndexLow;
    std::memcpy(id.file.data(), &index, sizeof index);
    return id;
}

struct Opened {
    HANDLE handle;
    FileId id;
};

// `access` and `disposition` as for CreateFile. A directory, device or pipe is `not_a_store`.
[[nodiscard]] inline Result<Opened> open_regular(std::string_view path, DWORD access, DWORD disposition) noexcept {
    QUIRE_TRY_AS(const std::wstring name, wide_path(path));
    // Shared for reading and writing, not for deleting: nobody renames or removes it by accident. Not inherited.
    constexpr DWORD kShare = FILE_SHARE_READ | FILE_SHARE_WRITE;
    constexpr DWORD kAttributes = FILE_ATTRIBUTE_NORMAL | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;
    HANDLE handle = INVALID_HANDLE_VALUE;
    for (Patience patience;;) {
        handle = ::CreateFileW(name.c_str(), access, kShare, nullptr, disposition, kAttributes, nullptr);
        if (handle != INVALID_HANDLE_VALUE) {
            break;
        }
        const DWORD error = ::GetLastError();
        if (patience.again(error, name.c_str())) {
            continue;
        }
        const DWORD attributes = ::GetFileAttributesW(name.c_str());
        if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
            return base::fail(Errc::not_a_store, "not a regular file", 0, error);
        }
        if (patience.deleting()) {
            return base::fail(Errc::busy, "the file is being deleted", 0, error);
        }
        return fail(error, "cannot open the file");
    }
    if (::GetFileType(handle) != FILE_TYPE_DISK) {
        ::CloseHandle(handle);
        return base::fail(Errc::not_a_store, "not a regular file");
    }
    const auto id = id_from(handle);
    if (!id) {
        ::CloseHandle(handle);
        return std::unexpected(id.error());
    }
    return Opened{handle, *id};
}

}  // namespace quire::platform::win32
