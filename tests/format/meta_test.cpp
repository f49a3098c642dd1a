// SPDX-License-Identifier: MIT
//
// Of two meta pages the newest whole one counts, whatever a torn store or another file's page left in the other slot.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <random>

#include "format/meta.h"

using namespace quire;
using namespace quire::format;

namespace {

Identity identity_of(std::uint8_t uuid) {
    Identity identity;
    identity.uuid.fill(uuid);
    identity.geometry = Geometry::smallest();
    return identity;
}

const Identity kOurs = identity_of(1);

struct Page {
    alignas(8) std::byte bytes[kPageBytes] = {};
};

std::unique_ptr<Page> meta_page(std::uint64_t label, const Identity& identity = kOurs) {
    Meta meta{};
    meta.identity = identity;
    meta.label = label;
    meta.horizon = label - 1;
    meta.log_at = 0x6000 + label * 64;
    meta.log_position = label * 1000;
    meta.ledger = {label, label * 10, {label * 11, label * 12}};
    for (auto& stream : meta.fill) {
        stream.tail[0] = {0x8000 + label * 8, 0xa000};
    }
    seal_meta(meta);
    auto page = std::make_unique<Page>();
    std::memcpy(page->bytes, &meta, sizeof meta);
    return page;
}

}  // namespace

TEST_CASE("a meta comes back as it was sealed") {
    const auto meta = decode_meta(meta_page(7)->bytes, kOurs);
    REQUIRE(meta);
    CHECK(meta->label == 7);
    CHECK(meta->log_position == 7000);
    CHECK(meta->ledger == Ledger{7, 70, {77, 84}});
    CHECK(meta->fill[3].tail[0] == Fill{0x8038, 0xa000});
}

TEST_CASE("the newest whole meta is chosen in either slot, and the other is named") {
    const auto older = meta_page(4);
    const auto newer = meta_page(5);
    const auto first = choose_meta(newer->bytes, older->bytes, kOurs);
    REQUIRE(first);
    CHECK(first->meta.label == 5);
    CHECK(first->slot == 0);
    CHECK(first->other_label == 4);
    const auto second = choose_meta(older->bytes, newer->bytes, kOurs);
    REQUIRE(second);
    CHECK(second->meta.label == 5);
    CHECK(second->slot == 1);
    CHECK(second->valid == std::array{true, true});
}

TEST_CASE("one whole meta is enough; none is damage") {
    const auto whole = meta_page(3);
    const Page empty;
    const auto first = choose_meta(whole->bytes, empty.bytes, kOurs);
    REQUIRE(first);
    CHECK(first->slot == 0);
    CHECK(first->valid == std::array{true, false});
    CHECK(first->other_label == 0);
    const auto second = choose_meta(empty.bytes, whole->bytes, kOurs);
    REQUIRE(second);
    CHECK(second->slot == 1);
    CHECK(second->valid == std::array{false, true});
    const auto none = choose_meta(empty.bytes, empty.bytes, kOurs);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::corrupt);
    CHECK(none.error().detail == kOurs.geometry.meta_at(0).value);
}

TEST_CASE("a store into a slot that is torn at any word falls back to the other slot, or is whole") {
    const auto before = meta_page(4);   // in the slot that is being overwritten
    const auto after = meta_page(6);
    const auto other = meta_page(5);
    constexpr std::size_t kWords = kPageBytes / 8;
    std::mt19937_64 random(4711);
    int fell_back = 0;
    for (std::size_t round = 0; round < 2 * kWords + 4'000; ++round) {
        Page torn = *before;
        for (std::size_t word = 0; word < kWords; ++word) {
            const bool fresh = round < kWords       ? word < round              // a prefix has arrived
                               : round < 2 * kWords ? word >= round - kWords    // a suffix has
                                                    : random() % 2 == 0;
            if (fresh) {
                std::memcpy(torn.bytes + word * 8, after->bytes + word * 8, 8);
            }
        }
        const bool is_before = std::memcmp(torn.bytes, before->bytes, kPageBytes) == 0;
        const bool is_after = std::memcmp(torn.bytes, after->bytes, kPageBytes) == 0;
        const auto chosen = choose_meta(torn.bytes, other->bytes, kOurs);
        REQUIRE(chosen);
        CHECK(chosen->meta.label == (is_after ? 6 : 5));
        CHECK(chosen->valid[0] == (is_before || is_after));
        fell_back += !is_before && !is_after;
    }
    CHECK(fell_back > 1'000);
}

TEST_CASE("every bit flip of a meta is detected") {
    const auto page = meta_page(7);
    for (std::size_t bit = 0; bit < kPageBytes * 8; ++bit) {
        const auto mask = static_cast<std::byte>(1u << bit % 8);
        page->bytes[bit / 8] ^= mask;
        CHECK_FALSE(decode_meta(page->bytes, kOurs));
        page->bytes[bit / 8] ^= mask;
    }
    CHECK(decode_meta(page->bytes, kOurs));
}

TEST_CASE("a meta of another file, another geometry or without a label is none") {
    CHECK_FALSE(decode_meta(meta_page(5, identity_of(2))->bytes, kOurs));
    auto stranger = kOurs;
    stranger.geometry = Geometry::production();
    CHECK_FALSE(decode_meta(meta_page(5, stranger)->bytes, kOurs));
    CHECK_FALSE(decode_meta(meta_page(0)->bytes, kOurs));
}
