// SPDX-License-Identifier: MIT
//
// Verifying an index or table page before anything is believed of it, once a process.
//
// Invariants  1 A page born up to the published label has a seal; it is verified and then marked. A younger one may have
//               none yet: its place and kind are looked at each time, and it is never marked.
//             2 A reader may stall between a reference and its page while the parent's entry moves on to another page and
//               a checkpoint seals that one. So before a page is blamed, the entry is read again.
//             3 A page that fails is an error with its offset, never "absent".
// Costs       Marked: one bit. Unmarked and sealed: 0.3 µs once. Young: its header line.
#pragma once

#include <cstdint>

#include <quire/error.h>

#include "format/page.h"
#include "space/space.h"

namespace quire::space {

// Where a page's parent keeps the reference to it and its half seal; null: not known.
struct Parent {
    const std::uint32_t* half = nullptr;
    const std::uint64_t* ref = nullptr;
};

// The page behind `ref`, which should be of `kind`. Null: see refuse().
const format::PageHeader* verify(const Space& space, format::PageRef ref, format::PageKind kind,
                                 Parent parent) noexcept;
// Why verify() refused it.
Error refuse(const Space& space, format::PageRef ref, format::PageKind kind, Parent parent) noexcept;

template <class Page>
const Page* page(const Space& space, format::PageRef ref, format::PageKind kind,
                 Parent parent = {}) noexcept {
    const std::byte* const at = space.extents->at(ref.page(), format::kPageBytes);
    if (at != nullptr && space.extents->trusted(ref.page())) [[likely]] {
        return reinterpret_cast<const Page*>(at);
    }
    return reinterpret_cast<const Page*>(verify(space, ref, kind, parent));
}

}  // namespace quire::space
