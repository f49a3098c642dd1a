// SPDX-License-Identifier: MIT
//
// A new, empty store: built under another name, flushed, then given its own. A file with the store's name is always a
// whole store.
#pragma once

#include <string_view>

#include <quire/error.h>

#include "format/geometry.h"

namespace quire::recovery {

// Errors: already_exists (somebody was quicker), access_denied, full, io, not_found (the folder).
[[nodiscard]] Result<void> format_store(std::string_view path, const format::Geometry& geometry) noexcept;

}  // namespace quire::recovery
