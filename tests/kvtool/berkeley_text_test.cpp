// SPDX-License-Identifier: MIT
//
// What kvtool/berkeley_text.h promises, tried through it.
#include "kvtool/berkeley_text.h"

#include <doctest/doctest.h>

#include "random_bytes.h"
#include "reading.h"

using namespace kvtool;

namespace {

std::string dump(const Pairs& records, berkeley::Form form, std::uint64_t lmdb_map_bytes = 0) {
    std::string text;
    berkeley::append_header(form, lmdb_map_bytes, text);
    for (const auto& [key, value] : records) {
        berkeley::append_record(form, key, value, text);
    }
    berkeley::append_end(text);
    return text;
}

Reading read(std::string_view text, std::size_t line_bytes_max = kLineBytesMax) {
    return read_text<berkeley::Reader>(text, line_bytes_max);
}

// The line and reason of the only error.
void check_refused(const std::string& text, std::uint64_t line, std::string_view reason) {
    CAPTURE(text);
    const Reading reading = read(text);
    REQUIRE(reading.errors.size() == 1);
    CHECK(reading.errors[0].line == line);
    CHECK(std::string_view(reading.errors[0].reason).find(reason) != std::string_view::npos);
}

const std::string kHead = "VERSION=3\nformat=print\ntype=hash\nHEADER=END\n";

}  // namespace

TEST_CASE("Berkeley text: both forms are written as db_dump writes them") {
    CHECK(dump({{"key", "a\\b\n"}, {"", ""}}, berkeley::Form::print) ==
          "VERSION=3\nformat=print\ntype=hash\nHEADER=END\n key\n a\\\\b\\0a\n \n \nDATA=END\n");
    CHECK(dump({{"k", "\xff"}}, berkeley::Form::bytevalue, 1'048'576) ==
          "VERSION=3\nformat=bytevalue\ntype=btree\nmapsize=1048576\nmaxreaders=126\nHEADER=END\n 6b\n ff\nDATA=END\n");
    // mdb_load 0.9.24 takes \\ for whatever stood there before.
    CHECK(dump({{"k", "a\\b"}}, berkeley::Form::print_for_lmdb, 4'096).ends_with("\n a\\5cb\nDATA=END\n"));
}

TEST_CASE("Berkeley text: any bytes come back, in every form") {
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        CAPTURE(seed);
        RandomBytes random(seed);
        Pairs records;
        for (std::size_t i = random.below(5); i > 0; --i) {
            std::string key = random.bytes(20);
            records.emplace_back(std::move(key), random.bytes(40));
        }
        for (const berkeley::Form form :
             {berkeley::Form::print, berkeley::Form::print_for_lmdb, berkeley::Form::bytevalue}) {
            const Reading reading = read(dump(records, form));
            CHECK(reading.errors.empty());
            CHECK(reading.records == records);
        }
    }
}

TEST_CASE("Berkeley text: a dump of other tools is read, whatever else its header says") {
    const Reading reading = read("VERSION=3\r\nformat=bytevalue\r\ntype=btree\r\nmapsize=10\r\nduplicates=0\r\n"
                                 "bt_minkey=2\r\nHEADER=END\r\n 6B\r\n 76\r\nDATA=END\r\n\r\n");
    CHECK(reading.errors.empty());
    CHECK(reading.records == Pairs{{"k", "v"}});
    CHECK(read("VERSION=3\nformat=print\ntype=recno\nkeys=1\nHEADER=END\n 1\n v\nDATA=END\n").records ==
          Pairs{{"1", "v"}});
}

TEST_CASE("Berkeley text: what cannot be loaded is refused in the header's line") {
    check_refused("VERSION=4\n", 1, "version");
    check_refused("VERSION=3\nformat=raw\n", 2, "format");
    check_refused("VERSION=3\ntype=graph\n", 2, "type");
    check_refused("VERSION=3\nformat=print\nduplicates=1\nHEADER=END\n", 3, "duplicate");
    check_refused("VERSION=3\ntype=recno\nHEADER=END\n v\nDATA=END\n", 3, "no keys");
    check_refused("VERSION=3\nnonsense\n", 2, "NAME=VALUE");
    check_refused("VERSION=3\ntype=hash\n", 2, "HEADER=END");
}

TEST_CASE("Berkeley text: a malformed line is named, and only its record is lost") {
    const Reading reading = read(kHead + " a\n 1\n b\\z\n 2\n c\n3\n d\n 4\nDATA=END\n");
    CHECK(reading.records == Pairs{{"a", "1"}, {"d", "4"}});
    REQUIRE(reading.errors.size() == 2);
    CHECK(reading.errors[0].line == 7);
    CHECK(reading.errors[1].line == 10);
    check_refused("VERSION=3\nformat=bytevalue\nHEADER=END\n 6\n 00\nDATA=END\n", 4, "hex");
    check_refused(kHead + " \\4\n v\nDATA=END\n", 5, "backslash");
}

TEST_CASE("Berkeley text: without DATA=END a dump is not complete") {
    check_refused(kHead + " a\n 1\n", 6, "DATA=END");
    check_refused(kHead + " a\n", 5, "DATA=END");
    check_refused(kHead + " a\nDATA=END\n", 6, "key without a value");
    CHECK(read(kHead + " a\n 1\n").records == Pairs{{"a", "1"}});
}

TEST_CASE("Berkeley text: a second database is not dropped silently") {
    check_refused(kHead + " a\n 1\nDATA=END\nVERSION=3\n", 8, "one database");
}

TEST_CASE("Berkeley text: an overlong line costs its record") {
    const Reading reading = read(kHead + " a\n " + std::string(100, 'x') + "\n b\n 2\nDATA=END\n", 50);
    CHECK(reading.records == Pairs{{"b", "2"}});
    REQUIRE(reading.errors.size() == 1);
    CHECK(reading.errors[0].line == 6);
}

TEST_CASE("Berkeley text: any bytes are read to their end") {
    const std::string text = dump({{"key", "value"}, {"\xff", "\\"}, {"", ""}}, berkeley::Form::print);
    for (std::uint64_t seed = 0; seed < 5'000; ++seed) {
        CAPTURE(seed);
        RandomBytes random(seed);
        CHECK(read(random.mutated(text), 64).records.size() <= text.size());
        CHECK(read(kHead + random.bytes(60), 64).records.size() <= 60);
    }
}
