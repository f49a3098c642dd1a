// SPDX-License-Identifier: MIT
#include "space/extents.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/math.h"
#include "base/shared_word.h"
#include "base/try.h"

namespace quire::space {

Extents::Extents(platform::File& file, const format::Geometry& geometry, platform::ViewMode mode) noexcept
    : file_(file),
      geometry_(geometry),
      mode_(mode),
      shift_(static_cast<unsigned>(std::countr_zero(geometry.extent_bytes))),
      mask_(geometry.extent_bytes - 1),
      count_(geometry.file_bytes_max() / geometry.extent_bytes),
      entries_(new (std::nothrow) Entry[count_]) {}

Extents::~Extents() = default;

std::byte* Extents::map_for(format::Offset offset, std::uint64_t bytes) noexcept {
    if (entries_ == nullptr || !base::fits(offset.value, bytes, count_ << shift_) ||
        (offset.value & mask_) + bytes > geometry_.extent_bytes) {
        return nullptr;
    }
    const std::lock_guard lock(mutex_);
    std::uint64_t end = end_.load(std::memory_order_relaxed);
    if (!base::fits(offset.value, bytes, end) && shared_end_ != nullptr) {
        // ORDER(growth): acquire - the file is that long; pairs with the release in Growth::reach().
        const std::uint64_t now = base::load_acquire(*shared_end_);
        if (now > end) {
            raise(now);
            end = now;
        }
    }
    if (!base::fits(offset.value, bytes, end)) {
        return nullptr;
    }
    const std::uint64_t extent = offset.value >> shift_;
    if (entries_[extent].base.load(std::memory_order_relaxed) == nullptr) {
        if (auto mapped = map(extent, end); !mapped) {
            failed_ = mapped.error();
            return nullptr;
        }
    }
    return entries_[extent].base.load(std::memory_order_relaxed) + (offset.value & mask_);
}

Error Extents::why(format::Offset offset, std::uint64_t bytes) const noexcept {
    const std::lock_guard lock(mutex_);
    if (base::fits(offset.value, bytes, end_.load(std::memory_order_relaxed)) && failed_.code != Errc::corrupt) {
        return failed_;
    }
    return {Errc::corrupt, 0, 0, offset.value, "an offset leads outside the file"};
}

void Extents::raise_end(std::uint64_t end) noexcept {
    const std::lock_guard lock(mutex_);
    if (end > end_.load(std::memory_order_relaxed)) {
        raise(end);
    }
}

void Extents::raise(std::uint64_t end) noexcept {
    const std::uint64_t old = end_.load(std::memory_order_relaxed);
    if (!platform::maps_past_end() && old != 0) {
        const std::uint64_t extent = (old - 1) >> shift_;
        const bool short_view = (old & mask_) != 0;
        if (short_view && entries_[extent].base.load(std::memory_order_relaxed) != nullptr) {
            if (auto mapped = map(extent, end); !mapped) {
                failed_ = mapped.error();
                return;   // what was known stays known; the next call tries again
            }
        }
    }
    // ORDER(extent): release - the larger view before the end that needs it; pairs with the acquire in at().
    end_.store(end, std::memory_order_release);
}

Result<void> Extents::map(std::uint64_t extent, std::uint64_t end) noexcept {
    const std::uint64_t begin = extent << shift_;
    const std::uint64_t bytes = platform::maps_past_end() ? geometry_.extent_bytes
                                                          : std::min<std::uint64_t>(geometry_.extent_bytes, end - begin);
    QUIRE_TRY_AS(platform::View view, platform::View::map(file_, begin, bytes, mode_));
    Entry& entry = entries_[extent];
    try {
        if (entry.trusted.load(std::memory_order_relaxed) == nullptr) {
            const std::uint64_t words = base::divide_up(geometry_.extent_bytes / format::kPageBytes, 64);
            bits_.push_back(std::make_unique<std::atomic<std::uint64_t>[]>(words));
            // ORDER(extent): release - the bits are zero before they are found; pairs with the acquires in trusted() and trust().
            entry.trusted.store(bits_.back().get(), std::memory_order_release);
        }
        views_.push_back({extent, std::move(view)});
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to note a mapped extent");
    }
    std::byte* const data = views_.back().view.data();
    mapped_count_.fetch_add(1, std::memory_order_relaxed);
    // ORDER(extent): release - the view is there before its base is; pairs with the acquire in at().
    entry.base.store(data, std::memory_order_release);
    return {};
}

Result<void> Extents::flush(format::Offset offset, std::uint64_t bytes, bool adopt) noexcept {
    std::uint64_t at = base::align_down(offset.value, format::kPageBytes);
    const std::uint64_t end = base::align_up(offset.value + bytes, format::kPageBytes);
    while (at < end) {
        const std::uint64_t begin = base::align_down(at, geometry_.extent_bytes);
        const std::uint64_t piece = std::min(end, begin + geometry_.extent_bytes) - at;
        if (this->at({at}, piece) == nullptr) {
            return std::unexpected(why({at}, piece));
        }
        const platform::View* const view = newest_view(at >> shift_);
        if (adopt || !platform::flush_reaches_device()) {
            view->adopt(at - begin, piece);
        }
        QUIRE_TRY(view->flush(at - begin, piece));
        at += piece;
    }
    return {};
}

Result<void> Extents::populate(format::Offset offset, std::uint64_t bytes) noexcept {
    if (at(offset, bytes) == nullptr) {
        return std::unexpected(why(offset, bytes));
    }
    return newest_view(offset.value >> shift_)->populate(offset.value & mask_, bytes);
}

const platform::View* Extents::newest_view(std::uint64_t extent) const noexcept {
    const std::lock_guard lock(mutex_);
    const platform::View* view = nullptr;
    for (const Mapped& mapped : views_) {   // the last is the longest
        view = mapped.extent == extent ? &mapped.view : view;
    }
    return view;
}

bool Extents::trusted(format::Offset page) const noexcept {
    // ORDER(extent): acquire - the bits as map() made them; pairs with the release there.
    const auto* const bits = entries_[page.value >> shift_].trusted.load(std::memory_order_acquire);
    const std::uint64_t number = (page.value & mask_) / format::kPageBytes;
    return bits != nullptr && (bits[number / 64].load(std::memory_order_relaxed) >> (number % 64) & 1) != 0;
}

void Extents::trust(format::Offset page) noexcept {
    // ORDER(extent): acquire - the bits as map() made them; pairs with the release there.
    auto* const bits = entries_[page.value >> shift_].trusted.load(std::memory_order_acquire);
    const std::uint64_t number = (page.value & mask_) / format::kPageBytes;
    bits[number / 64].fetch_or(std::uint64_t{1} << (number % 64), std::memory_order_relaxed);
}

void Extents::distrust(format::Offset page) noexcept {
    // ORDER(extent): acquire - the bits as map() made them; pairs with the release there.
    auto* const bits = entries_[page.value >> shift_].trusted.load(std::memory_order_acquire);
    const std::uint64_t number = (page.value & mask_) / format::kPageBytes;
    bits[number / 64].fetch_and(~(std::uint64_t{1} << (number % 64)), std::memory_order_relaxed);
}

}  // namespace quire::space
