// SPDX-License-Identifier: MIT
#include "format/frame.h"

#include <cstring>

#include "base/shared_word.h"

namespace quire::format {

namespace {

std::uint64_t line_checksum(const StretchLine& line) noexcept {
    return checksum(std::as_bytes(std::span(&line, 1)).subspan(sizeof line.checksum));
}

std::uint64_t word_at(const std::byte* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

}  // namespace

StretchLine make_stretch_line(Offset link_at, const LinkBody& link, std::uint64_t store) noexcept {
    StretchLine line{0, kStretchMagic, link_at.value, link, store};
    line.checksum = line_checksum(line);
    return line;
}

bool valid(const StretchLine& line, std::uint64_t store) noexcept {
    return line.magic == kStretchMagic && line.store == store && line.checksum == line_checksum(line);
}

std::optional<FrameView> FrameView::bounded(const std::byte* at, std::uint64_t room) noexcept {
    if (room < sizeof(FrameHeader)) {
        return std::nullopt;
    }
    const auto* header = reinterpret_cast<const FrameHeader*>(at);
    if (header->bytes < sizeof(FrameHeader) || header->bytes > room || header->bytes % 8 != 0) {
        return std::nullopt;
    }
    std::uint64_t left = header->bytes - sizeof(FrameHeader);
    if ((header->flags() & ~kFrameDurable) != 0) {
        return std::nullopt;
    }
    if ((header->flags() & kFrameDurable) != 0) {
        if (left < 8) {
            return std::nullopt;
        }
        left -= 8;
    }
    const FrameView frame(header);
    switch (header->kind()) {
    case FrameKind::link:
        return header->records() == 0 && header->flags() == 0 && left == sizeof(LinkBody) ? std::optional(frame)
                                                                                          : std::nullopt;
    case FrameKind::filler:
        return header->records() == 0 ? std::optional(frame) : std::nullopt;
    case FrameKind::commit: {
        const std::byte* record_at = frame.first_record();
        for (std::uint32_t i = 0; i < header->records(); ++i) {
            if (left < sizeof(RecordHeader)) {
                return std::nullopt;
            }
            const RecordView record{reinterpret_cast<const RecordHeader*>(record_at)};
            if (record.bytes() > left || (record.header->flags & ~kRecordFlagsKnown) != 0) {
                return std::nullopt;
            }
            left -= record.bytes();
            record_at += record.bytes();
        }
        return left == 0 && header->records() > 0 ? std::optional(frame) : std::nullopt;
    }
    }
    return std::nullopt;
}

const std::byte* FrameView::first_record() const noexcept {
    return reinterpret_cast<const std::byte*>(header_ + 1) + ((header_->flags() & kFrameDurable) != 0 ? 8 : 0);
}

std::optional<LogPosition> FrameView::durable() const noexcept {
    if ((header_->flags() & kFrameDurable) == 0) {
        return std::nullopt;
    }
    return LogPosition{word_at(reinterpret_cast<const std::byte*>(header_ + 1))};
}

const LinkBody& FrameView::link() const noexcept { return *reinterpret_cast<const LinkBody*>(header_ + 1); }

// f0 = fold(seed, position, second header word); with a durable position f = fold(f, it, 0); then for each record, or
// each pair of a link's words, f = fold(f, first, second).
std::uint64_t FrameView::expected(const FramePlace& place) const noexcept {
    std::uint64_t sum = fold(place.seed, place.position.value, std::uint64_t{header_->what} << 32 | header_->bytes);
    if (const auto known = durable()) {
        sum = fold(sum, known->value, 0);
    }
    if (header_->kind() == FrameKind::link) {
        const LinkBody& body = link();
        return fold(fold(sum, body.target, body.position), body.seed,
                    std::uint64_t{body.rotates} << 32 | body.segments);
    }
    for_each([&](RecordView record) {
        const std::byte* const at = reinterpret_cast<const std::byte*>(record.header);
        sum = fold(sum, word_at(at), word_at(at + 8));
    });
    return sum;
}

bool FrameView::valid(const FramePlace& place, bool contents) const noexcept {
    // ORDER(frame): acquire - the checksum's store is a writer's last; pairs with the release in seal_frame().
    if (base::load_acquire(header_->checksum) != expected(place)) {
        return false;
    }
    bool intact = true;
    if (contents && header_->kind() == FrameKind::commit) {
        for_each([&](RecordView record) { intact = intact && record.intact(); });
    }
    return intact;
}

void seal_frame(FrameHeader& header, const FramePlace& place) noexcept {
    // ORDER(frame): release - all of the frame before what makes it valid; pairs with the acquire in FrameView::valid().
    base::store_release(header.checksum, FrameView(&header).expected(place));
}

void encode_link(std::byte* at, const LinkBody& link, const FramePlace& place) noexcept {
    auto* header = reinterpret_cast<FrameHeader*>(at);
    header->bytes = kLinkBytes;
    header->what = FrameHeader::describe(FrameKind::link, 0, 0);
    std::memcpy(header + 1, &link, sizeof link);
    seal_frame(*header, place);
}

}  // namespace quire::format
