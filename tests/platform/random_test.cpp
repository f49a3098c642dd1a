// SPDX-License-Identifier: MIT
//
// What platform/random.h promises, tried through it.
#include "platform/random.h"

#include <bit>
#include <set>

#include <doctest/doctest.h>

using namespace quire::platform;

TEST_SUITE_BEGIN("platform/random");

TEST_CASE("random words differ and use all bits") {
    std::set<std::uint64_t> seen;
    std::uint64_t ones = 0;
    std::uint64_t zeros = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t word = random_word();
        seen.insert(word);
        ones |= word;
        zeros |= ~word;
    }
    CHECK(seen.size() == 1000);
    CHECK(std::popcount(ones) == 64);
    CHECK(std::popcount(zeros) == 64);
}

TEST_CASE("a uuid is of version 4 and variant 1, and never the same twice") {
    std::set<std::array<std::uint8_t, 16>> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto uuid = random_uuid();
        REQUIRE((uuid[6] & 0xF0) == 0x40);
        REQUIRE((uuid[8] & 0xC0) == 0x80);
        seen.insert(uuid);
    }
    CHECK(seen.size() == 1000);
}

TEST_SUITE_END();
