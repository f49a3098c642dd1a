// SPDX-License-Identifier: MIT
//
// What kind of volume a file lies on.
#pragma once

#include <cstdint>

#include <quire/error.h>

#include "platform/file.h"

namespace quire::platform {

struct VolumeTraits {
    bool remote = false;            // network: mappings and locks are not coherent between hosts; refused
    bool copy_on_write = false;     // an overwrite may need new space: probe pages before a frame becomes valid
    bool read_only = false;
    const char* kind = "";          // "ext4", "NTFS", …; static
};

[[nodiscard]] Result<VolumeTraits> volume_traits(const File& file) noexcept;

}  // namespace quire::platform
