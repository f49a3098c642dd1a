// SPDX-License-Identifier: MIT
//
// Volumes on Windows: by the file system's name, and by asking whether there is a protocol in between.
#include "platform/volume.h"

#include "platform/win32/win32.h"

namespace quire::platform {

namespace {

struct Kind {
    const wchar_t* name;
    const char* text;
    bool copy_on_write;
};

// ReFS writes elsewhere for integrity streams and after block clones.
constexpr Kind kKinds[] = {{L"NTFS", "NTFS", false}, {L"ReFS", "ReFS", true},   {L"FAT32", "FAT32", false},
                           {L"FAT", "FAT", false},   {L"exFAT", "exFAT", false}};

bool is_remote(HANDLE handle) noexcept {
    FILE_REMOTE_PROTOCOL_INFO protocol{};
    if (::GetFileInformationByHandleEx(handle, FileRemoteProtocolInfo, &protocol, sizeof protocol)) {
        return true;   // local volumes fail the call
    }
    // For redirectors that do not know the question: where the path really leads.
    wchar_t path[1024];
    const DWORD length = ::GetFinalPathNameByHandleW(handle, path, 1024, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    if (length == 0 || length >= 1024) {
        return false;
    }
    const std::wstring_view full(path, length);
    if (full.starts_with(LR"(\\?\UNC\)")) {
        return true;
    }
    const wchar_t root[] = {path[4], L':', L'\\', L'\0'};   // after the prefix
    return full.size() > 6 && path[5] == L':' && ::GetDriveTypeW(root) == DRIVE_REMOTE;
}

}  // namespace

Result<VolumeTraits> volume_traits(const File& file) noexcept {
    const HANDLE handle = win32::handle_of(file.handle());
    wchar_t name[MAX_PATH + 1] = {};
    DWORD flags = 0;
    if (!::GetVolumeInformationByHandleW(handle, nullptr, 0, nullptr, nullptr, &flags, name, MAX_PATH + 1)) {
        return win32::fail(::GetLastError(), "cannot query the volume");
    }
    VolumeTraits traits;
    traits.kind = "other";
    traits.remote = is_remote(handle);
    traits.read_only = (flags & FILE_READ_ONLY_VOLUME) != 0;
    for (const Kind& kind : kKinds) {
        if (std::wstring_view(name) == kind.name) {
            traits.kind = kind.text;
            traits.copy_on_write = kind.copy_on_write;
        }
    }
    return traits;
}

}  // namespace quire::platform
