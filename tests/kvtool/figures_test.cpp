// SPDX-License-Identifier: MIT
//
// What kvtool/figures.h promises, tried through it.
#include "kvtool/figures.h"

#include <doctest/doctest.h>

using namespace kvtool;
using namespace std::chrono_literals;

TEST_CASE("figures: numbers read as people write them") {
    CHECK(with_commas(0) == "0");
    CHECK(with_commas(999) == "999");
    CHECK(with_commas(63'667) == "63,667");
    CHECK(with_commas(18'446'744'073'709'551'615u) == "18,446,744,073,709,551,615");
    CHECK(bytes_for_people(0) == "0 B");
    CHECK(bytes_for_people(1'023) == "1023 B");
    CHECK(bytes_for_people(1'024) == "1.0 KiB");
    CHECK(bytes_for_people(1'048'575) == "1.0 MiB");
    CHECK(bytes_for_people(61'761'126) == "58.9 MiB");
    CHECK(bytes_for_people(std::uint64_t{1} << 50) == "1024.0 TiB");
    CHECK(time_for_people(31ms) == "31 ms");
    CHECK(time_for_people(2'100ms) == "2.1 s");
    CHECK(seconds_for_people(50ms) == "0.05 s");
    CHECK(seconds_for_people(5s) == "5.0 s");
    CHECK(ratio_for_people(6, 5) == "1.20");
    CHECK(ratio_for_people(6, 0) == "-");
}
