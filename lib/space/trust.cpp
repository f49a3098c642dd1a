// SPDX-License-Identifier: MIT
#include "space/trust.h"

#include "base/shared_word.h"

namespace quire::space {

namespace {

const char* fault_of(const Space& space, format::PageRef ref, format::PageKind kind, const std::uint32_t* half,
                     const format::PageHeader& page, bool& sealed) noexcept {
    if (page.self != ref.page().value) {
        return "a page lies where another belongs";
    }
    if (page.kind != kind || page.level != ref.level() || page.depth != ref.depth()) {
        return "a page is not what its reference says";
    }
    const std::uint64_t seal = base::load_relaxed(page.seal);
    // ORDER(publish): acquire - a published label's pages are all sealed; pairs with the release in publish().
    sealed = page.born <= base::load_acquire(space.shared->readers.published_label);
    if (sealed && seal != format::seal_of(page)) {
        return "a page's checksum differs";
    }
    if (sealed && half != nullptr) {
        const std::uint32_t known = base::load_relaxed(*half);
        if (known != 0 && known != format::half_seal(seal)) {
            return "a page is older than its parent knows: a write was lost";
        }
    }
    return nullptr;
}

}  // namespace

const format::PageHeader* verify(const Space& space, format::PageRef ref, format::PageKind kind,
                                 const std::uint32_t* half) noexcept {
    const auto* const page =
        reinterpret_cast<const format::PageHeader*>(space.extents->at(ref.page(), format::kPageBytes));
    bool sealed = false;
    if (page == nullptr || !ref.well_formed() || fault_of(space, ref, kind, half, *page, sealed) != nullptr) {
        return nullptr;
    }
    if (sealed) {
        space.extents->trust(ref.page());
    }
    return page;
}

Error refuse(const Space& space, format::PageRef ref, format::PageKind kind, const std::uint32_t* half) noexcept {
    if (!ref.well_formed()) {
        return {Errc::corrupt, 0, 0, ref.page().value, "a reference is malformed"};
    }
    const auto* const page =
        reinterpret_cast<const format::PageHeader*>(space.extents->at(ref.page(), format::kPageBytes));
    if (page == nullptr) {
        return space.extents->why(ref.page(), format::kPageBytes);
    }
    bool sealed = false;
    const char* const fault = fault_of(space, ref, kind, half, *page, sealed);
    return {Errc::corrupt, 0, 0, ref.page().value, fault != nullptr ? fault : "a page was damaged for a moment"};
}

}  // namespace quire::space
