// SPDX-License-Identifier: MIT
//
// Shell patterns over keys.
#pragma once

#include <string_view>

namespace kvtool {

// `*` any bytes · `?` one UTF-8 character, or one byte that is none · `[a-z]` `[!a-z]` one byte of a set or not of it ·
// `\` takes the next byte as it is. A `[` that is never closed stands for itself. Time: pattern × text at worst.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace kvtool
