// SPDX-License-Identifier: MIT
//
// Random words from the system: identities, hash seeds, log seeds. Not for keys of a cipher.
#pragma once

#include <array>
#include <cstdint>

namespace quire::platform {

std::uint64_t random_word() noexcept;             // never fails: aborts if the system has no entropy source
std::array<std::uint8_t, 16> random_uuid() noexcept;

}  // namespace quire::platform
