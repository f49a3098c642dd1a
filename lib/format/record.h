// SPDX-License-Identifier: MIT
//
// A record: a key, its value and its own checksum; immutable once its frame is valid. Readers hand out pointers into it.
//
// Layout      format-spec/04. 16-byte header, key, value, zero padding to 8.
// Invariants  1 `content` covers everything from `value_bytes` to the end of the value: what is checksummed is the
//               copy in the log, never the caller's memory. 2 The digest is made of `content` alone, so an update
//               never reads the old value again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/math.h"
#include "format/checksum.h"

namespace quire::format {

inline constexpr std::uint16_t kRecordErase = 1;         // no value: the key goes
inline constexpr std::uint16_t kRecordFlagsKnown = kRecordErase;   // expiry, table, codec: reserved, must be zero

struct RecordHeader {
    std::uint64_t content;       // detects damage to this record
    std::uint32_t value_bytes;
    std::uint16_t key_bytes;
    std::uint16_t flags;
};
static_assert(sizeof(RecordHeader) == 16 && alignof(RecordHeader) == 8);

constexpr std::uint64_t record_bytes(std::uint64_t key_bytes, std::uint64_t value_bytes) noexcept {
    return base::align_up(sizeof(RecordHeader) + key_bytes + value_bytes, 8);
}

// A record in memory that somebody has bounded: header, key and value lie within it.
struct RecordView {
    const RecordHeader* header = nullptr;

    std::span<const std::byte> key() const noexcept {
        return {reinterpret_cast<const std::byte*>(header + 1), header->key_bytes};
    }
    std::span<const std::byte> value() const noexcept {
        return {reinterpret_cast<const std::byte*>(header + 1) + header->key_bytes, header->value_bytes};
    }
    bool erases() const noexcept { return (header->flags & kRecordErase) != 0; }
    std::uint64_t bytes() const noexcept { return record_bytes(header->key_bytes, header->value_bytes); }
    std::uint64_t content_now() const noexcept {   // what `content` should be
        return checksum({reinterpret_cast<const std::byte*>(&header->value_bytes),
                         sizeof(RecordHeader) - sizeof header->content + header->key_bytes + header->value_bytes});
    }
    bool intact() const noexcept { return header->content == content_now(); }
};

// Copies key and value to `to` (8-aligned, record_bytes() long), pads, then sums the copy.
inline RecordView encode_record(std::byte* to, std::span<const std::byte> key, std::span<const std::byte> value,
                                std::uint16_t flags) noexcept {
    auto* header = reinterpret_cast<RecordHeader*>(to);
    std::byte* at = to + sizeof(RecordHeader);
    if (!key.empty()) {
        std::memcpy(at, key.data(), key.size());
    }
    at += key.size();
    if (!value.empty()) {
        std::memcpy(at, value.data(), value.size());
    }
    at += value.size();
    std::memset(at, 0, static_cast<std::size_t>(to + record_bytes(key.size(), value.size()) - at));
    header->value_bytes = static_cast<std::uint32_t>(value.size());
    header->key_bytes = static_cast<std::uint16_t>(key.size());
    header->flags = flags;
    RecordView record{header};
    header->content = record.content_now();
    return record;
}

}  // namespace quire::format
