// SPDX-License-Identifier: MIT
#include "space/trust.h"

#include "base/shared_word.h"

namespace quire::space {

namespace {

const char* fault_of(const Space& space, format::PageRef ref, format::PageKind kind, Parent parent,
                     const format::PageHeader& page, bool& sealed) noexcept {
    if (page.self != ref.page().value) {
        return "a page lies where another belongs";
    }
    if (page.kind != kind || page.level != ref.level() || page.depth != ref.depth()) {
        return "a page is not what its reference says";
    }
    // ORDER(publish): acquire - a published label's pages are all sealed; pairs with the release in publish(). Loaded before
    // the seal: a page that is sealed and published between two loads must not look unsealed.
    sealed = page.born <= base::load_acquire(space.shared->readers.published_label);
    const std::uint64_t seal = base::load_relaxed(page.seal);
    const auto moved_on = [&] {
        // ORDER(link): acquire - what the entry leads to now; pairs with Intent::run().
        return parent.ref != nullptr && base::load_acquire(*parent.ref) != ref.word;
    };
    if (sealed && seal == 0 && moved_on()) {
        sealed = false;   // replaced before any checkpoint could seal it
        return nullptr;
    }
    if (sealed && seal != format::seal_of(page)) {
        return "a page's checksum differs";
    }
    if (sealed && parent.half != nullptr) {
        // ORDER(half): acquire - before the entry is read again; pairs with the releases in seal().
        const std::uint32_t known = base::load_acquire(*parent.half);
        if (known != 0 && known != format::half_seal(seal) && !moved_on()) {
            return "a page is older than its parent knows: a write was lost";
        }
    }
    return nullptr;
}

}  // namespace

const format::PageHeader* verify(const Space& space, format::PageRef ref, format::PageKind kind,
                                 Parent parent) noexcept {
    const auto* const page =
        reinterpret_cast<const format::PageHeader*>(space.extents->at(ref.page(), format::kPageBytes));
    bool sealed = false;
    if (page == nullptr || !ref.well_formed() || fault_of(space, ref, kind, parent, *page, sealed) != nullptr) {
        return nullptr;
    }
    if (sealed) {
        space.extents->trust(ref.page());
    }
    return page;
}

Error refuse(const Space& space, format::PageRef ref, format::PageKind kind, Parent parent) noexcept {
    if (!ref.well_formed()) {
        return {Errc::corrupt, 0, 0, ref.page().value, "a reference is malformed"};
    }
    const auto* const page =
        reinterpret_cast<const format::PageHeader*>(space.extents->at(ref.page(), format::kPageBytes));
    if (page == nullptr) {
        return space.extents->why(ref.page(), format::kPageBytes);
    }
    bool sealed = false;
    const char* const fault = fault_of(space, ref, kind, parent, *page, sealed);
    return {Errc::corrupt, 0, 0, ref.page().value, fault != nullptr ? fault : "a page was damaged for a moment"};
}

}  // namespace quire::space
