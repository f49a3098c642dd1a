// SPDX-License-Identifier: MIT
//
// A header says what the file is, and each way in which it is not ours has an answer of its own.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>

#include "format/checksum.h"
#include "format/header.h"

using namespace quire;
using namespace quire::format;

namespace {

Identity identity_with(const Geometry& geometry) {
    Identity identity;
    for (std::size_t i = 0; i < identity.uuid.size(); ++i) {
        identity.uuid[i] = static_cast<std::uint8_t>(i + 16);
    }
    identity.hash_seed = 0x0123456789abcdef;
    identity.geometry = geometry;
    return identity;
}

std::unique_ptr<Header> header_with(const Identity& identity) {
    auto page = std::make_unique<Header>();
    encode_header(*page, identity);
    return page;
}

void seal(Header& page) {
    page.checksum = checksum(std::as_bytes(std::span(&page, 1)).subspan(8));
}

Errc refusal(const Header& page) {
    const auto identity = decode_header(page);
    return identity ? Errc::internal : identity.error().code;
}

}  // namespace

TEST_CASE("a header comes back at both geometries") {
    for (const auto& geometry : {Geometry::production(), Geometry::smallest()}) {
        const auto identity = identity_with(geometry);
        const auto found = decode_header(*header_with(identity));
        REQUIRE(found);
        CHECK(std::memcmp(&*found, &identity, sizeof identity) == 0);
        CHECK(store_word(*found) == 0x1716151413121110u);
    }
}

TEST_CASE("every bit flip of a header is refused, and in its magic as no store") {
    auto page = header_with(identity_with(Geometry::production()));
    auto* const bytes = reinterpret_cast<unsigned char*>(page.get());
    for (std::size_t bit = 0; bit < sizeof(Header) * 8; ++bit) {
        const auto mask = static_cast<unsigned char>(1u << bit % 8);
        bytes[bit / 8] ^= mask;
        const auto code = refusal(*page);
        bytes[bit / 8] ^= mask;
        const std::size_t byte = bit / 8;
        const auto expected = byte >= 8 && byte < 16    ? Errc::not_a_store
                              : byte >= 16 && byte < 20 ? Errc::unsupported_format
                                                        : Errc::corrupt;
        CHECK(code == expected);
    }
    CHECK(decode_header(*page));
}

TEST_CASE("a newer format version is unsupported, not damaged, and named") {
    auto page = header_with(identity_with(Geometry::production()));
    page->identity.format_version = 9;
    CHECK(decode_header(*page).error().code == Errc::unsupported_format);   // even with a checksum of another kind
    seal(*page);
    CHECK(decode_header(*page).error().code == Errc::unsupported_format);
    CHECK(decode_header(*page).error().detail == 9);
}

TEST_CASE("a text-mode transfer, an empty page and text are no stores") {
    auto page = header_with(identity_with(Geometry::production()));
    page->magic[5] = '\n';   // CR LF became LF
    CHECK(refusal(*page) == Errc::not_a_store);
    std::memset(static_cast<void*>(page.get()), 0, sizeof *page);
    CHECK(refusal(*page) == Errc::not_a_store);
    std::memset(static_cast<void*>(page.get()), '#', sizeof *page);
    CHECK(refusal(*page) == Errc::not_a_store);
}

TEST_CASE("a well-summed header whose geometry makes no sense is refused") {
    for (const std::uint32_t extent_bytes : {0u, 1u, 65535u, 0x80000000u}) {
        auto page = header_with(identity_with(Geometry::production()));
        page->identity.geometry.extent_bytes = extent_bytes;
        seal(*page);
        CHECK(refusal(*page) == Errc::corrupt);
    }
}

TEST_CASE("unknown features: ignored, read-only, refused") {
    auto identity = identity_with(Geometry::production());
    identity.features_ignored = ~std::uint64_t{0};
    CHECK(check_features(identity, true));
    identity.features_read_only = 4;
    CHECK(check_features(identity, false));
    REQUIRE_FALSE(check_features(identity, true));
    CHECK(check_features(identity, true).error().detail == 4);
    identity.features_required = std::uint64_t{1} << 63;
    REQUIRE_FALSE(check_features(identity, false));
    CHECK(check_features(identity, false).error().code == Errc::unsupported_format);
    CHECK(check_features(identity, false).error().detail == std::uint64_t{1} << 63);
}
