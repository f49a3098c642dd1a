// SPDX-License-Identifier: MIT
#include "format/page.h"

#include "format/checksum.h"

namespace quire::format {

std::uint64_t seal_of(const PageHeader& page) noexcept {
    const std::uint64_t sum = checksum({reinterpret_cast<const std::byte*>(&page) + sizeof page.seal,
                                        kPageBytes - sizeof page.seal});
    return sum == 0 ? 1 : sum;
}

}  // namespace quire::format
