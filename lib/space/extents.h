// SPDX-License-Identifier: MIT
//
// From an offset in the file to a pointer. Extents are mapped when first needed and stay while the store is open.
//
// Invariants  1 A published base is never unmapped before the object goes; where the file grows inside a mapped extent
//               and the system cannot map past its end, the extent is mapped again, larger, and the old view stays.
//             2 Nothing at or beyond `end` is handed out: an offset from a damaged page is an error, not a fault.
// Threads     Any; lock-free once mapped.
// Costs       at(): two loads, two compares. First touch of an extent: one system call (P1's exception).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <deque>
#include <mutex>
#include <vector>

#include <quire/error.h>

#include "format/geometry.h"
#include "format/units.h"
#include "platform/file.h"
#include "platform/view.h"

namespace quire::space {

class Extents {
public:
    // `file` must outlive it. `end`: how much of the file is in use (grows by raise_end).
    Extents(platform::File& file, const format::Geometry& geometry, platform::ViewMode mode) noexcept;
    ~Extents();

    // The bytes at `offset`, or null: outside the file or not mappable; why() then says which. `bytes` must not
    // straddle an extent.
    std::byte* at(format::Offset offset, std::uint64_t bytes) noexcept {
        // ORDER(extent): acquire - a view that reaches so far was published before; pairs with the release in raise().
        if (bytes <= end_.load(std::memory_order_acquire) &&
            offset.value <= end_.load(std::memory_order_relaxed) - bytes) [[likely]] {
            // ORDER(extent): acquire - the view behind the base; pairs with the release in map().
            std::byte* const base = entries_[offset.value >> shift_].base.load(std::memory_order_acquire);
            if (base != nullptr && (offset.value & mask_) + bytes <= mask_ + 1) [[likely]] {
                return base + (offset.value & mask_);
            }
        }
        return map_for(offset, bytes);
    }
    template <class T>
    T* as(format::Offset offset) noexcept {
        return reinterpret_cast<T*>(at(offset, sizeof(T)));
    }
    Error why(format::Offset offset, std::uint64_t bytes) const noexcept;

    // The file now reaches to `end` (never less than before).
    void raise_end(std::uint64_t end) noexcept;
    // ORDER(extent): acquire - the views that reach so far; pairs with the release in raise().
    std::uint64_t end() const noexcept { return end_.load(std::memory_order_acquire); }
    // Who knows how far the file reaches now; asked when an offset lies beyond what was known.
    void ask_end_from(const std::uint64_t* shared_file_bytes) noexcept { shared_end_ = shared_file_bytes; }

    // Writes [offset, offset + bytes) out, over as many extents as it takes; `adopt` dirties the pages first.
    [[nodiscard]] Result<void> flush(format::Offset offset, std::uint64_t bytes, bool adopt) noexcept;
    [[nodiscard]] Result<void> populate(format::Offset offset, std::uint64_t bytes) noexcept;

    // One bit a page, of this process: "verified since I opened the store".
    bool trusted(format::Offset page) const noexcept;
    void trust(format::Offset page) noexcept;
    void distrust(format::Offset page) noexcept;       // its page is being used anew by us

    std::uint64_t mapped() const noexcept { return mapped_count_.load(std::memory_order_relaxed); }

private:
    struct Entry {
        std::atomic<std::byte*> base{nullptr};
        std::atomic<std::atomic<std::uint64_t>*> trusted{nullptr};
    };
    std::byte* map_for(format::Offset offset, std::uint64_t bytes) noexcept;
    [[nodiscard]] Result<void> map(std::uint64_t extent, std::uint64_t end) noexcept;
    void raise(std::uint64_t end) noexcept;
    const platform::View* newest_view(std::uint64_t extent) const noexcept;

    platform::File& file_;
    format::Geometry geometry_;
    platform::ViewMode mode_;
    unsigned shift_;
    std::uint64_t mask_;
    std::uint64_t count_;
    std::unique_ptr<Entry[]> entries_;
    std::atomic<std::uint64_t> end_{0};
    const std::uint64_t* shared_end_ = nullptr;
    std::atomic<std::uint64_t> mapped_count_{0};

    struct Mapped {
        std::uint64_t extent;
        platform::View view;
    };
    mutable std::mutex mutex_;                         // guards views_ and mapping; readers that find a base take none
    std::deque<Mapped> views_;                         // views stay where they are
    std::vector<std::unique_ptr<std::atomic<std::uint64_t>[]>> bits_;
    Error failed_{Errc::corrupt, 0, 0, 0, "an offset leads outside the file"};
};

}  // namespace quire::space
