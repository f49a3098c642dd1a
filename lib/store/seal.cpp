// SPDX-License-Identifier: MIT
//
// Seals: each page born since a label gets its checksum, children before parents, so that a parent knows half of each
// child's seal and a lost write shows. Outside the writer word, under a pin: frozen pages are not stored to by anybody
// else, and readers look at neither seals nor half seals of pages that are not yet published.
//
// Costs  One checksum (0.3 µs) a page born since; the header line of each child of a directory page born since.
#include "store/core.h"

#include "base/shared_word.h"
#include "base/try.h"

namespace quire {

using format::DirectoryPage;
using format::PageHeader;
using format::PageKind;
using format::PageRef;

Result<std::uint32_t> Core::seal(PageRef ref, PageKind kind, std::uint64_t since) noexcept {
    auto* const page = reinterpret_cast<PageHeader*>(extents_->at(ref.page(), format::kPageBytes));
    if (page == nullptr) {
        return std::unexpected(extents_->why(ref.page(), format::kPageBytes));
    }
    if (page->self != ref.page().value || page->kind != kind) {
        return base::fail(Errc::corrupt, "a page is not what its reference says", ref.page().value);
    }
    if (const std::uint64_t known = base::load_relaxed(page->seal); known != 0 || page->born <= since) {
        return known == 0 ? Result<std::uint32_t>(base::fail(Errc::corrupt, "a durable page has no seal", ref.page().value))
                          : Result<std::uint32_t>(format::half_seal(known));
    }
    if (kind == PageKind::bucket) {
        if (const PageRef next{page->next}; next) {
            QUIRE_TRY_AS(const std::uint32_t half, seal(next, PageKind::bucket, since));
            // ORDER(half): release - after the reference was read; pairs with the acquire in fault_of().
            base::store_release(page->next_seal, half);
        }
    } else if (kind != PageKind::table_leaf) {
        auto* const node = reinterpret_cast<DirectoryPage*>(page);
        const bool directory = kind == PageKind::directory;
        const unsigned bits = directory ? space_.geometry.fan_out_bits : space_.geometry.table_bits();
        const PageKind leaf = directory ? PageKind::bucket : PageKind::table_leaf;
        PageRef before;
        std::uint32_t half_before = 0;
        for (std::uint64_t i = 0; i < std::uint64_t{1} << bits; ++i) {
            const PageRef child{node->refs[i]};
            if (!child) {
                continue;
            }
            if (child != before) {
                QUIRE_TRY_AS(half_before, seal(child, child.level() == 0 ? leaf : kind, since));
                before = child;
            }
            // ORDER(half): release - after the reference was read; pairs with the acquire in fault_of().
            base::store_release(node->seals[i], half_before);
        }
    }
    const std::uint64_t sum = format::seal_of(*page);
    base::store_relaxed(page->seal, sum);
    return format::half_seal(sum);
}

}  // namespace quire
