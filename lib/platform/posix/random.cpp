// SPDX-License-Identifier: MIT
//
// Random words on Linux: getrandom.
#include "platform/random.h"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <sys/random.h>

#include "base/abort.h"

namespace quire::platform {

namespace {

void fill(void* into, std::size_t bytes) noexcept {
    auto* at = static_cast<std::uint8_t*>(into);
    while (bytes != 0) {
        const ssize_t got = ::getrandom(at, bytes, 0);
        if (got < 0) {
            base::require(errno == EINTR, "the system has no source of random numbers");
            continue;
        }
        at += got;
        bytes -= static_cast<std::size_t>(got);
    }
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
