// SPDX-License-Identifier: MIT
//
// The runtime file: what every attached process must see and nobody needs afterwards. Mapped, never flushed, never
// trusted across openers: the first opener makes it anew.
//
// Layout      chunk 0 (64 KiB): `Shared`. Then kBlocksMax blocks of a page each. Then, per 8,192 segments, a 64 KiB chunk
//             of live-count deltas. Space is allocated before use; kRuntimeLayout names this layout.
// Invariants  1 Words marked "lock" change only through an intent, by the owner of the writer word.
//             2 What readers load on every get (`Readers`) shares a line with nothing that a put stores.
//             3 Every word is touched through base/shared_word.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "format/meta.h"

namespace quire::runtime {

inline constexpr std::uint32_t kRuntimeLayout = 1;
inline constexpr std::uint64_t kRuntimeMagic = 0x6e75722065726975u;
inline constexpr std::uint64_t kChunkBytes = 64u << 10;
inline constexpr std::uint32_t kBlocksMax = 1008;         // 63 chunks of blocks
inline constexpr std::uint32_t kIntentWordsMax = 64;
inline constexpr std::uint32_t kStretchRing = 1024;
inline constexpr std::uint32_t kDeltaChunkSegments = 8192;

// The writer and flush words: 0 free, an owner's block number (from 1), or kOrphan; and kWaiters.
inline constexpr std::uint32_t kFree = 0;
inline constexpr std::uint32_t kWaiters = std::uint32_t{1} << 31;
inline constexpr std::uint32_t kOrphan = kWaiters - 1;    // its owner died inside: repair first
constexpr std::uint32_t owner_of(std::uint32_t word) noexcept { return word & ~kWaiters; }
constexpr std::uint32_t word_naming(std::uint32_t block) noexcept { return block + 1; }

struct alignas(64) RuntimeIdentity {   // Constant after creation.
    std::uint64_t magic;
    std::uint64_t layout;
    std::uint64_t volume;                      // FileId of the store
    std::array<std::uint8_t, 16> file;
    std::array<std::uint8_t, 16> uuid;
};

struct alignas(64) Readers {           // lock; read by every get
    std::uint64_t epoch;
    std::uint64_t root;                // PageRef of the index
    std::uint64_t table_root;          // PageRef of the segment table
    std::uint64_t published_label;     // newest checkpoint that is known to be durable
};

struct alignas(64) Tail {              // lock
    std::uint64_t position;            // LogPosition behind the last applied frame
};

struct alignas(64) StretchNow {        // lock: the stretch that the tail lies in
    std::uint64_t position;            // of its first frame
    std::uint64_t at;                  // Offset of its first frame
    std::uint64_t seed;
    std::uint64_t end;                 // of its segment or run
    std::uint64_t reseed;              // not 0: a link with a fresh seed must come before the next commit frame
    std::uint64_t in_run;              // not 0: it is a run, left again after its frame
};

struct alignas(64) Ledgers {           // lock; copy `version & 1` is current, the other is being written
    format::Ledger copy[2];
};
struct alignas(64) Applied {           // lock
    std::uint64_t version;             // of the ledger: even or odd names the current copy
    std::uint64_t cursor;              // records of the frame at the tail that are applied already (a batch under way)
};

struct alignas(64) OwnerWord {
    std::uint32_t word;
};

struct alignas(64) Durable {
    std::uint64_t position;            // LogPosition up to which the log is durable
    std::uint64_t poison;              // 0, or the os_code + 1 of the flush that failed
    std::uint64_t size_bytes;          // file size that a full flush has made durable
};

struct alignas(64) Places {            // lock
    format::StreamFill fill[format::kStreams];
    std::uint64_t segments;            // that exist
    std::uint64_t file_bytes;          // allocated
    std::uint64_t first_free;          // no segment below it is free
    std::uint64_t index_pages;         // live ones
    std::uint64_t stretches;           // entered into the ring so far
    std::uint64_t history_begin;
    std::uint64_t horizon;
};

struct alignas(64) Checkpoints {       // under the writer word, single words, not by intent
    std::uint64_t stored_label;        // greatest ever stored in a slot
    std::uint64_t slot_label[2];       // noted before a meta is stored into the slot
    std::uint64_t published_slot;
    std::uint64_t log_position;        // the log starts here for the published one
};

struct alignas(64) Sequence {
    std::uint64_t commits;             // counts; waiters sleep on its low half
    std::uint32_t block_count;         // blocks in use or used; raised seq_cst before the first pin in a new block
    std::uint32_t delta_chunks;        // allocated and zeroed; raised under the writer word; ORDER(deltas)
};

struct IntentEntry {
    std::uint64_t where;               // Offset in the file, or kRuntimeWord | offset in the runtime file
    std::uint64_t value;               // absolute
};
inline constexpr std::uint64_t kRuntimeWord = std::uint64_t{1} << 63;

struct alignas(64) IntentList {
    std::uint64_t armed;               // entries that are to be stored; 0: none
    std::uint64_t reserved[7];
    IntentEntry entries[kIntentWordsMax];
};

struct Stretch {
    std::uint64_t position;            // LogPosition of its first frame
    std::uint64_t at;                  // Offset of its first frame
    std::uint64_t seed;
    std::uint64_t reserved;
};

struct Shared {
    RuntimeIdentity identity;
    Readers readers;
    Tail tail;
    StretchNow stretch;
    Ledgers ledgers;
    Applied applied;
    OwnerWord writer;
    OwnerWord flusher;
    Durable durable;
    Places places;
    Checkpoints checkpoints;
    Sequence sequence;
    IntentList intent;
    alignas(64) Stretch ring[kStretchRing];     // lock; entry i mod kStretchRing
};
static_assert(sizeof(Shared) <= kChunkBytes);

// ---- blocks ----

struct alignas(64) PinLine {
    std::uint64_t since;               // 0: free
    std::uint64_t until;               // while since ≠ 0: 0 is "open" (∞)
    std::uint64_t started;             // monotonic nanoseconds, of a Pin; for display
};

enum class BlockState : std::uint32_t { free = 0, owned = 1, buried = 2 };   // a buried one gets no new tenant

struct alignas(64) BlockHeader {
    std::uint32_t generation;          // raised first when buried: its owner finds itself displaced
    std::uint32_t state;               // BlockState
    std::uint64_t pid;                 // for display
    std::uint64_t start_time;          // for display
    std::uint32_t waiters;
    std::uint32_t reserved;
    std::uint64_t snapshot_lag_bytes_max;   // the smallest of the attached counts; of a new tenant ~0: says nothing
    std::uint64_t log_bytes_max;
};

inline constexpr std::uint32_t kPinLines = 63;

struct Block {
    BlockHeader header;
    PinLine pins[kPinLines];
};
static_assert(sizeof(Block) == 4096);

inline constexpr std::uint64_t kBlocksAt = kChunkBytes;
inline constexpr std::uint64_t kDeltasAt = kBlocksAt + kBlocksMax * sizeof(Block);
static_assert(kDeltasAt % kChunkBytes == 0);

struct DeltaChunk {
    std::int64_t words[kDeltaChunkSegments];   // lock; what a segment's live count has changed by since its table page was written
};
static_assert(sizeof(DeltaChunk) == kChunkBytes);

// ---- lock bytes on the store's own file (format-spec/07) ----

inline constexpr std::uint64_t kLockBase = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kOpenByte = kLockBase;
inline constexpr std::uint64_t kLiveBase = kLockBase + (std::uint64_t{1} << 20);     // + 2 × block: neighbours never merge
constexpr std::uint64_t live_byte(std::uint32_t block) noexcept { return kLiveBase + 2 * std::uint64_t{block}; }
inline constexpr std::uint64_t kLiveBytes = std::uint64_t{1} << 20;                    // all that may ever be one
inline constexpr std::uint64_t kLabelBase = kLockBase + (std::uint64_t{2} << 20);    // + label mod 2^16
inline constexpr std::uint64_t kLabels = std::uint64_t{1} << 16;
inline constexpr std::uint64_t kWorldBase = kLockBase + (std::uint64_t{1} << 32);    // + 32-bit hash of lock kind and layout
inline constexpr std::uint64_t kWorlds = std::uint64_t{1} << 32;

}  // namespace quire::runtime
