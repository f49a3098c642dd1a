// SPDX-License-Identifier: MIT
//
// A frame, the log's unit of commit: committed by being valid, and by nothing else.
//
// Layout      format-spec/03. Header 16 bytes; with kFrameDurable the durable position that its writer knew (8); then the
//             records. A link frame carries a LinkBody instead: where the log goes on.
// Invariants  1 Valid = the frame's checksum *and* the content checksum of each of its records hold.
//             2 The checksum is seeded with the stretch's random seed and the frame's own position: old bytes of another
//               history, place or position never validate.
//             3 Link frames alone chain the log; nothing that a crash can roll back takes part in validity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "format/record.h"
#include "format/units.h"

namespace quire::format {

enum class FrameKind : std::uint8_t { commit = 1, link = 2, filler = 3 };

inline constexpr std::uint8_t kFrameDurable = 1;          // flag: a durable position follows the header

inline constexpr std::uint32_t kFrameRecordsMax = (1u << 24) - 1;

struct FrameHeader {
    std::uint64_t checksum;      // detects a torn, foreign or abandoned frame
    std::uint32_t bytes;         // of the whole frame, a multiple of 8
    std::uint32_t what;          // kind 4 | flags 4 | records 24, from the low end

    FrameKind kind() const noexcept { return static_cast<FrameKind>(what & 15); }
    std::uint8_t flags() const noexcept { return static_cast<std::uint8_t>(what >> 4 & 15); }
    std::uint32_t records() const noexcept { return what >> 8; }
    static std::uint32_t describe(FrameKind kind, std::uint8_t flags, std::uint32_t records) noexcept {
        return static_cast<std::uint32_t>(kind) | std::uint32_t{flags} << 4 | records << 8;
    }
};
static_assert(sizeof(FrameHeader) == 16);

// Where the log goes on, from which position, and what its frames are seeded with from there.
struct LinkBody {
    std::uint64_t target;        // Offset of the stretch line; its first frame follows it
    std::uint64_t position;      // LogPosition of that first frame
    std::uint64_t seed;          // fresh and random
    std::uint32_t segments;      // how many adjacent ones applying it takes, from the target's on; more than one: a run;
                                 // 0: none, it goes on in one that the log has
    std::uint32_t rotates;       // 1: the segment taken is the other tail's, and this one stays open
};
static_assert(sizeof(LinkBody) == 32);
inline constexpr std::uint64_t kLinkBytes = sizeof(FrameHeader) + sizeof(LinkBody);   // every segment keeps room for one

// The 64-byte line that a stretch begins with: a copy of the link that led to it. Never used to extend the log, only
// to tell damage from a tail (recovery rule L5).
struct StretchLine {
    std::uint64_t checksum;      // of the rest
    std::uint64_t magic;
    std::uint64_t link_at;       // Offset of the link frame
    LinkBody link;
    std::uint64_t store;         // first half of the file's UUID: lines of copied files do not mislead
};
static_assert(sizeof(StretchLine) == 64);
inline constexpr std::uint64_t kStretchMagic = 0x3168637465727473u;   // "stretch1"

StretchLine make_stretch_line(Offset link_at, const LinkBody& link, std::uint64_t store) noexcept;
bool valid(const StretchLine& line, std::uint64_t store) noexcept;

// The two that every frame's checksum is bound to.
struct FramePlace {
    std::uint64_t seed = 0;
    LogPosition position;
};

// A frame whose header, records and link body are known to lie inside its bytes.
class FrameView {
public:
    // Bounds everything against `room`, the bytes from the frame to the end of its segment or run; verifies nothing.
    static std::optional<FrameView> bounded(const std::byte* at, std::uint64_t room) noexcept;

    const FrameHeader& header() const noexcept { return *header_; }
    std::uint64_t bytes() const noexcept { return header_->bytes; }
    std::optional<LogPosition> durable() const noexcept;          // what the writer of a durable commit knew
    const LinkBody& link() const noexcept;                        // kind link only
    // The header's checksum, and with `contents` those of all records.
    bool valid(const FramePlace& place, bool contents = true) const noexcept;

    // Calls f(RecordView) for each record in order.
    template <class F>
    void for_each(F&& f) const noexcept {
        const std::byte* at = first_record();
        for (std::uint32_t i = 0; i < header_->records(); ++i) {
            const RecordView record{reinterpret_cast<const RecordHeader*>(at)};
            f(record);
            at += record.bytes();
        }
    }
    const std::byte* first_record() const noexcept;

private:
    explicit FrameView(const FrameHeader* header) noexcept : header_(header) {}
    std::uint64_t expected(const FramePlace& place) const noexcept;
    friend void seal_frame(FrameHeader& header, const FramePlace& place) noexcept;
    const FrameHeader* header_;
};

// Fills in `checksum` of a frame whose records lie behind it with their content sums: the commit point of a writer.
void seal_frame(FrameHeader& header, const FramePlace& place) noexcept;
// Writes a whole link frame, kLinkBytes long.
void encode_link(std::byte* at, const LinkBody& link, const FramePlace& place) noexcept;

constexpr std::uint64_t frame_overhead(bool durable) noexcept { return sizeof(FrameHeader) + (durable ? 8 : 0); }

}  // namespace quire::format
