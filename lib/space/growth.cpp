// SPDX-License-Identifier: MIT
#include "space/growth.h"

#include <algorithm>
#include <bit>
#include <new>
#include <vector>

#include "base/math.h"
#include "base/shared_word.h"
#include "base/try.h"
#include "platform/view.h"

namespace quire::space {

namespace {

// Where a view cannot reach past the file's end, each growth inside an extent costs another view of it: the first
// extent doubles, later ones are taken whole.
std::uint64_t rounded(const Space& space, std::uint64_t end) noexcept {
    if (platform::maps_past_end()) {
        return end;
    }
    const std::uint64_t extent = space.geometry.extent_bytes;
    return end <= extent ? std::min(std::bit_ceil(std::max(end, std::uint64_t{1} << 20)), std::max(extent, end))
                         : base::align_up(end, extent);
}

}  // namespace

Result<void> grow_to(Space& space, format::Offset end) noexcept {
    std::uint64_t& file_bytes = space.shared->places.file_bytes;
    const std::uint64_t old = base::load_relaxed(file_bytes);
    if (end.value <= old) {
        return {};
    }
    if (end.value > space.size_bytes_max) {
        return base::fail(Errc::full, "the store would outgrow its size limit", end.value - old);
    }
    const std::uint64_t wanted = std::max(end.value, std::min(rounded(space, end.value), space.size_bytes_max));
    QUIRE_TRY(space.file->allocate(old, wanted - old));
    // ORDER(growth): release - the space is there before anybody hears of it; pairs with the acquire in Extents::map_for().
    base::store_release(file_bytes, wanted);
    space.extents->raise_end(wanted);
    return {};
}

Result<void> prepare_segment(Space& space, format::SegmentId segment) noexcept {
    if (!space.geometry.is_large(segment) || !platform::maps_past_end()) {
        return {};   // where views and writes are not promised to agree, the first stores bring the pages in
    }
    const std::uint64_t bytes = space.geometry.bytes_of(segment);
    try {
        static thread_local std::vector<std::byte> zeros;
        zeros.resize(bytes);
        QUIRE_TRY(space.file->write_at({zeros.data(), bytes}, space.geometry.begin_of(segment).value));
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory for a segment of zeros", bytes);
    }
    return space.extents->populate(space.geometry.begin_of(segment), bytes);
}

}  // namespace quire::space
