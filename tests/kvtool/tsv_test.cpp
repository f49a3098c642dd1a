// SPDX-License-Identifier: MIT
//
// What kvtool/tsv.h promises, tried through it.
#include "kvtool/tsv.h"

#include <doctest/doctest.h>

#include "random_bytes.h"
#include "reading.h"

using namespace kvtool;

namespace {

std::string dump(const Pairs& records) {
    std::string text;
    for (const auto& [key, value] : records) {
        tsv::append_record(key, value, text);
    }
    return text;
}

}  // namespace

TEST_CASE("TSV: any bytes come back, a record a line") {
    CHECK(dump({{"a\tb", "c\nd"}, {"", ""}}) == "a\\tb\tc\\nd\n\t\n");
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        CAPTURE(seed);
        RandomBytes random(seed);
        Pairs records;
        for (std::size_t i = random.below(5); i > 0; --i) {
            std::string key = random.bytes(20);
            records.emplace_back(std::move(key), random.bytes(40));
        }
        const Reading reading = read_text<tsv::Reader>(dump(records));
        CHECK(reading.errors.empty());
        CHECK(reading.records == records);
    }
}

TEST_CASE("TSV: a line that is no record is named, and the others are read") {
    const Reading reading = read_text<tsv::Reader>("a\t1\nno tab\nb\t2\t3\n\nc\t\\q\r\nd\t4\r\ne\t5");
    CHECK(reading.records == Pairs{{"a", "1"}, {"d", "4"}, {"e", "5"}});
    REQUIRE(reading.errors.size() == 4);
    CHECK(reading.errors[0].line == 2);
    CHECK(reading.errors[1].line == 3);
    CHECK(reading.errors[2].line == 4);
    CHECK(reading.errors[3].line == 5);
}

TEST_CASE("TSV: any bytes are read to their end") {
    for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
        CAPTURE(seed);
        const std::string text = RandomBytes(seed).bytes(80);
        CHECK(read_text<tsv::Reader>(text, 32).records.size() <= text.size());
    }
}
