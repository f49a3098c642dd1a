// SPDX-License-Identifier: MIT
//
// What kvtool/bytes_text.h promises, tried through it.
#include "kvtool/bytes_text.h"

#include <doctest/doctest.h>

#include "random_bytes.h"

using namespace kvtool;

namespace {

std::string escaped(std::string_view bytes, Escape kind = Escape::record) {
    std::string out;
    append_escaped(bytes, kind, out);
    return out;
}

std::string unescaped(std::string_view text) {
    std::string out;
    REQUIRE(append_unescaped(text, out));
    return out;
}

bool is_refused(std::string_view text) {
    std::string out;
    return !append_unescaped(text, out);
}

std::string json(std::string_view bytes, bool hex = false) {
    std::string out;
    append_json(bytes, hex, out);
    return out;
}

}  // namespace

TEST_CASE("escapes: each special byte has its one form, UTF-8 passes") {
    CHECK(escaped("a\tb\nc\rd\\e") == R"(a\tb\nc\rd\\e)");
    CHECK(escaped(std::string_view("\0\x1f\x7f", 3)) == R"(\x00\x1f\x7f)");
    CHECK(escaped("grün €") == "grün €");
    CHECK(escaped("\xff\xc3(") == R"(\xff\xc3()");
    CHECK(escaped("C:\\temp\n", Escape::control) == R"(C:\temp\n)");
}

TEST_CASE("escapes: what is no escape is refused") {
    CHECK(unescaped(R"(\x4A\x4a\t)") == "JJ\t");
    for (const char* text : {"\\", "\\q", "a\\", "\\x", "\\x4", "\\x4g", "\\xg4", "\\X41"}) {
        CAPTURE(text);
        CHECK(is_refused(text));
    }
}

TEST_CASE("escapes: any bytes come back, and a line holds them") {
    for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
        CAPTURE(seed);
        const std::string bytes = RandomBytes(seed).bytes(60);
        const std::string text = escaped(bytes);
        CHECK(unescaped(text) == bytes);
        CHECK(text.find_first_of("\n\r\t") == text.npos);
        CHECK(is_utf8(text));
    }
}

TEST_CASE("UTF-8: overlong forms, surrogates and what lies beyond are none") {
    CHECK(is_utf8("aä€😀"));
    for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                             "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3"}) {
        CAPTURE(text);
        CHECK_FALSE(is_utf8(text));
    }
    CHECK(is_utf8("\xf4\x8f\xbf\xbf"));
    CHECK(is_utf8("\xed\x9f\xbf"));
}

TEST_CASE("hex: both cases are read, halves and other letters are not") {
    std::string out;
    CHECK(append_unhex("00fFA0", out));
    CHECK(out == std::string_view("\0\xff\xa0", 3));
    CHECK_FALSE(append_unhex("0", out));
    CHECK_FALSE(append_unhex("0g", out));
    CHECK_FALSE(append_unhex(" 0", out));
    out.clear();
    append_hex(std::string_view("\0\xff", 2), out);
    CHECK(out == "00ff");
}

TEST_CASE("JSON: text is a string, other bytes are hex") {
    CHECK(json("a\"b\\c\n\x01") == R"("a\"b\\c\n\u0001")");
    CHECK(json("ä") == "\"ä\"");
    CHECK(json("\xff") == R"({"hex": "ff"})");
    CHECK(json("a", true) == R"({"hex": "61"})");
}
