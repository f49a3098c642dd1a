// SPDX-License-Identifier: MIT
//
// Segments tile the file, extents hold whole segments, and no geometry is accepted that breaks this.
#include <doctest/doctest.h>

#include <initializer_list>

#include "format/geometry.h"
#include "format/page.h"

using namespace quire::format;

namespace {

constexpr Geometry kBoth[] = {Geometry::production(), Geometry::smallest()};

void check_boundary(const Geometry& g, std::uint32_t id) {
    const SegmentId segment{id};
    const Offset begin = g.begin_of(segment);
    CHECK(g.segment_of(begin) == segment);
    CHECK(g.segment_of(begin + (g.bytes_of(segment) - 1)) == segment);
    CHECK(g.segment_of(g.end_of(segment)) == SegmentId{id + 1});
    CHECK(g.end_of(segment) == g.begin_of({id + 1}));
    CHECK(g.extent_of(begin) == g.extent_of(begin + (g.bytes_of(segment) - 1)));
    CHECK(g.bytes_of(segment) == (begin.value < g.large_begin ? g.small_segment_bytes : g.large_segment_bytes));
    CHECK(g.is_large(segment) == (begin.value >= g.large_begin));
}

}  // namespace

TEST_CASE("segments tile the file without gap, overlap or straddling") {
    for (const auto& g : kBoth) {
        for (std::uint32_t id = 0; id < 3 * g.small_segments() + 300; ++id) {
            check_boundary(g, id);
        }
        CHECK(g.begin_of({g.small_segments()}).value == g.large_begin);
        check_boundary(g, g.segments_max() - 1);
        CHECK(g.end_of({g.segments_max() - 1}).value == g.file_bytes_max());
    }
}

TEST_CASE("the figures of both geometries") {
    const auto p = Geometry::production();
    CHECK(p.small_segments() == 64);
    CHECK(p.file_bytes_max() == kFileBytesMax);
    CHECK(p.segments_max() == 64 + (kFileBytesMax - (16u << 20)) / (2u << 20));
    CHECK(p.extent_of({(64u << 20) - 1}) == 0);
    CHECK(p.extent_of({64u << 20}) == 1);
    const auto s = Geometry::smallest();
    CHECK(s.small_segments() == 8);
    CHECK(s.segment_of({65535}) == SegmentId{7});
    CHECK(s.segment_of({65536}) == SegmentId{8});
    CHECK(s.segment_of({65536 + 16384}) == SegmentId{9});
}

TEST_CASE("header and metas lie apart, before the first segment that streams use") {
    for (const auto& g : kBoth) {
        CHECK(g.meta_at(0).value >= kPageBytes);
        CHECK(g.meta_at(1).value - g.meta_at(0).value == g.meta_spacing());
        CHECK(g.begin_of(g.first_segment()).value >= g.meta_at(1).value + kPageBytes);
        CHECK(g.first_segment().value < g.small_segments());
    }
    CHECK(Geometry::production().meta_at(1).value - Geometry::production().meta_at(0).value >= 64u << 10);
}

TEST_CASE("the largest run fits into one extent") {
    for (const auto& g : kBoth) {
        CHECK(g.run_bytes_max() % g.large_segment_bytes == 0);
        CHECK(g.run_bytes_max() >= g.large_segment_bytes);
        CHECK(g.run_bytes_max() < g.extent_bytes);
    }
    CHECK(Geometry::production().run_bytes_max() >= 48u << 20);
}

TEST_CASE("each rule of a valid geometry is looked at") {
    const auto broken = [](auto change) {
        Geometry g;
        change(g);
        return !g.valid();
    };
    CHECK(broken([](Geometry& g) { g.page_bytes = 8192; }));
    CHECK(broken([](Geometry& g) { g.small_segment_bytes = 4096; }));
    CHECK(broken([](Geometry& g) { g.small_segment_bytes = 3 * 4096; }));
    CHECK(broken([](Geometry& g) { g.small_segment_bytes = 0; }));
    CHECK(broken([](Geometry& g) { g.small_segment_bytes = 4u << 20; }));          // above large
    CHECK(broken([](Geometry& g) { g.large_segment_bytes = 3u << 20; }));
    CHECK(broken([](Geometry& g) { g.large_segment_bytes = 128u << 20; }));        // above the extent
    CHECK(broken([](Geometry& g) { g.extent_bytes = 96u << 20; }));
    CHECK(broken([](Geometry& g) { g.extent_bytes = 0x80000000u; }));
    CHECK(broken([](Geometry& g) { g.extent_bytes = 0; }));
    CHECK(broken([](Geometry& g) { g.large_begin = 0; }));
    CHECK(broken([](Geometry& g) { g.large_begin = 24u << 20; }));
    CHECK(broken([](Geometry& g) { g.large_begin = 512u << 10; }));                // no room for metas and streams
    CHECK(broken([](Geometry& g) { g.large_begin = 128u << 20; }));
    CHECK(broken([](Geometry& g) { g.fan_out_bits = 1; }));
    CHECK(broken([](Geometry& g) { g.fan_out_bits = 9; }));
    CHECK(broken([](Geometry& g) { g.bucket_groups = 0; }));
    CHECK(broken([](Geometry& g) { g.bucket_groups = 64; }));
    CHECK(broken([](Geometry& g) { g.depth_max = 0; }));
    CHECK(broken([](Geometry& g) { g.depth_max = 49; }));
}

// A hostile header may hold any geometry: all that valid() lets through must keep what the floors above rely on.
TEST_CASE("every geometry that is valid keeps the promises of geometry") {
    int valid = 0;
    int straddling = 0;
    int too_many_levels = 0;
    int uncountable_runs = 0;
    int no_run = 0;
    int misplaced = 0;
    for (unsigned small = 12; small <= 31; ++small) {
        for (unsigned large = small; large <= 31; ++large) {
            for (unsigned extent = large; extent <= 31; ++extent) {
                for (unsigned begin = small; begin <= 32; ++begin) {
                    for (const unsigned fan_out : {1u, 2u, 3u, 4u, 7u, 8u, 9u}) {
                        for (const unsigned depth : {0u, 1u, 10u, 30u, 45u, 48u, 49u}) {
                            const Geometry g{kPageBytes, 1u << small, 1u << large, 1u << extent,
                                             std::uint64_t{1} << begin, static_cast<std::uint8_t>(fan_out), 63,
                                             static_cast<std::uint8_t>(depth), {}};
                            if (!g.valid()) {
                                continue;
                            }
                            ++valid;
                            const Offset at = g.begin_of({g.small_segments()});
                            straddling += g.extent_of(at) != g.extent_of(at + (g.large_segment_bytes - 1));
                            too_many_levels += depth > 15 * fan_out;
                            uncountable_runs += g.run_bytes_max() / 8 > kLiveMax;
                            no_run += g.run_bytes_max() < g.large_segment_bytes;
                            misplaced += g.begin_of(g.first_segment()).value < g.meta_at(1).value + kPageBytes ||
                                         g.first_segment().value >= g.small_segments();
                        }
                    }
                }
            }
        }
    }
    CHECK(valid > 1'000);
    CHECK(misplaced == 0);
    CHECK(straddling == 0);         // large_begin must be a multiple of the large segment
    CHECK(too_many_levels == 0);    // a reference's level has four bits
    CHECK(uncountable_runs == 0);   // a segment's live count has 24
    CHECK(no_run == 0);             // an extent is more than one large segment
}
