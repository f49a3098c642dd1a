// SPDX-License-Identifier: MIT
#include "platform/volume.h"

namespace quire::platform {

Result<VolumeTraits> volume_traits(const File&) noexcept { return VolumeTraits{.kind = "simulated"}; }

}  // namespace quire::platform
