// SPDX-License-Identifier: MIT
//
// Making, joining and mapping the runtime file. What is new is allocated, cleared, and only then counted.
#include "runtime/runtime_file.h"

#include <cstring>
#include <new>
#include <span>

#include "base/abort.h"
#include "base/math.h"
#include "base/shared_word.h"
#include "base/try.h"

namespace quire::runtime {

namespace {

constexpr std::uint32_t kBlocksPerChunk = kChunkBytes / sizeof(Block);
constexpr std::align_val_t kPage{sizeof(Block)};

std::string runtime_path(std::string_view store) { return std::string(store) + "-run"; }

Result<void> allocate_zeroed(platform::File& file, std::uint64_t offset, std::uint64_t bytes) noexcept {
    QUIRE_TRY(file.allocate(offset, bytes));
    const std::unique_ptr<std::byte[]> zeros(new (std::nothrow) std::byte[bytes]());
    if (!zeros) {
        return base::fail(Errc::out_of_memory, "no memory to clear a part of the runtime file");
    }
    return file.write_at({zeros.get(), bytes}, offset);
}

bool names(const RuntimeIdentity& identity, const StoreName& name) noexcept {
    // ORDER(identity): acquire - a magic means that the rest is there; pairs with the release in name_store().
    return base::load_acquire(identity.magic) == kRuntimeMagic && identity.layout == kRuntimeLayout &&
           identity.volume == name.file.volume && identity.file == name.file.file && identity.uuid == name.uuid;
}

}  // namespace

Result<std::unique_ptr<RuntimeFile>> RuntimeFile::create(std::string_view path, const StoreName& name) noexcept try {
    std::unique_ptr<RuntimeFile> made(new RuntimeFile);
    made->path_ = runtime_path(path);
    if (const auto removed = platform::remove(made->path_); !removed && removed.error().code != Errc::not_found) {
        return std::unexpected(removed.error());
    }
    QUIRE_TRY_AS(made->file_, platform::File::open(made->path_, platform::OpenMode::create_new));
    made->file_.forbid_copy_on_write();   // a store to an allocated page must not need new space
    QUIRE_TRY(made->file_.resize(kDeltasAt));
    QUIRE_TRY(allocate_zeroed(made->file_, 0, 2 * kChunkBytes));   // Shared, and the first chunk of blocks
    QUIRE_TRY(made->map_base());
    made->name_store(name);
    return made;
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory to make a runtime file");
}

Result<std::unique_ptr<RuntimeFile>> RuntimeFile::join(std::string_view path, const StoreName& name) noexcept try {
    std::unique_ptr<RuntimeFile> joined(new RuntimeFile);
    joined->path_ = runtime_path(path);
    auto file = platform::File::open(joined->path_, platform::OpenMode::read_write);
    if (!file && file.error().code == Errc::not_found) {
        return base::fail(Errc::displaced, "open elsewhere, but its runtime file is not beside this path");
    }
    QUIRE_TRY_AS(joined->file_, std::move(file));
    QUIRE_TRY_AS(const std::uint64_t size, joined->file_.size());
    if (size < kDeltasAt) {
        return base::fail(Errc::displaced, "the runtime file beside this path is too short");
    }
    QUIRE_TRY(joined->map_base());
    if (!names(joined->shared_->identity, name)) {
        return base::fail(Errc::displaced, "the runtime file beside this path belongs to another store");
    }
    return joined;
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory to join a runtime file");
}

Result<std::unique_ptr<RuntimeFile>> RuntimeFile::in_memory(const StoreName& name) noexcept {
    std::unique_ptr<RuntimeFile> made(new (std::nothrow) RuntimeFile);
    void* memory = made ? ::operator new(kDeltasAt, kPage, std::nothrow) : nullptr;
    if (memory == nullptr) {
        return base::fail(Errc::out_of_memory, "no memory for a private runtime");
    }
    std::memset(memory, 0, kChunkBytes);   // blocks are cleared when they are allocated: most never are
    made->memory_ = static_cast<std::byte*>(memory);
    made->shared_ = reinterpret_cast<Shared*>(made->memory_);
    made->blocks_ = reinterpret_cast<Block*>(made->memory_ + kBlocksAt);
    QUIRE_TRY(made->allocate_block(0));
    base::store_relaxed(made->block(0).header.state, static_cast<std::uint32_t>(BlockState::owned));
    base::store_relaxed(made->shared_->sequence.block_count, 1u);
    made->name_store(name);
    return made;
}

Result<void> RuntimeFile::map_base() noexcept {
    QUIRE_TRY_AS(base_, platform::View::map(file_, 0, kDeltasAt, platform::ViewMode::read_write));
    shared_ = reinterpret_cast<Shared*>(base_.data());
    blocks_ = reinterpret_cast<Block*>(base_.data() + kBlocksAt);
    return {};
}

void RuntimeFile::name_store(const StoreName& name) noexcept {
    RuntimeIdentity& identity = shared_->identity;
    identity.layout = kRuntimeLayout;
    identity.volume = name.file.volume;
    identity.file = name.file.file;
    identity.uuid = name.uuid;
    // ORDER(identity): release - the file is whole; pairs with the acquire in names().
    base::store_release(identity.magic, kRuntimeMagic);
}

Result<void> RuntimeFile::allocate_block(std::uint32_t number) noexcept {
    base::require(number < kBlocksMax, "a block beyond the runtime file's");
    if (memory_ == nullptr && number % kBlocksPerChunk == 0) {   // numbers come in order: the first brings its chunk
        QUIRE_TRY(file_.allocate(kBlocksAt + number * sizeof(Block), kChunkBytes));
    }
    std::memset(static_cast<void*>(&blocks_[number]), 0, sizeof(Block));
    return {};
}

Result<void> RuntimeFile::allocate_deltas(std::uint64_t segments) noexcept {
    const std::uint64_t wanted = base::divide_up(segments, kDeltaChunkSegments);
    if (wanted > kDeltaChunksMax) {
        return base::fail(Errc::full, "more segments than the runtime file can count");
    }
    for (std::uint32_t index = 0; index < wanted; ++index) {
        // ORDER(deltas): acquire - what an earlier owner made; pairs with the release in make_chunk().
        if (index >= base::load_acquire(shared_->sequence.delta_chunks)) {
            QUIRE_TRY(make_chunk(index));
        }
        QUIRE_TRY(chunk(index));
    }
    return {};
}

Result<void> RuntimeFile::make_chunk(std::uint32_t index) noexcept {
    if (memory_ != nullptr) {
        void* memory = ::operator new(kChunkBytes, kPage, std::nothrow);
        if (memory == nullptr) {
            return base::fail(Errc::out_of_memory, "no memory for counts of live bytes");
        }
        std::memset(memory, 0, kChunkBytes);
        // ORDER(chunk): release - its zeros; pairs with the acquire in chunk().
        chunks_[index].store(static_cast<std::byte*>(memory), std::memory_order_release);
    } else {
        QUIRE_TRY(allocate_zeroed(file_, kDeltasAt + index * kChunkBytes, kChunkBytes));
    }
    // ORDER(deltas): release - a counted chunk is real and zero, or a dead owner's successor makes it again; pairs with
    // the acquires in allocate_deltas() and map_chunk().
    base::store_release(shared_->sequence.delta_chunks, index + 1);
    return {};
}

Result<std::byte*> RuntimeFile::chunk(std::uint32_t index) noexcept {
    base::require(index < kDeltaChunksMax, "a segment beyond the runtime file's");
    // ORDER(chunk): acquire - the view behind the address; pairs with the releases in map_chunk() and make_chunk().
    std::byte* const mapped = chunks_[index].load(std::memory_order_acquire);
    return mapped != nullptr ? mapped : map_chunk(index);
}

Result<std::byte*> RuntimeFile::map_chunk(std::uint32_t index) noexcept {
    const std::lock_guard alone(mapping_);
    if (std::byte* const mapped = chunks_[index].load(std::memory_order_relaxed); mapped != nullptr) {
        return mapped;   // another thread was faster
    }
    // ORDER(deltas): acquire - the file reaches that far; pairs with the release in make_chunk().
    if (index >= base::load_acquire(shared_->sequence.delta_chunks)) {
        return base::fail(Errc::internal, "a segment whose counts were never made", index);
    }
    QUIRE_TRY_AS(views_[index], platform::View::map(file_, kDeltasAt + index * kChunkBytes, kChunkBytes,
                                                    platform::ViewMode::read_write));
    // ORDER(chunk): release - the view is there; pairs with the acquire in chunk().
    chunks_[index].store(views_[index].data(), std::memory_order_release);
    return views_[index].data();
}

Result<std::int64_t*> RuntimeFile::delta(std::uint32_t segment) noexcept {
    QUIRE_TRY_AS(std::byte* const mapped, chunk(segment / kDeltaChunkSegments));
    return &reinterpret_cast<DeltaChunk*>(mapped)->words[segment % kDeltaChunkSegments];
}

std::uint64_t RuntimeFile::delta_at(std::uint32_t segment) noexcept {
    return kDeltasAt + std::uint64_t{segment} * sizeof(std::int64_t);   // chunk after chunk, without gaps
}

Result<std::uint64_t*> RuntimeFile::word(std::uint64_t offset) noexcept {
    if (offset % sizeof(std::uint64_t) != 0 || offset >= kDeltasAt + kDeltaChunksMax * kChunkBytes) {
        return base::fail(Errc::internal, "no word of the runtime file", offset);
    }
    if (offset < kDeltasAt) {
        return reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::byte*>(shared_) + offset);
    }
    const std::uint64_t behind = offset - kDeltasAt;
    QUIRE_TRY_AS(std::byte* const mapped, chunk(static_cast<std::uint32_t>(behind / kChunkBytes)));
    return reinterpret_cast<std::uint64_t*>(mapped + behind % kChunkBytes);
}

std::uint64_t RuntimeFile::offset_of(const void* word) const noexcept {
    return static_cast<std::uint64_t>(static_cast<const std::byte*>(word) -
                                      reinterpret_cast<const std::byte*>(shared_));
}

void RuntimeFile::remove() noexcept {
    if (memory_ != nullptr) {
        return;
    }
    const platform::FileId id = file_.id();
    unmap();
    file_ = platform::File();   // Windows removes no file that is open or mapped
    if (const auto named = platform::id_of(path_); named && *named == id) {   // the store may have been renamed
        (void)platform::remove(path_);   // the next first opener removes what is left
    }
}

void RuntimeFile::unmap() noexcept {
    for (platform::View& view : views_) {
        view = platform::View();
    }
    base_ = platform::View();
    shared_ = nullptr;
    blocks_ = nullptr;
}

RuntimeFile::~RuntimeFile() {
    if (memory_ == nullptr) {
        return;
    }
    for (const auto& address : chunks_) {
        ::operator delete(address.load(std::memory_order_relaxed), kPage);
    }
    ::operator delete(memory_, kPage);
}

}  // namespace quire::runtime
