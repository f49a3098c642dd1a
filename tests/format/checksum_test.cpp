// SPDX-License-Identifier: MIT
//
// The checksum vectors of format-spec/09 hold: files written by any release are read by the same arithmetic.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "format/checksum.h"
#include "format/frame.h"
#include "format/header.h"
#include "format/meta.h"
#include "format/page.h"
#include "frame_builder.h"
#include "spec_reader.h"

using namespace quire::format;
using namespace quire::test;

namespace {

struct Vector {
    std::map<std::string, std::uint64_t> arguments;
    AlignedBytes bytes;
};

unsigned nibble(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

Vector parse(std::string_view from) {
    Vector vector;
    std::vector<std::byte> bytes;
    for (const auto& token : split(from, ' ')) {
        if (const auto equals = token.find('='); equals != std::string::npos) {
            vector.arguments[token.substr(0, equals)] = number(token.substr(equals + 1));
        } else if (const auto times = token.find('*'); times != std::string::npos) {
            const auto byte = static_cast<std::byte>(nibble(token[0]) << 4 | nibble(token[1]));
            bytes.insert(bytes.end(), static_cast<std::size_t>(number(token.substr(times + 1))), byte);
        } else if (token != "-") {
            for (std::size_t i = 0; i + 1 < token.size(); i += 2) {
                bytes.push_back(static_cast<std::byte>(nibble(token[i]) << 4 | nibble(token[i + 1])));
            }
        }
    }
    vector.bytes = AlignedBytes(bytes);
    return vector;
}

std::uint64_t first_word(const AlignedBytes& bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    return word;
}

// Each returns what the code computes; the page-like ones also look at the checksum that the bytes hold.
std::uint64_t computed(const std::string& what, Vector& v) {
    auto& a = v.arguments;
    if (what == "checksum") {
        return checksum(v.bytes.span());
    }
    if (what == "key_hash") {
        return key_hash(v.bytes.span(), a.at("seed"));
    }
    if (what == "fold") {
        return fold(a.at("a"), a.at("b"), a.at("c"));
    }
    if (what == "mix") {
        return mix(a.at("a"));
    }
    if (what == "half_seal") {
        return half_seal(a.at("a"));
    }
    if (what == "content") {
        const RecordView record{reinterpret_cast<const RecordHeader*>(v.bytes.data())};
        REQUIRE(record.bytes() == v.bytes.size());
        CHECK(record.intact());
        return record.content_now();
    }
    if (what == "frame") {
        const FramePlace place{a.at("seed"), {a.at("position")}};
        CHECK(is_valid(v.bytes, place));
        v.bytes.header().checksum = 0;
        seal_frame(v.bytes.header(), place);
        return v.bytes.header().checksum;
    }
    if (what == "stretch") {
        REQUIRE(v.bytes.size() == sizeof(StretchLine));
        const auto& line = *reinterpret_cast<const StretchLine*>(v.bytes.data());
        CHECK(valid(line, line.store));
        return make_stretch_line({line.link_at}, line.link, line.store).checksum;
    }
    REQUIRE(v.bytes.size() == kPageBytes);
    CHECK(first_word(v.bytes) == (what == "seal" ? seal_of(*reinterpret_cast<const PageHeader*>(v.bytes.data()))
                                                 : checksum(v.bytes.span().subspan(8))));
    if (what == "seal") {
        return seal_of(*reinterpret_cast<const PageHeader*>(v.bytes.data()));
    }
    if (what == "header") {
        const auto identity = decode_header(*reinterpret_cast<const Header*>(v.bytes.data()));
        REQUIRE(identity);
        CHECK(identity->geometry == Geometry::production());
        return first_word(v.bytes);
    }
    REQUIRE(what == "meta");
    Meta meta;
    std::memcpy(static_cast<void*>(&meta), v.bytes.data(), sizeof meta);
    CHECK(decode_meta(v.bytes.data(), meta.identity));
    meta.checksum = 0;
    seal_meta(meta);
    return meta.checksum;
}

}  // namespace

TEST_CASE("the vectors of format-spec/09 are what the code computes") {
    const auto table = spec_table("vectors");
    REQUIRE_MESSAGE(!table.rows.empty(), "format-spec not found below ", source_dir().string());
    std::set<std::string> kinds;
    for (const auto& row : table.rows) {
        REQUIRE(row.size() == 4);
        INFO(row[0], " (", row[1], ")");
        auto vector = parse(row[2]);
        CHECK(computed(row[1], vector) == number(row[3]));
        kinds.insert(row[1]);
    }
    CHECK(kinds == std::set<std::string>{"checksum", "content", "fold", "frame", "half_seal", "header", "key_hash",
                                         "meta", "mix", "seal", "stretch"});
}

TEST_CASE("mix is a bijection as far as can be seen, and the digest does not cancel equal records") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        seen.insert(mix(i));
        seen.insert(mix(~i));
    }
    CHECK(seen.size() == 20'000);
    CHECK(mix(1) + mix(3) != mix(2) + mix(2));   // though 1 + 3 = 2 + 2
}
