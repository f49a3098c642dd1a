// SPDX-License-Identifier: MIT
//
// One intent of the write path under construction: words of the file, words of the runtime file, and live counts, each
// named so that a successor finds it.
//
// Invariants  1 Order of a list: references first, then accounting (live counts, places), the tail last.
//             2 Every error comes while the list is built; run() cannot fail.
#pragma once

#include <cstdint>

#include <quire/error.h>

#include "base/try.h"
#include "runtime/intent.h"
#include "space/space.h"

namespace quire::space {

class Step {
public:
    explicit Step(Space& space) noexcept : space_(space), intent_(space.shared->intent) {}

    // A word of a mapped page. `word` lies in the page that starts at `page_memory`, which is at `page`.
    void in_page(format::Offset page, const void* page_memory, std::uint64_t& word, std::uint64_t value) noexcept {
        const auto within = reinterpret_cast<const std::byte*>(&word) - static_cast<const std::byte*>(page_memory);
        intent_.add(&word, page.value + static_cast<std::uint64_t>(within), value);
    }
    // A word of `Shared`.
    void shared(std::uint64_t& word, std::uint64_t value) noexcept {
        const auto within = reinterpret_cast<const std::byte*>(&word) - reinterpret_cast<const std::byte*>(space_.shared);
        intent_.add(&word, runtime::kRuntimeWord | static_cast<std::uint64_t>(within), value);
    }
    // Adds to a segment's live count. Error: out_of_memory.
    [[nodiscard]] Result<void> live(format::SegmentId segment, std::int64_t units) noexcept {
        for (std::uint32_t i = 0; i < live_count_; ++i) {
            if (live_[i].segment == segment) {
                live_[i].units += units;
                return {};
            }
        }
        QUIRE_TRY_AS(std::int64_t* const word, space_.runtime->delta(segment.value));
        base::require(live_count_ < kLiveMax, "an intent changed too many live counts");
        live_[live_count_++] = {segment, units, word};
        return {};
    }
    // What a segment's live count changed by has gone into its table entry. Error: out_of_memory.
    [[nodiscard]] Result<void> clear_live(format::SegmentId segment) noexcept {
        QUIRE_TRY_AS(std::int64_t* const word, space_.runtime->delta(segment.value));
        intent_.add(reinterpret_cast<std::uint64_t*>(word),
                    runtime::kRuntimeWord | runtime::RuntimeFile::delta_at(segment.value), 0);
        return {};
    }
    // Stores everything, in order. The live counts collected so far come where this is called.
    void add_live() noexcept {
        for (std::uint32_t i = 0; i < live_count_; ++i) {
            const Live& one = live_[i];
            if (one.units != 0) {
                const std::int64_t now = base::load_relaxed(*one.word) + one.units;
                intent_.add(reinterpret_cast<std::uint64_t*>(one.word),
                            runtime::kRuntimeWord | runtime::RuntimeFile::delta_at(one.segment.value),
                            static_cast<std::uint64_t>(now));
            }
        }
        live_count_ = 0;
    }
    void run() noexcept {
        add_live();
        intent_.run();
    }
    std::uint32_t words() const noexcept { return intent_.count() + live_count_; }

private:
    static constexpr std::uint32_t kLiveMax = 24;
    struct Live {
        format::SegmentId segment;
        std::int64_t units;
        std::int64_t* word;
    };
    Space& space_;
    runtime::Intent intent_;
    Live live_[kLiveMax];
    std::uint32_t live_count_ = 0;
};

}  // namespace quire::space
