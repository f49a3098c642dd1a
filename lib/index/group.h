// SPDX-License-Identifier: MIT
//
// Matching a tag against the eight slots of a group, one cache line: SSE2 inline, a plain loop elsewhere. No dispatch.
//
// Threads  Slots may change meanwhile: the match only pre-selects, every hit is loaded again as one atomic word. A torn
//          lane cannot hide a key: its tag is equal in all versions of its slot.
#pragma once

#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/shared_word.h"
#include "format/page.h"

namespace quire::index {

// Bit i: slot i carries this tag. Its loads race by design (see Threads), so the thread sanitizer does not look at them.
[[gnu::no_sanitize_thread]] inline unsigned match_tags(const std::uint64_t* slots, std::uint16_t tag) noexcept {
#if defined(__SSE2__)
    const auto* const line = reinterpret_cast<const __m128i*>(slots);
    const __m128 pairs[4] = {_mm_castsi128_ps(_mm_load_si128(line)), _mm_castsi128_ps(_mm_load_si128(line + 1)),
                             _mm_castsi128_ps(_mm_load_si128(line + 2)), _mm_castsi128_ps(_mm_load_si128(line + 3))};
    // The high halves of two slots each, tags in the upper 16 bits; arithmetic shift makes them 32-bit lanes.
    const __m128i a = _mm_srai_epi32(_mm_castps_si128(_mm_shuffle_ps(pairs[0], pairs[1], 0xdd)), 16);
    const __m128i b = _mm_srai_epi32(_mm_castps_si128(_mm_shuffle_ps(pairs[2], pairs[3], 0xdd)), 16);
    const __m128i equal = _mm_cmpeq_epi16(_mm_packs_epi32(a, b), _mm_set1_epi16(static_cast<short>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
#else
    unsigned found = 0;
    for (unsigned i = 0; i < format::kGroupSlots; ++i) {
        found |= static_cast<unsigned>(format::Slot{base::load_relaxed(slots[i])}.tag() == tag) << i;
    }
    return found;
#endif
}

}  // namespace quire::index
