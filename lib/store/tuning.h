// SPDX-License-Identifier: MIT
//
// What tests set and read that the public API does not offer: the geometry of a new store, and counts of the rare
// events that they must have met.
#pragma once

#include <cstdint>
#include <string_view>

#include <quire/store.h>

#include "base/counters.h"
#include "format/geometry.h"

namespace quire::store {

struct Tuning {
    format::Geometry geometry = format::Geometry::production();   // of a file that is created
};

[[nodiscard]] Result<Store> open_with(std::string_view path, const Options& options, const Tuning& tuning) noexcept;

using Counters = base::Counters;
[[nodiscard]] Counters counters(const Store& store) noexcept;

}  // namespace quire::store
