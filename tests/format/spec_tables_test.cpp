// SPDX-License-Identifier: MIT
//
// Spec = code: every struct, packed word, enum and constant of format-spec/ is what lib/format says, and the other way
// round. Long because every on-disk field is registered here once.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <type_traits>

#include "format/frame.h"
#include "format/header.h"
#include "format/meta.h"
#include "format/page.h"
#include "format/record.h"
#include "runtime/layout.h"
#include "spec_reader.h"

using namespace quire::format;
using namespace quire::test;

namespace {

// ---- what the code says ----

template <class T> struct TypeName;
template <> struct TypeName<std::uint8_t> { static std::string get() { return "u8"; } };
template <> struct TypeName<std::uint16_t> { static std::string get() { return "u16"; } };
template <> struct TypeName<std::uint32_t> { static std::string get() { return "u32"; } };
template <> struct TypeName<std::uint64_t> { static std::string get() { return "u64"; } };
template <> struct TypeName<char> { static std::string get() { return "char"; } };
template <class T, std::size_t N> struct TypeName<T[N]> {
    static std::string get() {   // the outer dimension stands first
        std::string inner = TypeName<T>::get();
        return inner.insert(std::min(inner.find('['), inner.size()), "[" + std::to_string(N) + "]");
    }
};
template <class T, std::size_t N> struct TypeName<std::array<T, N>> : TypeName<T[N]> {};

struct Field {
    std::string name;
    std::size_t offset;
    std::size_t bytes;
    std::string type;
};

struct Struct {
    std::string name;
    std::size_t bytes;
    std::vector<Field> fields;
};

#define QUIRE_NAMED(T) \
    template <> struct TypeName<T> { static std::string get() { return #T; } };
QUIRE_NAMED(Geometry)
QUIRE_NAMED(Identity)
QUIRE_NAMED(Ledger)
QUIRE_NAMED(Fill)
QUIRE_NAMED(StreamFill)
QUIRE_NAMED(LinkBody)
QUIRE_NAMED(PageHeader)
QUIRE_NAMED(PageKind)
QUIRE_NAMED(SegmentEntry)

#define QUIRE_FIELD(S, f) \
    Field { #f, offsetof(S, f), sizeof(S::f), TypeName<decltype(S::f)>::get() }

const std::vector<Struct>& structs() {
    static const std::vector<Struct> all = {
        {"Header", sizeof(Header),
         {QUIRE_FIELD(Header, checksum), QUIRE_FIELD(Header, magic), QUIRE_FIELD(Header, identity),
          QUIRE_FIELD(Header, application_id), QUIRE_FIELD(Header, user_version), QUIRE_FIELD(Header, created_by),
          QUIRE_FIELD(Header, reserved)}},
        {"Identity", sizeof(Identity),
         {QUIRE_FIELD(Identity, format_version), QUIRE_FIELD(Identity, reserved),
          QUIRE_FIELD(Identity, features_ignored), QUIRE_FIELD(Identity, features_read_only),
          QUIRE_FIELD(Identity, features_required), QUIRE_FIELD(Identity, uuid), QUIRE_FIELD(Identity, hash_seed),
          QUIRE_FIELD(Identity, geometry)}},
        {"Geometry", sizeof(Geometry),
         {QUIRE_FIELD(Geometry, page_bytes), QUIRE_FIELD(Geometry, small_segment_bytes),
          QUIRE_FIELD(Geometry, large_segment_bytes), QUIRE_FIELD(Geometry, extent_bytes),
          QUIRE_FIELD(Geometry, large_begin), QUIRE_FIELD(Geometry, fan_out_bits),
          QUIRE_FIELD(Geometry, bucket_groups), QUIRE_FIELD(Geometry, depth_max), QUIRE_FIELD(Geometry, reserved)}},
        {"Meta", sizeof(Meta),
         {QUIRE_FIELD(Meta, checksum), QUIRE_FIELD(Meta, magic), QUIRE_FIELD(Meta, identity),
          QUIRE_FIELD(Meta, label), QUIRE_FIELD(Meta, horizon), QUIRE_FIELD(Meta, held_label),
          QUIRE_FIELD(Meta, root), QUIRE_FIELD(Meta, table_root), QUIRE_FIELD(Meta, root_seal),
          QUIRE_FIELD(Meta, table_root_seal), QUIRE_FIELD(Meta, segments), QUIRE_FIELD(Meta, size_bytes),
          QUIRE_FIELD(Meta, log_at), QUIRE_FIELD(Meta, log_position), QUIRE_FIELD(Meta, log_seed), QUIRE_FIELD(Meta, log_end), QUIRE_FIELD(Meta, log_in_run),
          QUIRE_FIELD(Meta, history_begin), QUIRE_FIELD(Meta, fill), QUIRE_FIELD(Meta, ledger),
          QUIRE_FIELD(Meta, index_pages), QUIRE_FIELD(Meta, flags), QUIRE_FIELD(Meta, stored_at),
          QUIRE_FIELD(Meta, snapshot_table), QUIRE_FIELD(Meta, table_catalogue), QUIRE_FIELD(Meta, application_id),
          QUIRE_FIELD(Meta, user_version), QUIRE_FIELD(Meta, reserved)}},
        {"Ledger", sizeof(Ledger),
         {QUIRE_FIELD(Ledger, records), QUIRE_FIELD(Ledger, bytes), QUIRE_FIELD(Ledger, digest)}},
        {"Fill", sizeof(Fill), {QUIRE_FIELD(Fill, at), QUIRE_FIELD(Fill, end)}},
        {"StreamFill", sizeof(StreamFill), {QUIRE_FIELD(StreamFill, tail), QUIRE_FIELD(StreamFill, active)}},
        {"FrameHeader", sizeof(FrameHeader),
         {QUIRE_FIELD(FrameHeader, checksum), QUIRE_FIELD(FrameHeader, bytes), QUIRE_FIELD(FrameHeader, what)}},
        {"LinkBody", sizeof(LinkBody),
         {QUIRE_FIELD(LinkBody, target), QUIRE_FIELD(LinkBody, position), QUIRE_FIELD(LinkBody, seed),
          QUIRE_FIELD(LinkBody, segments), QUIRE_FIELD(LinkBody, rotates)}},
        {"StretchLine", sizeof(StretchLine),
         {QUIRE_FIELD(StretchLine, checksum), QUIRE_FIELD(StretchLine, magic), QUIRE_FIELD(StretchLine, link_at),
          QUIRE_FIELD(StretchLine, link), QUIRE_FIELD(StretchLine, store)}},
        {"RecordHeader", sizeof(RecordHeader),
         {QUIRE_FIELD(RecordHeader, content), QUIRE_FIELD(RecordHeader, value_bytes),
          QUIRE_FIELD(RecordHeader, key_bytes), QUIRE_FIELD(RecordHeader, flags)}},
        {"PageHeader", sizeof(PageHeader),
         {QUIRE_FIELD(PageHeader, seal), QUIRE_FIELD(PageHeader, self), QUIRE_FIELD(PageHeader, born),
          QUIRE_FIELD(PageHeader, prefix), QUIRE_FIELD(PageHeader, kind), QUIRE_FIELD(PageHeader, depth),
          QUIRE_FIELD(PageHeader, level), QUIRE_FIELD(PageHeader, reserved), QUIRE_FIELD(PageHeader, next_seal),
          QUIRE_FIELD(PageHeader, next), QUIRE_FIELD(PageHeader, reserved_words)}},
        {"DirectoryPage", sizeof(DirectoryPage),
         {QUIRE_FIELD(DirectoryPage, header), QUIRE_FIELD(DirectoryPage, refs), QUIRE_FIELD(DirectoryPage, seals),
          QUIRE_FIELD(DirectoryPage, unused)}},
        {"BucketPage", sizeof(BucketPage), {QUIRE_FIELD(BucketPage, header), QUIRE_FIELD(BucketPage, slots)}},
        {"SegmentEntry", sizeof(SegmentEntry), {QUIRE_FIELD(SegmentEntry, life), QUIRE_FIELD(SegmentEntry, state)}},
        {"TableLeaf", sizeof(TableLeaf),
         {QUIRE_FIELD(TableLeaf, header), QUIRE_FIELD(TableLeaf, entries), QUIRE_FIELD(TableLeaf, unused)}},
    };
    return all;
}

// A packed word's fields as masks, made by the code that packs them with the field's greatest value and zeros.
struct Word {
    std::string name;
    unsigned bits;
    std::map<std::string, std::uint64_t> masks;
};

constexpr std::uint64_t ones(unsigned bits) { return (std::uint64_t{1} << bits) - 1; }

const std::vector<Word>& words() {
    const auto describe = FrameHeader::describe;
    const auto life = [](SegmentKind kind, std::uint16_t flags, std::uint64_t born) {
        return SegmentEntry::make(kind, flags, {born}, {0}, 0).life;
    };
    static const std::vector<Word> all = {
        {"FrameHeader::what", 32,
         {{"kind", describe(static_cast<FrameKind>(15), 0, 0)},
          {"flags", describe(static_cast<FrameKind>(0), 15, 0)},
          {"records", describe(static_cast<FrameKind>(0), 0, kFrameRecordsMax)}}},
        {"RecordHeader::flags", 16,
         {{"erase", kRecordErase}, {"expiry", 2}, {"table", 4}, {"codec", 8}, {"zero", 0xfff0}}},
        {"PageRef", 64,
         {{"page", PageRef::make({ones(36) * kPageBytes}, 0, 0, false).word},
          {"depth", PageRef::make({0}, 63, 0, false).word},
          {"level", PageRef::make({0}, 0, 15, false).word},
          {"overflow", PageRef::make({0}, 0, 0, true).word},
          {"zero", ones(17) << 47}}},
        {"Slot", 64,
         {{"record", Slot::make(0, 0, false, {ones(44) * 8}).word},
          {"filter", Slot::make(0, 0, true, {0}).word},
          {"distance", Slot::make(0, 7, false, {0}).word},
          {"tag", Slot::make(0xffff, 0, false, {0}).word}}},
        {"SegmentEntry::life", 64,
         {{"born", life(SegmentKind::free, 0, ones(40))},
          {"kind", life(static_cast<SegmentKind>(255), 0, 0)},
          {"flags", life(SegmentKind::free, 0xffff, 0)}}},
        {"SegmentEntry::state", 64,
         {{"free_since", SegmentEntry::make(SegmentKind::free, 0, {0}, {ones(40)}, 0).state},
          {"live", SegmentEntry::make(SegmentKind::free, 0, {0}, {0}, kLiveMax).state}}},
    };
    return all;
}

#define QUIRE_VALUE(E, v) {#v, static_cast<std::uint64_t>(E::v)}

const std::map<std::string, std::map<std::string, std::uint64_t>>& enums() {
    static const std::map<std::string, std::map<std::string, std::uint64_t>> all = {
        {"FrameKind",
         {QUIRE_VALUE(FrameKind, commit), QUIRE_VALUE(FrameKind, link), QUIRE_VALUE(FrameKind, filler)}},
        {"PageKind",
         {QUIRE_VALUE(PageKind, bucket), QUIRE_VALUE(PageKind, directory), QUIRE_VALUE(PageKind, table_node),
          QUIRE_VALUE(PageKind, table_leaf)}},
        {"SegmentKind",
         {QUIRE_VALUE(SegmentKind, free), QUIRE_VALUE(SegmentKind, log), QUIRE_VALUE(SegmentKind, moved),
          QUIRE_VALUE(SegmentKind, index), QUIRE_VALUE(SegmentKind, table), QUIRE_VALUE(SegmentKind, run),
          QUIRE_VALUE(SegmentKind, run_rest), QUIRE_VALUE(SegmentKind, foreign)}},
        {"Stream",
         {QUIRE_VALUE(Stream, log), QUIRE_VALUE(Stream, moved), QUIRE_VALUE(Stream, index),
          QUIRE_VALUE(Stream, table)}},
    };
    return all;
}

#define QUIRE_CONSTANT(k) {#k, k}

const std::map<std::string, std::uint64_t>& constants() {
    static const std::map<std::string, std::uint64_t> all = {
        QUIRE_CONSTANT(kFormatVersion), QUIRE_CONSTANT(kPageBytes),     QUIRE_CONSTANT(kFileBytesMax),
        QUIRE_CONSTANT(kPrivateBit),    QUIRE_CONSTANT(kMetaMagic),     QUIRE_CONSTANT(kStretchMagic),
        QUIRE_CONSTANT(kMetaLogEnds),   QUIRE_CONSTANT(kFrameDurable),  QUIRE_CONSTANT(kFrameRecordsMax),
        QUIRE_CONSTANT(kLinkBytes),     QUIRE_CONSTANT(kRecordErase),   QUIRE_CONSTANT(kSegmentClosed),
        QUIRE_CONSTANT(kSegmentPunched), QUIRE_CONSTANT(kLiveMax),      QUIRE_CONSTANT(kFanOutMax),
        QUIRE_CONSTANT(kTableFanOutMax), QUIRE_CONSTANT(kGroupSlots),   QUIRE_CONSTANT(kBucketGroupsMax),
    };
    return all;
}

// ---- what the spec says ----

// "struct Meta (4096 bytes)": the kind, the name and the number in brackets.
struct Heading {
    std::string kind, name, size;
};

Heading parse_heading(const std::string& text) {
    const auto first = text.find(' ');
    const auto bracket = text.find(" (");
    if (first == std::string::npos || bracket == std::string::npos || bracket <= first) {
        return {};
    }
    return {text.substr(0, first), text.substr(first + 1, bracket - first - 1),
            split(text.substr(bracket + 2), ' ').front()};
}

std::map<std::string, std::pair<std::string, SpecTable>> spec_tables(std::string_view kind) {
    std::map<std::string, std::pair<std::string, SpecTable>> found;
    for (const auto& table : read_spec_tables()) {
        const auto heading = parse_heading(table.heading);
        if (heading.kind == kind) {
            INFO(table.heading);
            CHECK_MESSAGE(!found.contains(heading.name), "stands twice in the spec");
            found[heading.name] = {heading.size, table};
        }
    }
    return found;
}

}  // namespace

TEST_CASE("each on-disk struct has one offset table, and it is what the compiler lays out") {
    auto spec = spec_tables("struct");
    REQUIRE_MESSAGE(!spec.empty(), "format-spec not found below ", source_dir().string());
    for (const Struct& s : structs()) {
        INFO(s.name);
        REQUIRE(spec.contains(s.name));
        const auto& [size, table] = spec[s.name];
        CHECK(number(size) == s.bytes);
        CHECK(table.columns == std::vector<std::string>{"offset", "bytes", "field", "type", "meaning"});
        REQUIRE(table.rows.size() == s.fields.size());
        std::size_t end = 0;
        for (std::size_t i = 0; i < s.fields.size(); ++i) {
            const auto& row = table.rows[i];
            const Field& field = s.fields[i];
            INFO(field.name);
            REQUIRE(row.size() == 5);
            CHECK(row[2] == field.name);
            CHECK(number(row[0]) == field.offset);
            CHECK(number(row[1]) == field.bytes);
            CHECK(row[3] == field.type);
            CHECK_FALSE(row[4].empty());
            CHECK(field.offset == end);   // no gap: no padding, no field forgotten here
            end = field.offset + field.bytes;
        }
        CHECK(end == s.bytes);
        spec.erase(s.name);
    }
    for (const auto& [name, table] : spec) {
        FAIL_CHECK("in the spec, not registered here: struct ", name);
    }
}

TEST_CASE("each packed word's bit table is what the code packs") {
    auto spec = spec_tables("word");
    for (const Word& word : words()) {
        INFO(word.name);
        REQUIRE(spec.contains(word.name));
        const auto& [size, table] = spec[word.name];
        CHECK(number(size) == word.bits);
        CHECK(table.columns == std::vector<std::string>{"bits", "width", "field", "meaning"});
        std::uint64_t next = 0;
        for (const auto& row : table.rows) {
            INFO(row[2]);
            const auto range = split(row[0], ' ');   // "0 … 43" or "44"
            const std::uint64_t first = number(range.front());
            const std::uint64_t last = number(range.back());
            REQUIRE(last < 64);
            CHECK(first == next);
            next = last + 1;
            const std::uint64_t width = last - first + 1;
            CHECK(number(row[1]) == width);
            REQUIRE(word.masks.contains(row[2]));
            CHECK(word.masks.at(row[2]) == (ones(static_cast<unsigned>(width)) << first));
        }
        CHECK(next == word.bits);
        CHECK(table.rows.size() == word.masks.size());
        spec.erase(word.name);
    }
    for (const auto& [name, table] : spec) {
        FAIL_CHECK("in the spec, not registered here: word ", name);
    }
}

TEST_CASE("each enum's values are the code's") {
    auto spec = spec_tables("enum");
    for (const auto& [name, values] : enums()) {
        INFO(name);
        REQUIRE(spec.contains(name));
        std::map<std::string, std::uint64_t> listed;
        for (const auto& row : spec[name].second.rows) {
            listed[row[1]] = number(row[0]);
        }
        CHECK(listed == values);
        CHECK(spec[name].first == "u8)");
        spec.erase(name);
    }
    CHECK(spec.empty());
}

TEST_CASE("the constants are the code's") {
    std::map<std::string, std::uint64_t> listed;
    for (const auto& row : spec_table("constants").rows) {
        listed[row[0]] = number(row[1]);
    }
    for (const auto& [name, value] : constants()) {
        INFO(name);
        REQUIRE(listed.contains(name));
        CHECK(listed[name] == value);
    }
    CHECK(listed.size() == constants().size());
    std::string magic;
    for (const std::uint8_t byte : kHeaderMagic) {
        constexpr char kDigits[] = "0123456789abcdef";
        magic += {kDigits[byte >> 4], kDigits[byte & 15], ' '};
    }
    const auto header = spec_tables("struct")["Header"].second;
    REQUIRE(header.rows.size() > 1);
    CHECK(header.rows[1][4].starts_with(trimmed(magic)));
}

TEST_CASE("both geometries and their fixed places are the code's") {
    constexpr Geometry kGeometries[] = {Geometry::production(), Geometry::smallest()};
    const auto fields = spec_table("geometry");
    const auto places = spec_table("fixed places");
    for (std::size_t i = 0; i < 2; ++i) {
        const Geometry& g = kGeometries[i];
        const std::map<std::string, std::uint64_t> sizes = {
            {"page_bytes", g.page_bytes},
            {"small_segment_bytes", g.small_segment_bytes},
            {"large_segment_bytes", g.large_segment_bytes},
            {"extent_bytes", g.extent_bytes},
            {"large_begin", g.large_begin},
            {"fan_out_bits", g.fan_out_bits},
            {"bucket_groups", g.bucket_groups},
            {"depth_max", g.depth_max},
        };
        std::map<std::string, std::uint64_t> listed;
        for (const auto& row : fields.rows) {
            listed[row[0]] = number(row[1 + i]);
        }
        CHECK(listed == sizes);
        const std::map<std::string, std::uint64_t> fixed = {
            {"header", 0},
            {"meta slot 0", g.meta_at(0).value},
            {"meta slot 1", g.meta_at(1).value},
            {"first segment for streams", g.first_segment().value},
            {"first large segment", g.small_segments()},
            {"table fan-out bits", g.table_bits()},
            {"run bytes at most", g.run_bytes_max()},
            {"file bytes at most", g.file_bytes_max()},
        };
        std::map<std::string, std::uint64_t> found;
        for (const auto& row : places.rows) {
            found[row[0]] = number(row[2 + i]);
        }
        CHECK(found == fixed);
    }
}

TEST_CASE("the lock bytes are where the contract between versions says, and do not overlap") {
    namespace runtime = quire::runtime;
    const std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> code = {
        {"OPEN", {runtime::kOpenByte, 1}},
        {"LIVE", {runtime::kLiveBase, runtime::kLabelBase - runtime::kLiveBase}},
        {"LABEL", {runtime::kLabelBase, runtime::kLabels}},
        {"WORLD", {runtime::kWorldBase, runtime::kWorlds}},
    };
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> listed;
    std::uint64_t end = std::uint64_t{1} << 62;
    for (const auto& row : spec_table("lock bytes").rows) {
        listed[row[0]] = {number(row[1]), number(row[2])};
        CHECK(number(row[1]) >= end);
        end = number(row[1]) + number(row[2]);
    }
    CHECK(listed == code);
    CHECK(end < std::uint64_t{1} << 63);
    CHECK(2 * runtime::kBlocksMax <= runtime::kLabelBase - runtime::kLiveBase);
}

TEST_CASE("the spec's words for on-disk structs are plain bytes") {
    CHECK(std::endian::native == std::endian::little);
    CHECK(std::has_unique_object_representations_v<Meta>);
    CHECK(std::has_unique_object_representations_v<Header>);
    CHECK(std::has_unique_object_representations_v<FrameHeader>);
    CHECK(std::has_unique_object_representations_v<StretchLine>);
    CHECK(std::has_unique_object_representations_v<RecordHeader>);
    CHECK(std::has_unique_object_representations_v<BucketPage>);
    CHECK(std::has_unique_object_representations_v<DirectoryPage>);
    CHECK(std::has_unique_object_representations_v<TableLeaf>);
}
