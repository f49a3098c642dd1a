// SPDX-License-Identifier: MIT
//
// The mapped ranges whose faults are ours: for the twins of fault.cpp alone.
//
// Invariants  1 A range is unwatched before it is unmapped, and by the one who watched it.
//             2 A slot's begin is 0 (free), kClaimed (being written) or the address; its size is written in between.
// Threads     Any. `covers` runs in fault handlers: no lock, no allocation, nothing thread-local.
// Costs       watch and unwatch: a step or two from the address's own slot. covers: a scan of all slots, 60 µs.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/abort.h"

namespace quire::platform {

class WatchTable {
public:
    void watch(std::uintptr_t begin, std::uint64_t bytes) noexcept {
        const std::uint32_t first = first_slot(begin);
        for (std::uint32_t i = 0; i < kSlots; ++i) {
            Slot& slot = slots_[(first + i) % kSlots];
            std::uintptr_t is = 0;
            if (!slot.begin.compare_exchange_strong(is, kClaimed, std::memory_order_relaxed)) {
                continue;
            }
            slot.bytes.store(bytes, std::memory_order_relaxed);
            // ORDER(watch): release - publishes the size above; pairs with the acquire in covers().
            slot.begin.store(begin, std::memory_order_release);
            return;
        }
        base::abort_because("more views are mapped than the fault handler can watch");
    }

    void unwatch(std::uintptr_t begin) noexcept {
        const std::uint32_t first = first_slot(begin);
        for (std::uint32_t i = 0; i < kSlots; ++i) {
            Slot& slot = slots_[(first + i) % kSlots];
            std::uintptr_t is = begin;
            if (slot.begin.load(std::memory_order_relaxed) == begin &&
                slot.begin.compare_exchange_strong(is, 0, std::memory_order_relaxed)) {
                return;
            }
        }
    }

    bool covers(std::uintptr_t address) const noexcept {
        for (std::uint32_t i = 0; i < kSlots; ++i) {
            // ORDER(watch): acquire - sees the size stored before it; pairs with the release in watch().
            const std::uintptr_t begin = slots_[i].begin.load(std::memory_order_acquire);
            if (begin > kClaimed && address >= begin &&
                address - begin < slots_[i].bytes.load(std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }

private:
    // A 4 TiB file in extents of 64 MiB, mapped twice. Pages of the table that are not used cost nothing.
    static constexpr std::uint32_t kSlots = 1u << 17;
    static constexpr std::uintptr_t kClaimed = 1;

    static std::uint32_t first_slot(std::uintptr_t begin) noexcept {
        return static_cast<std::uint32_t>((begin >> 12) * 0x9E37'79B9'7F4A'7C15u >> 47);   // views begin on pages
    }

    struct Slot {
        std::atomic<std::uintptr_t> begin{0};
        std::atomic<std::uint64_t> bytes{0};
    };
    std::array<Slot, kSlots> slots_{};
};

}  // namespace quire::platform
