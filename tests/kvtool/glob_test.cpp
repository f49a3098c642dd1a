// SPDX-License-Identifier: MIT
//
// What kvtool/glob.h promises, tried through it.
#include "kvtool/glob.h"

#include <string>

#include <doctest/doctest.h>

#include "random_bytes.h"

using namespace kvtool;

TEST_CASE("glob: stars, marks, sets and quotes") {
    CHECK(glob_matches("", ""));
    CHECK(glob_matches("*", ""));
    CHECK(glob_matches("a*c", "abbbc"));
    CHECK(glob_matches("*.deb", "a.deb.deb"));
    CHECK(glob_matches("a?c", "aäc"));
    CHECK(glob_matches("a?c", "a\xff" "c"));
    CHECK(glob_matches("[a-c]x", "bx"));
    CHECK(glob_matches("[!a-c]x", "dx"));
    CHECK(glob_matches("[]]", "]"));
    CHECK(glob_matches("[-a]", "-"));
    CHECK(glob_matches("\\*", "*"));
    CHECK(glob_matches("a[", "a["));
    CHECK_FALSE(glob_matches("\\*", "x"));
    CHECK_FALSE(glob_matches("a", "ab"));
    CHECK_FALSE(glob_matches("?", ""));
    CHECK_FALSE(glob_matches("[!a]", "a"));
    CHECK_FALSE(glob_matches("a*b", "ac"));
}

TEST_CASE("glob: many stars take no exponential time") {
    std::string pattern;
    for (int i = 0; i < 50; ++i) {
        pattern += "a*";
    }
    CHECK_FALSE(glob_matches(pattern + "b", std::string(2'000, 'a')));
}

TEST_CASE("glob: any pattern ends, and a quoted text matches itself") {
    for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
        CAPTURE(seed);
        RandomBytes random(seed);
        const std::string text = random.bytes(12);
        std::string quoted;
        for (const char c : text) {
            quoted += '\\';
            quoted += c;
        }
        CHECK(glob_matches(quoted, text));
        CHECK(glob_matches("*" + quoted + "*", text));
        glob_matches(random.bytes(8) + "*[" + random.bytes(4) + "]?", text);
    }
}
