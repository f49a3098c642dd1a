// SPDX-License-Identifier: MIT
//
// Frames for tests, built as the log's writer does, in 8-aligned memory of exactly their size so that a sanitizer sees
// every read past them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "format/frame.h"

namespace quire::test {

inline std::span<const std::byte> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

class AlignedBytes {
public:
    explicit AlignedBytes(std::size_t bytes = 0) : words_((bytes + 7) / 8), bytes_(bytes) {}
    explicit AlignedBytes(std::span<const std::byte> from) : AlignedBytes(from.size()) {
        if (!from.empty()) {
            std::memcpy(words_.data(), from.data(), from.size());
        }
    }
    std::byte* data() { return reinterpret_cast<std::byte*>(words_.data()); }
    const std::byte* data() const { return reinterpret_cast<const std::byte*>(words_.data()); }
    std::size_t size() const { return bytes_; }
    std::byte& operator[](std::size_t i) { return data()[i]; }
    std::span<const std::byte> span() const { return {data(), bytes_}; }
    format::FrameHeader& header() { return *reinterpret_cast<format::FrameHeader*>(data()); }
    void flip(std::size_t bit) { data()[bit / 8] ^= static_cast<std::byte>(1u << bit % 8); }

private:
    std::vector<std::uint64_t> words_;
    std::size_t bytes_;
};

struct Put {
    std::string_view key;
    std::optional<std::string_view> value;   // none: an erase
};

inline AlignedBytes make_commit(const std::vector<Put>& puts, const format::FramePlace& place,
                                std::optional<std::uint64_t> durable = {}) {
    std::uint64_t bytes = format::frame_overhead(durable.has_value());
    for (const Put& put : puts) {
        bytes += format::record_bytes(put.key.size(), put.value.value_or("").size());
    }
    AlignedBytes frame(bytes);
    std::byte* at = frame.data() + sizeof(format::FrameHeader);
    if (durable) {
        std::memcpy(at, &*durable, 8);
        at += 8;
    }
    for (const Put& put : puts) {
        const std::uint16_t flags = put.value ? 0 : format::kRecordErase;
        at += format::encode_record(at, as_bytes(put.key), as_bytes(put.value.value_or("")), flags).bytes();
    }
    frame.header().bytes = static_cast<std::uint32_t>(bytes);
    frame.header().what = format::FrameHeader::describe(format::FrameKind::commit,
                                                        durable ? format::kFrameDurable : std::uint8_t{0},
                                                        static_cast<std::uint32_t>(puts.size()));
    format::seal_frame(frame.header(), place);
    return frame;
}

// What recovery asks of the bytes at a place: shape, then checksums.
inline bool is_valid(const std::byte* at, std::uint64_t room, const format::FramePlace& place) {
    const auto frame = format::FrameView::bounded(at, room);
    return frame && frame->valid(place);
}
inline bool is_valid(const AlignedBytes& frame, const format::FramePlace& place) {
    return is_valid(frame.data(), frame.size(), place);
}

}  // namespace quire::test
