// SPDX-License-Identifier: MIT
//
// A frame is committed by being valid, so only whole frames in their own place may be; and no bytes, however hostile,
// may lead a reader out of the room that it was given.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "format/frame.h"
#include "frame_builder.h"

using namespace quire::format;
using namespace quire::test;

namespace {

constexpr FramePlace kPlace{0x5eed5eed5eed5eedu, {0x1000}};

AlignedBytes small_frame() {   // no padding: every byte counts
    return make_commit({{"12345678", "abcdefgh"}, {"key", "value"}}, kPlace, 0xf00);
}

AlignedBytes link_frame() {
    AlignedBytes bytes(kLinkBytes);
    encode_link(bytes.data(), {0x200000, 0x1030, 0xfeedfacecafef00du, 7, 1}, kPlace);
    return bytes;
}

AlignedBytes filler_frame(std::size_t bytes, std::uint8_t flags = 0) {
    AlignedBytes frame(bytes);
    frame.header().bytes = static_cast<std::uint32_t>(bytes);
    frame.header().what = FrameHeader::describe(FrameKind::filler, flags, 0);
    seal_frame(frame.header(), kPlace);
    return frame;
}

std::uint32_t seed_of_this_run() {
    const char* given = std::getenv("QUIRE_TEST_SEED");
    return given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 0)) : std::random_device{}();
}

// Judges `room` bytes at the end of an allocation of exactly that size (a sanitizer sees reads past it), then once more
// between strange neighbours, and checks that all that is handed out lies inside.
bool judged(std::span<const std::byte> bytes) {
    const AlignedBytes exact(bytes);
    const auto frame = FrameView::bounded(exact.data(), exact.size());
    const bool valid = frame && frame->valid(kPlace);
    if (frame) {
        CHECK(frame->bytes() <= exact.size());
        CHECK(frame->bytes() >= sizeof(FrameHeader));
        if (frame->header().kind() == FrameKind::commit) {
            const std::byte* const end = exact.data() + frame->bytes();
            frame->for_each([&](RecordView record) {
                CHECK(reinterpret_cast<const std::byte*>(record.header) >= exact.data() + sizeof(FrameHeader));
                CHECK(reinterpret_cast<const std::byte*>(record.header) + record.bytes() <= end);
                CHECK(record.value().data() + record.value().size() <= end);
            });
        }
    }
    for (const int stranger : {0x00, 0xff, 0x5a}) {
        AlignedBytes between(64 + bytes.size() / 8 * 8 + 128);
        std::memset(between.data(), stranger, between.size());
        if (!bytes.empty()) {
            std::memcpy(between.data() + 64, bytes.data(), bytes.size());
        }
        const auto again = FrameView::bounded(between.data() + 64, bytes.size());
        CHECK(again.has_value() == frame.has_value());
        CHECK((again && again->valid(kPlace)) == valid);
    }
    return valid;
}

}  // namespace

TEST_CASE("a commit comes back with its records and its durable position") {
    const auto bytes = make_commit({{"a", "1"}, {"gone", {}}, {"", ""}}, kPlace, 0xf00);
    const auto frame = FrameView::bounded(bytes.data(), bytes.size() + 800);
    REQUIRE(frame);
    CHECK(frame->valid(kPlace));
    CHECK(frame->bytes() == bytes.size());
    CHECK(frame->header().records() == 3);
    CHECK(frame->durable() == LogPosition{0xf00});
    int records = 0;
    int erases = 0;
    frame->for_each([&](RecordView record) { ++records, erases += record.erases(); });
    CHECK(records == 3);
    CHECK(erases == 1);
    CHECK_FALSE(FrameView::bounded(make_commit({{"a", "1"}}, kPlace).data(), 40)->durable());
}

TEST_CASE("a link comes back as it was encoded") {
    const auto bytes = link_frame();
    const auto frame = FrameView::bounded(bytes.data(), bytes.size());
    REQUIRE(frame);
    CHECK(frame->valid(kPlace));
    CHECK(frame->link().target == 0x200000);
    CHECK(frame->link().position == 0x1030);
    CHECK(frame->link().seed == 0xfeedfacecafef00du);
    CHECK(frame->link().segments == 7);
    CHECK(frame->link().rotates == 1);
}

TEST_CASE("a filler of any length is skipped whole") {
    for (const std::size_t bytes : {16u, 24u, 4096u}) {
        CHECK(is_valid(filler_frame(bytes), kPlace));
    }
}

TEST_CASE("every single bit flip of a small frame is detected") {
    for (const auto& whole : {small_frame(), link_frame(), make_commit({{"", ""}}, kPlace)}) {
        REQUIRE(is_valid(whole, kPlace));
        for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
            auto damaged = whole;
            damaged.flip(bit);
            INFO("bit ", bit);
            CHECK_FALSE(judged(damaged.span()));
        }
    }
}

TEST_CASE("only padding may change unseen") {
    const auto whole = make_commit({{"key", "values"}}, kPlace);   // 16 + 25 bytes, then 7 of padding
    REQUIRE(whole.size() == 48);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        auto damaged = whole;
        damaged.flip(bit);
        CHECK(judged(damaged.span()) == (bit / 8 >= 41));
    }
}

TEST_CASE("a frame is valid for its seed and its position alone") {
    for (const auto& frame : {small_frame(), link_frame(), filler_frame(32)}) {
        CHECK(is_valid(frame, kPlace));
        for (unsigned bit = 0; bit < 64; ++bit) {
            CHECK_FALSE(is_valid(frame, {kPlace.seed ^ std::uint64_t{1} << bit, kPlace.position}));
            CHECK_FALSE(is_valid(frame, {kPlace.seed, {kPlace.position.value ^ std::uint64_t{1} << bit}}));
        }
        CHECK_FALSE(is_valid(frame, {kPlace.position.value, {kPlace.seed}}));
        CHECK_FALSE(is_valid(frame, {0, {0}}));
    }
}

TEST_CASE("a frame of which any 8-byte word is still old is not valid") {
    const auto whole = small_frame();
    for (const int old : {0x00, 0xff}) {
        for (std::size_t word = 0; word < whole.size() / 8; ++word) {
            auto torn = whole;
            std::memset(torn.data() + word * 8, old, 8);
            CHECK_FALSE(is_valid(torn, kPlace));
        }
    }
}

TEST_CASE("a torn value makes its frame invalid though all headers are whole") {
    auto torn = make_commit({{"key", std::string(500, 'v')}}, kPlace);
    torn[400] = std::byte{0};
    const auto frame = FrameView::bounded(torn.data(), torn.size());
    REQUIRE(frame);
    CHECK(frame->valid(kPlace, false));   // the checksum of the frame itself does not see it
    CHECK_FALSE(frame->valid(kPlace));
}

TEST_CASE("records that change places, or come from another frame, are detected") {
    const auto one = make_commit({{"aaa", "11111"}, {"bbb", "22222"}}, kPlace);
    auto swapped = one;
    std::memcpy(swapped.data() + 16, one.data() + 40, 24);
    std::memcpy(swapped.data() + 40, one.data() + 16, 24);
    CHECK_FALSE(judged(swapped.span()));
    auto mixed = one;
    std::memcpy(mixed.data() + 40, make_commit({{"ccc", "33333"}}, kPlace).data() + 16, 24);
    CHECK_FALSE(judged(mixed.span()));
}

TEST_CASE("less room than the frame, or a wrong shape, is no frame") {
    const auto whole = small_frame();
    for (std::size_t room = 0; room < whole.size(); ++room) {
        CHECK_FALSE(judged(whole.span().first(room)));
    }
    const auto reject = [](AlignedBytes frame, std::uint32_t bytes, std::uint32_t what) {
        frame.header().bytes = bytes;
        frame.header().what = what;
        CHECK_FALSE(FrameView::bounded(frame.data(), frame.size()));
    };
    const auto bytes = static_cast<std::uint32_t>(whole.size());
    const auto describe = FrameHeader::describe;
    reject(whole, bytes, describe(FrameKind::commit, kFrameDurable, 0));      // no record
    reject(whole, bytes, describe(FrameKind::commit, kFrameDurable, 1));      // bytes left over
    reject(whole, bytes, describe(FrameKind::commit, kFrameDurable, 3));      // a record too many
    reject(whole, bytes, describe(FrameKind::commit, kFrameDurable, kFrameRecordsMax));
    reject(whole, bytes, describe(FrameKind::filler, 0, 1));
    reject(whole, bytes, describe(FrameKind::link, 0, 0));                    // too long for one
    for (unsigned kind = 0; kind < 16; ++kind) {
        for (std::uint8_t flags = 2; flags < 16; ++flags) {
            reject(whole, bytes, describe(static_cast<FrameKind>(kind), flags, 2));
        }
        if (kind == 0 || kind > 3) {
            reject(whole, bytes, describe(static_cast<FrameKind>(kind), 0, 0));
        }
    }
    for (const std::uint32_t wrong : {0u, 8u, 15u, bytes - 1, bytes - 8, bytes + 8, 0xfffffff8u, 0xffffffffu}) {
        reject(whole, wrong, describe(FrameKind::commit, kFrameDurable, 2));
    }
    reject(link_frame(), kLinkBytes, describe(FrameKind::link, 0, 1));
    reject(link_frame(), kLinkBytes, describe(FrameKind::link, kFrameDurable, 0));
    reject(link_frame(), kLinkBytes - 8, describe(FrameKind::link, 0, 0));
    reject(filler_frame(16), 16, describe(FrameKind::filler, kFrameDurable, 0));   // no room for the position
}

TEST_CASE("an unknown record flag makes a frame invalid") {
    for (unsigned bit = 1; bit < 16; ++bit) {
        AlignedBytes frame(16 + 24);
        encode_record(frame.data() + 16, as_bytes("key"), as_bytes("value"), static_cast<std::uint16_t>(1u << bit));
        frame.header().bytes = 40;
        frame.header().what = FrameHeader::describe(FrameKind::commit, 0, 1);
        seal_frame(frame.header(), kPlace);
        CHECK_FALSE(judged(frame.span()));
    }
}

TEST_CASE("random bytes are never a valid frame and lead nowhere outside") {
    const auto seed = seed_of_this_run();
    MESSAGE("QUIRE_TEST_SEED=", seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 20'000; ++round) {
        AlignedBytes bytes(random() % 33 * 8);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::byte>(random());
        }
        if (bytes.size() >= 16 && round % 2 == 0) {   // a plausible header, so that records are looked at
            bytes.header().bytes = static_cast<std::uint32_t>(random() % (bytes.size() / 8 + 1) * 8);
            bytes.header().what = static_cast<std::uint32_t>(random() % 4 | random() % 2 << 4 | random() % 4 << 8);
        }
        CHECK_FALSE(judged(bytes.span()));
    }
}

TEST_CASE("mutations that know the structure lead nowhere outside, even with their checksums made good") {
    const auto seed = seed_of_this_run();
    MESSAGE("QUIRE_TEST_SEED=", seed);
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t end) { return random() % end; };
    int sealed_valid = 0;
    for (int round = 0; round < 40'000; ++round) {
        const std::string value(pick(60), 'v');
        auto frame = pick(4) == 0 ? link_frame()
                                  : make_commit({{"key", value}, {"gone", {}}, {"", "x"}}, kPlace,
                                                pick(2) ? std::optional<std::uint64_t>(pick(9999)) : std::nullopt);
        const std::uint64_t lengths[] = {0, 1, 7, 8, frame.size() - 1, frame.size(), frame.size() + 8, 0xffff,
                                         0xfffffff0, 0xffffffff, pick(frame.size() + 64)};
        const auto length = static_cast<std::uint32_t>(lengths[pick(std::size(lengths))]);
        for (std::uint64_t mutation = 0; mutation <= pick(2); ++mutation) {
            switch (pick(5)) {
            case 0: frame.header().bytes = length; break;
            case 1: frame.header().what ^= 1u << pick(32); break;
            case 2: std::memcpy(frame.data() + pick((frame.size() - 4) / 4 + 1) * 4, &length, 4); break;
            case 3: std::memcpy(frame.data() + pick((frame.size() - 2) / 2 + 1) * 2, &length, 2); break;
            default: frame.flip(pick(frame.size() * 8)); break;
            }
        }
        judged(frame.span());   // shape and bounds; its checksum may by chance be the old one (padding)
        if (FrameView::bounded(frame.data(), frame.size())) {   // an attacker's: sums made good behind the change
            FrameView::bounded(frame.data(), frame.size())->for_each([](RecordView record) {
                const_cast<RecordHeader*>(record.header)->content = record.content_now();
            });
            seal_frame(frame.header(), kPlace);
            sealed_valid += judged(frame.span());
        }
    }
    CHECK(sealed_valid > 1'000);   // the mutations do get past the bounds
}

TEST_CASE("a stretch line is valid for its store alone, and every bit of it counts") {
    const LinkBody link{0x200000, 0x1030, 0xfeedfacecafef00du, 7, 1};
    const StretchLine line = make_stretch_line({0x41000}, link, 77);
    CHECK(valid(line, 77));
    CHECK_FALSE(valid(line, 78));
    CHECK(line.link_at == 0x41000);
    CHECK(line.link.seed == link.seed);
    for (std::size_t bit = 0; bit < sizeof line * 8; ++bit) {
        StretchLine damaged = line;
        reinterpret_cast<unsigned char*>(&damaged)[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
        CHECK_FALSE(valid(damaged, 77));
    }
}
