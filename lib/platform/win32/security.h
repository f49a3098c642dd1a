// SPDX-License-Identifier: MIT
//
// Who may use the writers' mutex: whoever may write the store, this user, SYSTEM and Administrators.
#pragma once

#include <cstdint>

#include "platform/win32/win32.h"

namespace quire::platform::win32 {

// What a writer asks of the mutex, and all that its access list grants.
inline constexpr DWORD kQueueRights = SYNCHRONIZE | MUTEX_MODIFY_STATE;

class QueueSecurity {
public:
    // `store` may be null. Where its access list cannot be read, it adds nobody. Errors: out_of_memory, io.
    [[nodiscard]] static Result<QueueSecurity> of(const File* store) noexcept;

    SECURITY_ATTRIBUTES attributes() const noexcept { return {sizeof(SECURITY_ATTRIBUTES), descriptor_, FALSE}; }

    QueueSecurity(QueueSecurity&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = nullptr; }
    QueueSecurity& operator=(QueueSecurity&&) = delete;
    ~QueueSecurity() { ::LocalFree(descriptor_); }

private:
    explicit QueueSecurity(PSECURITY_DESCRIPTOR descriptor) noexcept : descriptor_(descriptor) {}
    PSECURITY_DESCRIPTOR descriptor_;
};

}  // namespace quire::platform::win32
