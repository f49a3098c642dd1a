// SPDX-License-Identifier: MIT
//
// The mapped runtime file `<store>-run` (layout.h): made by the first opener, joined by the others.
//
// Invariants  1 Created anew by whoever is first (an old one is removed by name, never reset: it may still be mapped).
//             2 A joiner finds one that names this store's file id, UUID and layout, or answers `displaced`.
//             3 Every part is allocated on the volume before it is touched: a full disk is an error, never a fault.
// Threads     Members from any thread; mapping on demand is lock-free for those who find it mapped.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <quire/error.h>

#include "platform/file.h"
#include "platform/view.h"
#include "runtime/layout.h"

namespace quire::runtime {

struct StoreName {
    platform::FileId file;
    std::array<std::uint8_t, 16> uuid{};
};

class RuntimeFile {
public:
    // Only under OPEN. `path` is the store's; "-run" is appended. Errors: displaced (join: none, or another's),
    // access_denied, full, out_of_memory, io; of Windows, while an earlier one is still mapped: access_denied, io.
    [[nodiscard]] static Result<std::unique_ptr<RuntimeFile>> create(std::string_view path, const StoreName& name) noexcept;
    [[nodiscard]] static Result<std::unique_ptr<RuntimeFile>> join(std::string_view path, const StoreName& name) noexcept;
    // A private one in memory, for stores that are opened without attaching (a reader without a block). It has block 0.
    [[nodiscard]] static Result<std::unique_ptr<RuntimeFile>> in_memory(const StoreName& name) noexcept;
    // Unmaps, and removes the name if it still is this file's; best effort. Nothing of the object is used afterwards.
    void remove() noexcept;

    Shared& shared() const noexcept { return *shared_; }
    // Blocks 0 … block_count - 1 exist; allocate_block makes the page of a new one real, and zero. Only for
    // block_count itself, by who holds its LIVE byte. Errors: full, io.
    Block& block(std::uint32_t number) const noexcept { return blocks_[number]; }
    [[nodiscard]] Result<void> allocate_block(std::uint32_t number) noexcept;

    // Makes the deltas of segments below `segments` real and mapped. Writer lock held (or alone). Errors: full,
    // out_of_memory, io.
    [[nodiscard]] Result<void> allocate_deltas(std::uint64_t segments) noexcept;
    // The live-count delta of a segment, mapped on demand. Error: out_of_memory, if it cannot be mapped.
    [[nodiscard]] Result<std::int64_t*> delta(std::uint32_t segment) noexcept;
    static std::uint64_t delta_at(std::uint32_t segment) noexcept;   // its offset in the runtime file

    // The word at an offset of the runtime file (an intent's kRuntimeWord part); maps on demand.
    [[nodiscard]] Result<std::uint64_t*> word(std::uint64_t offset) noexcept;
    std::uint64_t offset_of(const void* word) const noexcept;    // of a word in `shared()` or a block

    RuntimeFile(const RuntimeFile&) = delete;
    RuntimeFile& operator=(const RuntimeFile&) = delete;
    ~RuntimeFile();

private:
    RuntimeFile() noexcept = default;
    static constexpr std::uint32_t kDeltaChunksMax = 520;   // 4 TiB in 2 MiB segments
    [[nodiscard]] Result<void> map_base() noexcept;
    void name_store(const StoreName& name) noexcept;
    [[nodiscard]] Result<void> make_chunk(std::uint32_t index) noexcept;
    [[nodiscard]] Result<std::byte*> chunk(std::uint32_t index) noexcept;
    [[nodiscard]] Result<std::byte*> map_chunk(std::uint32_t index) noexcept;
    void unmap() noexcept;

    // Constant after creation.
    platform::File file_;
    platform::View base_;                                   // Shared and blocks
    std::byte* memory_ = nullptr;                           // in_memory() only
    Shared* shared_ = nullptr;
    Block* blocks_ = nullptr;
    std::string path_;                                      // of the runtime file

    std::array<std::atomic<std::byte*>, kDeltaChunksMax> chunks_{};   // null: not mapped yet; ORDER(chunk)
    std::mutex mapping_;
    std::array<platform::View, kDeltaChunksMax> views_;     // mapping_ held
};

}  // namespace quire::runtime
