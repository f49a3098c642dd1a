// SPDX-License-Identifier: MIT
//
// Quire as a peer: at its defaults, and with no checkpoint while the clock runs.
#pragma once

#include <memory>
#include <string>

#include "peer.h"

namespace quire::bench {

std::unique_ptr<Peer> make_quire(const std::string& directory);
std::unique_ptr<Peer> make_quire_without_checkpoints(const std::string& directory);

}  // namespace quire::bench
