// SPDX-License-Identifier: MIT
//
// The writer word, held: what every change of shared words runs under.
//
// Invariants  1 Whoever inherits the word repairs before anything else: a redo of the armed intent, then valid frames at the
//               tail. 2 A fault or a failed repair passes the word on as an orphan, so nothing half done is built upon.
// Threads     One at a time in all processes.
#pragma once

#include <quire/error.h>

#include "base/try.h"
#include "platform/fault.h"
#include "store/core.h"

namespace quire {

template <class Body>
Result<void> Core::while_writing(Body&& body) noexcept {
    QUIRE_TRY_AS(const auto claimed, writer_->claim(options_.lock_wait));
    bool repaired = claimed == runtime::WriterWord::Claimed::clean;
    Result<void> result;
    const auto fault = platform::catch_faults([&]() noexcept {
        if (!repaired) {
            result = repair();
            if (!result) {
                return;
            }
            repaired = true;
        }
        result = body();
    });
    if (fault) {
        result = std::unexpected(fault_error(*fault));
    }
    const bool unfinished =
        !repaired || fault.has_value() || frame_pending_ || base::load_relaxed(shared_->intent.armed) != 0;
    frame_pending_ = false;
    writer_->release(unfinished);
    return result;
}

}  // namespace quire
