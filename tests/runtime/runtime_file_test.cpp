// SPDX-License-Identifier: MIT
//
// A runtime file begins as zeros, is joined only by openers of the same store, and grows without moving anything.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/shared_word.h"
#include "runtime/runtime_file.h"
#include "runtime/scratch_store.h"

using namespace quire;
using namespace quire::runtime;

namespace {

bool all_zero(const void* from, std::size_t bytes) {
    const auto* const first = static_cast<const std::byte*>(from);
    return std::all_of(first, first + bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

TEST_CASE("a new runtime file is zero but for its identity") {
    const ScratchStore store;
    const auto file = RuntimeFile::create(store.path(), store.name).value();
    Shared& shared = file->shared();
    CHECK(shared.identity.magic == kRuntimeMagic);
    CHECK(shared.identity.uuid == store.name.uuid);
    CHECK(all_zero(&shared.readers, sizeof shared - sizeof shared.identity));
    CHECK(all_zero(&file->block(0), sizeof(Block)));
    CHECK(reinterpret_cast<std::uintptr_t>(&shared) % sizeof(Block) == 0);
}

TEST_CASE("an old file of that name is replaced, not reset: it may still be mapped") {
    const ScratchStore store;
    const auto old = RuntimeFile::create(store.path(), store.name).value();
    old->shared().tail.position = 99;
    const auto anew = RuntimeFile::create(store.path(), store.name);
    if (!anew && !platform::maps_past_end()) {
        MESSAGE("skipped: this system does not remove the name of a mapped file");
        return;
    }
    CHECK((*anew)->shared().tail.position == 0);
    CHECK(old->shared().tail.position == 99);
    old->remove();   // not its name any more
    CHECK(std::filesystem::exists(store.run_path()));
    (*anew)->remove();
    CHECK_FALSE(std::filesystem::exists(store.run_path()));
}

TEST_CASE("only openers of the same store join") {
    const ScratchStore store;
    CHECK(RuntimeFile::join(store.path(), store.name).error().code == Errc::displaced);
    const auto file = RuntimeFile::create(store.path(), store.name).value();
    file->shared().tail.position = 5;
    CHECK(RuntimeFile::join(store.path(), store.name).value()->shared().tail.position == 5);

    StoreName other = store.name;
    other.uuid[3] = 0;
    CHECK(RuntimeFile::join(store.path(), other).error().code == Errc::displaced);
    other = store.name;
    other.file.file[0] = static_cast<std::uint8_t>(other.file.file[0] + 1);
    CHECK(RuntimeFile::join(store.path(), other).error().code == Errc::displaced);
    other = store.name;
    ++other.file.volume;
    CHECK(RuntimeFile::join(store.path(), other).error().code == Errc::displaced);

    file->shared().identity.layout = kRuntimeLayout + 1;
    CHECK(RuntimeFile::join(store.path(), store.name).error().code == Errc::displaced);
    file->shared().identity.layout = kRuntimeLayout;
    file->shared().identity.magic = 0;   // half made
    CHECK(RuntimeFile::join(store.path(), store.name).error().code == Errc::displaced);
}

TEST_CASE("a short or foreign file beside the store is displaced, never a fault") {
    const ScratchStore store;
    std::ofstream(store.run_path()) << "no runtime";
    CHECK(RuntimeFile::join(store.path(), store.name).error().code == Errc::displaced);
    RuntimeFile::create(store.path(), store.name).value().reset();
    std::filesystem::resize_file(store.run_path(), kDeltasAt - 1);   // its identity is right, its blocks would fault
    CHECK(RuntimeFile::join(store.path(), store.name).error().code == Errc::displaced);
}

TEST_CASE("blocks are allocated one after the other, and zero") {
    const ScratchStore store;
    const auto file = RuntimeFile::create(store.path(), store.name).value();
    file->block(20).header.state = 1;   // one who died before it counted its block
    for (std::uint32_t number = 0; number < 40; ++number) {
        REQUIRE(file->allocate_block(number).has_value());
        CHECK(all_zero(&file->block(number), sizeof(Block)));
        file->block(number).pins[0].since = number;
    }
    CHECK(file->block(17).pins[0].since == 17);
}

TEST_CASE("deltas are one word a segment, zero at first, the same for all who have the file mapped") {
    const ScratchStore store;
    const auto file = RuntimeFile::create(store.path(), store.name).value();
    const auto joined = RuntimeFile::join(store.path(), store.name).value();
    CHECK(joined->delta(0).error().code == Errc::internal);   // never made: no fault behind the file's end

    const std::uint32_t last = 3 * kDeltaChunkSegments - 1;
    REQUIRE(file->allocate_deltas(last + 1).has_value());
    for (const std::uint32_t segment : {0u, 1u, kDeltaChunkSegments - 1, kDeltaChunkSegments, last}) {
        std::int64_t* const word = file->delta(segment).value();
        CHECK(*word == 0);
        *word = 100 + static_cast<std::int64_t>(segment);
        CHECK(*joined->delta(segment).value() == *word);
        CHECK(file->delta(segment).value() == word);   // never moves
        CHECK(static_cast<void*>(file->word(RuntimeFile::delta_at(segment)).value()) == word);
    }
    REQUIRE(joined->allocate_deltas(last + 1).has_value());   // made already: not cleared again
    CHECK(*file->delta(last).value() == 100 + static_cast<std::int64_t>(last));
    CHECK(joined->delta(last + 1).error().code == Errc::internal);
}

TEST_CASE("a word is found again by its offset") {
    const ScratchStore store;
    const auto file = RuntimeFile::create(store.path(), store.name).value();
    std::uint64_t* const tail = &file->shared().tail.position;
    CHECK(file->word(file->offset_of(tail)).value() == tail);
    std::uint64_t* const pid = &file->block(3).header.pid;
    CHECK(file->word(file->offset_of(pid)).value() == pid);
    CHECK(file->word(file->offset_of(tail) + 4).error().code == Errc::internal);
    CHECK(file->word(std::uint64_t{1} << 40).error().code == Errc::internal);
}

TEST_CASE("a private runtime has block 0 and no file") {
    const ScratchStore store;
    const auto runtime = RuntimeFile::in_memory(store.name).value();
    CHECK_FALSE(std::filesystem::exists(store.run_path()));
    CHECK(runtime->shared().sequence.block_count == 1);
    CHECK(all_zero(runtime->block(0).pins, sizeof runtime->block(0).pins));
    REQUIRE(runtime->allocate_block(1).has_value());
    CHECK(all_zero(&runtime->block(1), sizeof(Block)));
    REQUIRE(runtime->allocate_deltas(kDeltaChunkSegments + 1).has_value());
    CHECK(*runtime->delta(kDeltaChunkSegments).value() == 0);
    CHECK(runtime->word(RuntimeFile::delta_at(5)).has_value());
    CHECK(runtime->allocate_deltas(std::uint64_t{1} << 32).error().code == Errc::full);
}

TEST_CASE("threads that need a part of the file at once map it once") {
    const ScratchStore store;
    const auto file = RuntimeFile::create(store.path(), store.name).value();
    REQUIRE(file->allocate_deltas(8 * kDeltaChunkSegments).has_value());
    const auto joined = RuntimeFile::join(store.path(), store.name).value();
    std::vector<std::thread> threads;
    std::vector<std::vector<std::int64_t*>> found(4);
    for (auto& words : found) {
        threads.emplace_back([&] {
            for (std::uint32_t chunk = 0; chunk < 8; ++chunk) {
                words.push_back(joined->delta(chunk * kDeltaChunkSegments).value());
                (void)base::load_relaxed(*words.back());
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(std::ranges::all_of(found, [&](const auto& words) { return words == found.front(); }));
}
