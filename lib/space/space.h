// SPDX-License-Identifier: MIT
//
// What every floor above works on: the file's mapped extents and the words that its processes share.
#pragma once

#include <cstdint>

#include "base/counters.h"
#include "format/geometry.h"
#include "format/page.h"
#include "platform/file.h"
#include "runtime/layout.h"
#include "runtime/runtime_file.h"
#include "space/extents.h"

namespace quire::space {

struct Space {
    // Constant after open.
    format::Geometry geometry;
    std::uint64_t store_word = 0;          // binds stretch lines to this file
    std::uint64_t hash_seed = 0;
    platform::File* file = nullptr;
    Extents* extents = nullptr;
    runtime::RuntimeFile* runtime = nullptr;
    runtime::Shared* shared = nullptr;
    base::Counters* counters = nullptr;
    std::uint64_t size_bytes_max = 0;      // Options::size_bytes_max, or the format's limit
    bool probe_pages = false;              // copy-on-write volume: make pages writable before a frame is valid

    format::Epoch epoch() const noexcept {   // under the writer lock
        return {base::load_relaxed(shared->readers.epoch)};
    }
};

}  // namespace quire::space
