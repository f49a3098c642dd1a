// SPDX-License-Identifier: MIT
//
// What kvtool/text_format.h promises, tried through it.
#include "kvtool/text_format.h"

#include <doctest/doctest.h>

using namespace kvtool;

namespace {

TextFormat detect(std::string_view text) {
    MemorySource source(text);
    Lines lines(source);
    const auto format = detect_text_format(lines);
    REQUIRE(format);
    if (!text.empty()) {
        CHECK(**lines.next() == text.substr(0, text.find('\n')));
    }
    return *format;
}

}  // namespace

TEST_CASE("formats: the first line says which, and stays to be read") {
    CHECK(detect("VERSION=3\nformat=print\n") == TextFormat::bytevalue);
    CHECK(detect("{\"key\": \"a\", \"value\": \"b\"}\n") == TextFormat::jsonl);
    CHECK(detect("a\tb\n") == TextFormat::tsv);
    CHECK(detect("VERSION=3\tb\n") == TextFormat::tsv);
    CHECK(detect("{\tb\n") == TextFormat::tsv);
    CHECK(detect("") == TextFormat::tsv);
}

TEST_CASE("formats: names are those of --format") {
    CHECK(text_format_of("bdb") == TextFormat::bytevalue);
    CHECK(text_format_of("print") == TextFormat::print);
    CHECK(text_format_of("tsv") == TextFormat::tsv);
    CHECK(text_format_of("jsonl") == TextFormat::jsonl);
    CHECK_FALSE(text_format_of("auto"));
    CHECK_FALSE(text_format_of("csv"));
}
