// SPDX-License-Identifier: MIT
//
// Pins: while a line says [since, until], nothing that lived in between is used again. Lines belong to a process's blocks;
// threads own nothing, so no thread's exit is a case.
//
// Layout      runtime/layout.h, PinLine. since 0: free. until 0: open, a call is running.
// Invariants  1 G1: the epoch is loaded before the line is claimed, the tree after it, seq_cst all three.
//             2 U2, U3: a Pin is open while a call walks; between calls `until` is the epoch read after the walk.
// Threads     Any; a claimed line is used by one at a time.
// Costs       One CAS on a line of its own and one store: 4 ns. No fence, no system call but for a process's 64th at once.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <quire/error.h>

#include "base/shared_word.h"
#include "base/try.h"
#include "platform/process.h"
#include "runtime/attach.h"
#include "runtime/layout.h"

namespace quire::epoch {

class Pins {
public:
    // With `attachment` null the one block of `runtime` is all there is: a reader without a block.
    Pins(runtime::RuntimeFile& runtime, runtime::Attachment* attachment) noexcept
        : runtime_(runtime), attachment_(attachment) {}

    // An open pin since now. Errors: out_of_memory (every line of every block in use), full, io.
    [[nodiscard]] Result<runtime::PinLine*> claim() noexcept {
        const std::uint64_t hint = platform::thread_hint();
        for (;;) {
            const std::uint32_t blocks = block_count();
            for (std::uint32_t b = 0; b < blocks; ++b) {
                runtime::Block& block = runtime_.block(attachment_ == nullptr ? 0 : attachment_->own_block(b));
                for (std::uint64_t i = 0; i < runtime::kPinLines; ++i) {
                    runtime::PinLine& line = block.pins[(hint + i) % runtime::kPinLines];
                    if (base::load_relaxed(line.since) == 0 && take(line)) [[likely]] {
                        return &line;
                    }
                }
            }
            if (attachment_ == nullptr) {
                return base::fail(Errc::out_of_memory, "every pin line is in use");
            }
            QUIRE_TRY(attachment_->add_block());
        }
    }

    // G4, U3. The views that this pin held end here.
    static void release(runtime::PinLine& line) noexcept {
        // ORDER(unpin): release - all loads under the pin come before it; pairs with a reclaimer's acquire.
        base::store_release(line.until, std::uint64_t{0});
        base::store_release(line.since, std::uint64_t{0});
    }

    // U2: a call of a Pin begins: whatever it meets from now on is held.
    static void open(runtime::PinLine& line) noexcept {
        // ORDER(pin): seq_cst - before the loads of the walk; pairs with a reclaimer's fence.
        (void)base::exchange_seq_cst(line.until, std::uint64_t{0});
    }
    // The call is over, errors included: held is what existed up to now.
    static void close(runtime::PinLine& line, const runtime::Readers& readers) noexcept {
        // ORDER(close): release - the epoch is read after the walk; pairs with a reclaimer's acquire.
        base::store_release(line.until, base::load_acquire(readers.epoch));
    }

private:
    std::uint32_t block_count() const noexcept { return attachment_ == nullptr ? 1 : attachment_->own_block_count(); }

    bool take(runtime::PinLine& line) noexcept {
        // ORDER(epoch): acquire - a pin is not younger than an unlinking that it does not see; pairs with the freeze.
        const std::uint64_t epoch = base::load_acquire(runtime_.shared().readers.epoch);
        std::uint64_t free = 0;
        // ORDER(pin): seq_cst - before the loads of the walk; pairs with a reclaimer's fence.
        return base::swap_seq_cst(line.since, free, epoch);
    }

    runtime::RuntimeFile& runtime_;
    runtime::Attachment* attachment_;
};

}  // namespace quire::epoch
