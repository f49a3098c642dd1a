// SPDX-License-Identifier: MIT
//
// The access list of the writers' mutex, written as a text that the system turns into a descriptor. The default list
// of a process would lock out the same user without elevation, and whoever else shares the file.
#include "platform/win32/security.h"

#include <aclapi.h>
#include <sddl.h>

#include <cwchar>
#include <vector>

namespace quire::platform::win32 {

namespace {

// "(A;;0x100001;;;S-1-5-…)"
bool append_entry(std::wstring& text, wchar_t kind, PSID sid) {
    wchar_t* name = nullptr;
    if (!::ConvertSidToStringSidW(sid, &name)) {
        return false;
    }
    wchar_t rights[16];
    std::swprintf(rights, std::size(rights), L"0x%lx", kQueueRights);
    ((((((text += L'(') += kind) += L";;") += rights) += L";;;") += name) += L')';
    ::LocalFree(name);
    return true;
}

// Grants and denials of writing the file become the same of the mutex, in the same order.
void append_writers(std::wstring& text, HANDLE file) {
    PACL list = nullptr;
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    if (::GetSecurityInfo(file, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr, &list, nullptr,
                          &descriptor) != ERROR_SUCCESS) {
        return;
    }
    if (list == nullptr) {   // no list: everybody
        text += L"(A;;0x100001;;;WD)";
    }
    GENERIC_MAPPING mapping{FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
    for (DWORD i = 0; list != nullptr && i < list->AceCount; ++i) {
        void* entry = nullptr;
        if (!::GetAce(list, i, &entry)) {
            break;
        }
        auto* const ace = static_cast<ACCESS_ALLOWED_ACE*>(entry);   // a denial has the same layout
        const bool grants = ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE;
        const bool denies = ace->Header.AceType == ACCESS_DENIED_ACE_TYPE;
        DWORD rights = ace->Mask;
        ::MapGenericMask(&rights, &mapping);
        if ((grants || denies) && (ace->Header.AceFlags & INHERIT_ONLY_ACE) == 0 && (rights & FILE_WRITE_DATA) != 0) {
            append_entry(text, grants ? L'A' : L'D', &ace->SidStart);
        }
    }
    ::LocalFree(descriptor);
}

bool append_user(std::wstring& text) {
    HANDLE token = nullptr;
    if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &token)) {
        return false;
    }
    alignas(TOKEN_USER) std::byte user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    DWORD length = 0;
    const bool known = ::GetTokenInformation(token, TokenUser, user, sizeof user, &length) &&
                       append_entry(text, L'A', reinterpret_cast<TOKEN_USER*>(user)->User.Sid);
    ::CloseHandle(token);
    return known;
}

}  // namespace

Result<QueueSecurity> QueueSecurity::of(const File* store) noexcept try {
    std::wstring text = L"D:P";
    if (store != nullptr) {
        append_writers(text, handle_of(store->handle()));
    }
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    if (!append_user(text) ||
        !::ConvertStringSecurityDescriptorToSecurityDescriptorW(
            (text += L"(A;;0x1F0001;;;SY)(A;;0x1F0001;;;BA)").c_str(), SDDL_REVISION_1, &descriptor, nullptr)) {
        return fail(::GetLastError(), "cannot write the access list of the writers' mutex");
    }
    return QueueSecurity(descriptor);
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory for an access list");
}

}  // namespace quire::platform::win32
