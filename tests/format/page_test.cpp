// SPDX-License-Identifier: MIT
//
// References, slots and segment entries carry their parts apart, up to the greatest value of each; a seal covers its
// page.
#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>
#include <memory>

#include "format/page.h"

using namespace quire::format;

TEST_CASE("a page reference comes back at every extreme") {
    for (const std::uint64_t page : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x12345678},
                                     kPrivateBit / kPageBytes, (std::uint64_t{1} << 36) - 1}) {
        for (const unsigned depth : {0u, 1u, 48u, 63u}) {
            for (const unsigned level : {0u, 1u, 15u}) {
                for (const bool overflow : {false, true}) {
                    const auto ref = PageRef::make({page * kPageBytes}, depth, level, overflow);
                    CHECK(ref.page().value == page * kPageBytes);
                    CHECK(ref.depth() == depth);
                    CHECK(ref.level() == level);
                    CHECK(ref.overflow() == overflow);
                    CHECK(ref.well_formed());
                    CHECK(ref == PageRef{ref.word});
                }
            }
        }
    }
    CHECK_FALSE(PageRef{});
    for (unsigned bit = 47; bit < 64; ++bit) {
        CHECK_FALSE(PageRef{std::uint64_t{1} << bit}.well_formed());
    }
}

TEST_CASE("a slot comes back at every extreme, and is empty by its offset alone") {
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{8}, kFileBytesMax - 8, kPrivateBit + 8,
                                   (std::uint64_t{1} << 47) - 8}) {
        for (const std::uint16_t tag : std::initializer_list<std::uint16_t>{0, 1, 0xffff}) {
            for (const unsigned distance : {0u, 7u}) {
                for (const bool filter : {false, true}) {
                    const auto slot = Slot::make(tag, distance, filter, {at});
                    CHECK(slot.record().value == at);
                    CHECK(slot.tag() == tag);
                    CHECK(slot.distance() == distance);
                    CHECK(slot.filter() == filter);
                    CHECK(slot.empty() == (at == 0));
                }
            }
        }
    }
    CHECK(Slot{Slot::kFilterBit}.empty());
    CHECK(Slot{Slot::kFilterBit}.filter());
}

TEST_CASE("a segment entry comes back at every extreme, and zeros are one never taken") {
    constexpr std::uint64_t kEpochs = (std::uint64_t{1} << 40) - 1;
    for (unsigned kind = 0; kind <= 7; ++kind) {
        for (const std::uint16_t flags : std::initializer_list<std::uint16_t>{0, 1, 2, 0xffff}) {
            for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, kEpochs}) {
                for (const std::uint64_t live : {std::uint64_t{0}, std::uint64_t{1}, kLiveMax}) {
                    const auto entry = SegmentEntry::make(static_cast<SegmentKind>(kind), flags, {epoch},
                                                          {kEpochs - epoch}, live);
                    CHECK(entry.kind() == static_cast<SegmentKind>(kind));
                    CHECK(entry.flags() == flags);
                    CHECK(entry.born().value == epoch);
                    CHECK(entry.free_since().value == kEpochs - epoch);
                    CHECK(entry.live() == live);
                }
            }
        }
    }
    CHECK(SegmentEntry{}.kind() == SegmentKind::free);
    CHECK(SegmentEntry{}.free_since() == Epoch{0});
}

TEST_CASE("a segment's live records, and those of the largest run, can be counted") {
    for (const auto& g : {Geometry::production(), Geometry::smallest()}) {
        CHECK(g.large_segment_bytes / 8 <= kLiveMax);
        CHECK(g.run_bytes_max() / 8 <= kLiveMax);
    }
}

TEST_CASE("a seal covers every bit of the page behind it and is never 0") {
    auto page = std::make_unique<BucketPage>();
    std::memset(static_cast<void*>(page.get()), 0, sizeof *page);
    page->header.kind = PageKind::bucket;
    page->header.self = 0x81000;
    page->slots[62][7] = Slot::make(0xbeef, 7, true, {0x40050}).word;
    const auto seal = seal_of(page->header);
    CHECK(seal != 0);
    page->header.seal = seal;
    CHECK(seal_of(page->header) == seal);
    auto* const bytes = reinterpret_cast<unsigned char*>(page.get());
    for (std::size_t bit = 64; bit < kPageBytes * 8; ++bit) {
        const auto mask = static_cast<unsigned char>(1u << bit % 8);
        bytes[bit / 8] ^= mask;
        CHECK(seal_of(page->header) != seal);
        bytes[bit / 8] ^= mask;
    }
}

TEST_CASE("a half seal is the low half, and never 0") {
    CHECK(half_seal(0x1122334455667788u) == 0x55667788u);
    CHECK(half_seal(0x1122334400000000u) == 1);
}
