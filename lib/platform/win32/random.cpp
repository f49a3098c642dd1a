// SPDX-License-Identifier: MIT
//
// Random words on Windows: the system's preferred generator.
#include "platform/random.h"

#include "base/abort.h"
#include "platform/win32/win32.h"

#include <bcrypt.h>

namespace quire::platform {

namespace {

void fill(void* into, std::size_t bytes) noexcept {
    const NTSTATUS status = ::BCryptGenRandom(nullptr, static_cast<PUCHAR>(into), static_cast<ULONG>(bytes),
                                              BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    base::require(status == 0, "the system has no source of random numbers");
}

}  // namespace

std::uint64_t random_word() noexcept {
    std::uint64_t word = 0;
    fill(&word, sizeof word);
    return word;
}

std::array<std::uint8_t, 16> random_uuid() noexcept {
    std::array<std::uint8_t, 16> uuid{};
    fill(uuid.data(), uuid.size());
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);   // RFC 9562, version 4
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
    return uuid;
}

}  // namespace quire::platform
