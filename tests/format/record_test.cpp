// SPDX-License-Identifier: MIT
//
// A record comes back as it was written, and its content checksum sees damage to all but the padding.
#include <doctest/doctest.h>

#include <string>

#include "format/record.h"
#include "frame_builder.h"

using namespace quire::format;
using quire::test::AlignedBytes;
using quire::test::as_bytes;

namespace {

AlignedBytes encoded(std::string_view key, std::string_view value, std::uint16_t flags = 0) {
    AlignedBytes bytes(record_bytes(key.size(), value.size()));
    std::memset(bytes.data(), 0xee, bytes.size());
    encode_record(bytes.data(), as_bytes(key), as_bytes(value), flags);
    return bytes;
}

RecordView view(const AlignedBytes& bytes) {
    return {reinterpret_cast<const RecordHeader*>(bytes.data())};
}

std::string text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("a record comes back as it was written, at every length near a boundary") {
    for (const std::size_t key_bytes : {0u, 1u, 7u, 8u, 9u, 15u, 16u, 255u, 65535u}) {
        for (const std::size_t value_bytes : {0u, 1u, 7u, 8u, 100u, 241u, 70000u}) {
            const std::string key(key_bytes, 'k');
            const std::string value(value_bytes, 'v');
            const auto bytes = encoded(key, value);
            const RecordView record = view(bytes);
            CHECK(record.bytes() == bytes.size());
            CHECK(record.bytes() % 8 == 0);
            CHECK(text(record.key()) == key);
            CHECK(text(record.value()) == value);
            CHECK(record.intact());
            CHECK_FALSE(record.erases());
        }
    }
}

TEST_CASE("the size of a record is computed in 64 bits") {
    CHECK(record_bytes(0, 0) == 16);
    CHECK(record_bytes(65535, 0xffffffffu) == (std::uint64_t{1} << 32) + 65552);
}

TEST_CASE("padding is zero whatever lay there") {
    auto bytes = encoded("key", "value");   // 16 + 8, no padding
    CHECK(bytes.size() == 24);
    bytes = encoded("key", "values");
    CHECK(bytes.size() == 32);
    for (std::size_t i = 25; i < 32; ++i) {
        CHECK(bytes[i] == std::byte{0});
    }
}

TEST_CASE("every bit of a record but its padding is covered") {
    const auto whole = encoded("key", "values");
    // value_bytes and key_bytes are tried in frame_test: a record is bounded by its frame before it is summed.
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        const std::size_t byte = bit / 8;
        if (byte >= 8 && byte < 14) {
            continue;
        }
        auto damaged = whole;
        damaged.flip(bit);
        CHECK(view(damaged).intact() == (byte >= 25));
    }
}

TEST_CASE("an erase and a put of an empty value differ") {
    const auto erase = encoded("key", "", kRecordErase);
    const auto put = encoded("key", "");
    CHECK(view(erase).erases());
    CHECK(view(erase).intact());
    CHECK(view(erase).header->content != view(put).header->content);
}

TEST_CASE("where the key ends and the value begins is part of the content") {
    CHECK(view(encoded("ab", "c")).header->content != view(encoded("a", "bc")).header->content);
}
