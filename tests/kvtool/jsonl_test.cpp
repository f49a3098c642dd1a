// SPDX-License-Identifier: MIT
//
// What kvtool/jsonl.h promises, tried through it.
#include "kvtool/jsonl.h"

#include <doctest/doctest.h>

#include "random_bytes.h"
#include "reading.h"

using namespace kvtool;

namespace {

std::string dump(const Pairs& records, bool hex) {
    std::string text;
    for (const auto& [key, value] : records) {
        jsonl::append_record(key, value, hex, text);
    }
    return text;
}

Pairs read_clean(std::string_view text) {
    const Reading reading = read_text<jsonl::Reader>(text);
    CHECK(reading.errors.empty());
    return reading.records;
}

}  // namespace

TEST_CASE("JSON lines: any bytes come back") {
    CHECK(dump({{"k", "\xff"}}, false) == "{\"key\": \"k\", \"value\": {\"hex\": \"ff\"}}\n");
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        CAPTURE(seed);
        RandomBytes random(seed);
        Pairs records;
        for (std::size_t i = random.below(5); i > 0; --i) {
            std::string key = random.bytes(20);
            records.emplace_back(std::move(key), random.bytes(40));
        }
        CHECK(read_clean(dump(records, seed % 2 == 0)) == records);
    }
}

TEST_CASE("JSON lines: what other programs write is read") {
    CHECK(read_clean(R"(  { "value" :"\u00e4\ud83d\ude00\/\b\f\n\r\t\"\\" ,	"key":"" }  )") ==
          Pairs{{"", "ä😀/\b\f\n\r\t\"\\"}});
}

TEST_CASE("JSON lines: everything else is refused, with its line") {
    for (const char* line :
         {"", "{}", "[]", "null", R"({"key": "a"})", R"({"key": "a", "value": 1})", R"({"key": "a", "value": "b"} x)",
          R"({"key": "a", "key": "b", "value": "c"})", R"({"key": "a", "value": "b", "more": "c"})",
          R"({"key": "a", "value": "b",})", R"({"key": "a", "value": "b)", R"({"key": "\q", "value": "b"})",
          R"({"key": "\u12", "value": "b"})", R"({"key": "\ud800", "value": "b"})", R"({"key": "\udc00", "value": "b"})",
          R"({"key": "\ud800\u0041", "value": "b"})", R"({"key": {"hex": "f"}, "value": "b"})",
          R"({"key": {"base64": "ff"}, "value": "b"})", R"({"key": {"hex": "ff", "value": "b"})",
          "{\"key\": \"\xff\", \"value\": \"b\"}", "{\"key\": \"\t\", \"value\": \"b\"}"}) {
        CAPTURE(line);
        const Reading reading = read_text<jsonl::Reader>(R"({"key": "a", "value": "b"})" "\n" + std::string(line) + "\n");
        CHECK(reading.records.size() == 1);
        REQUIRE(reading.errors.size() == 1);
        CHECK(reading.errors[0].line == 2);
    }
}

TEST_CASE("JSON lines: any bytes are read to their end") {
    const std::string text = dump({{"key", "value \n ä"}, {"\xff", "\\"}}, false);
    for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
        CAPTURE(seed);
        CHECK(read_text<jsonl::Reader>(RandomBytes(seed).mutated(text), 64).records.size() <= text.size());
    }
}
