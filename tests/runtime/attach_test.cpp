// SPDX-License-Identifier: MIT
//
// Who is first, who may join, who is dead: by locks on the store alone, whatever lies beside it under the runtime
// file's name.
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/shared_word.h"
#include "platform/lock_file.h"
#include "platform/process.h"
#include "runtime/attach.h"
#include "runtime/scratch_store.h"

using namespace quire;
using namespace quire::runtime;
using platform::LockFile;
using platform::LockMode;

namespace {

BlockState state_of(const Opener& seen_by, std::uint32_t block) {
    return static_cast<BlockState>(base::load_relaxed(seen_by.attachment->runtime().block(block).header.state));
}

}  // namespace

TEST_CASE("the first opener makes the runtime file, the others join, the last one removes it") {
    const ScratchStore store;
    auto first = store.try_attach().value();
    CHECK(first->first());
    CHECK(first->attached());
    CHECK(first->block_number() == 0);
    CHECK(first->mine());
    first->opened();

    auto second = store.try_attach().value();
    CHECK_FALSE(second->first());
    CHECK(second->block_number() == 1);
    first->runtime().shared().tail.position = 77;
    CHECK(second->runtime().shared().tail.position == 77);
    CHECK(second->runtime().shared().sequence.block_count == 2);
    CHECK(second->runtime().block(0).header.pid == platform::process_id());

    CHECK_FALSE(first->begin_leaving(0ms).value());
    CHECK(store.try_attach(3ms).error().code == Errc::busy);   // nobody joins while one is leaving
    first->finish_leaving(false);
    CHECK(std::filesystem::exists(store.run_path()));
    CHECK(second->begin_leaving(0ms).value());
    second->finish_leaving(true);
    CHECK_FALSE(std::filesystem::exists(store.run_path()));

    auto next = store.try_attach().value();
    CHECK(next->first());
    CHECK(next->runtime().shared().tail.position == 0);
    next->give_up_open();
    CHECK_FALSE(std::filesystem::exists(store.run_path()));
    CHECK(store.try_attach().value()->first());
}

TEST_CASE("while the first opener recovers, others wait, and are busy at their deadline") {
    const ScratchStore store;
    auto first = store.try_attach().value();
    CHECK(store.try_attach().error().code == Errc::busy);
    CHECK(store.try_attach(5ms).error().code == Errc::busy);
    std::thread recovers([&] {
        std::this_thread::sleep_for(20ms);
        first->opened();
    });
    CHECK_FALSE(store.try_attach(10s).value()->first());
    recovers.join();
}

TEST_CASE("when all have died, the next opener is first and finds nothing of theirs") {
    const ScratchStore store;
    Opener one(store);
    Opener two(store);
    REQUIRE(two.word->claim(0ms).has_value());
    two.shared().tail.position = 5;
    two.die();
    one.die();
    CHECK(std::filesystem::exists(store.run_path()));
    const Opener next(store);
    CHECK(next.attachment->first());
    CHECK(next.shared().writer.word == kFree);
    CHECK(next.shared().tail.position == 0);
    CHECK(next.attachment->block_number() == 0);
}

TEST_CASE("one who only joins others leaves no trace when there are none") {
    const ScratchStore store;
    {
        const auto alone = Attachment::attach({store.path(), store.name, 0ms, true}).value();
        CHECK_FALSE(alone->attached());
        CHECK_FALSE(alone->first());
        CHECK(alone->mine());
        CHECK(alone->bury_dead() == 0);
        CHECK_FALSE(std::filesystem::exists(store.run_path()));
        const Opener other(store);   // OPEN is free, and nobody was counted
        CHECK(other.attachment->first());
        CHECK(Attachment::attach({store.path(), store.name, 0ms, true}).value()->attached());
    }
}

TEST_CASE("a joiner that finds no runtime file, or another store's, is displaced") {
    const ScratchStore store;
    const ScratchStore other;
    const Opener one(store);
    const Opener stranger(other);
    std::error_code failed;
    std::filesystem::rename(store.run_path(), store.run_path() + "-away", failed);
    if (failed) {
        MESSAGE("skipped: this system does not rename a mapped file");
        return;
    }
    CHECK(store.try_attach(50ms).error().code == Errc::displaced);
    std::filesystem::copy_file(other.run_path(), store.run_path());
    CHECK(store.try_attach(50ms).error().code == Errc::displaced);
    CHECK(one.attachment->mine());   // those who are in stay in
    std::filesystem::rename(store.run_path() + "-away", store.run_path());
    CHECK_FALSE(store.try_attach().value()->first());
}

TEST_CASE("a path that leads to another file than the opened store is displaced") {
    const ScratchStore store;
    const ScratchStore other;
    std::ofstream(store.run_path()) << "not ours to remove";
    CHECK(Attachment::attach({store.path(), other.name, 0ms, false}).error().code == Errc::displaced);
    CHECK(std::filesystem::file_size(store.run_path()) == 18);
}

TEST_CASE("the world byte differs by the kind of lock and lies in its range") {
    CHECK(world_byte("futex") != world_byte("named mutex"));
    for (const char* kind : {"", "futex", "named mutex"}) {
        CHECK(world_byte(kind) >= kWorldBase);
        CHECK(world_byte(kind) - kWorldBase < kWorlds);
    }
}

TEST_CASE("openers under other locks exclude each other") {
    const ScratchStore store;
    auto foreign = LockFile::open(store.path(), true).value();
    const std::uint64_t world = world_byte("locks of another kind");
    REQUIRE(foreign.try_lock(world, 1, LockMode::shared).value());

    SUBCASE("while one of them lives, at once") {
        REQUIRE(foreign.try_lock(live_byte(3), 1, LockMode::exclusive).value());
        const auto before = platform::now();
        CHECK(store.try_attach(10s).error().code == Errc::incompatible_opener);
        CHECK(platform::now() - before < 5s);
    }
    SUBCASE("a byte that is let go late is waited for") {
        CHECK(store.try_attach(3ms).error().code == Errc::incompatible_opener);
        std::thread late([&] {
            std::this_thread::sleep_for(20ms);
            REQUIRE(foreign.unlock(world, 1).has_value());
        });
        CHECK(store.try_attach(10s).has_value());
        late.join();
    }
    SUBCASE("at both ends of the range") {
        REQUIRE(foreign.unlock(world, 1).has_value());
        for (const std::uint64_t end : {kWorldBase, kWorldBase + kWorlds - 1}) {
            REQUIRE(foreign.try_lock(end, 1, LockMode::shared).value());
            CHECK(store.try_attach().error().code == Errc::incompatible_opener);
            REQUIRE(foreign.unlock(end, 1).has_value());
        }
        CHECK(store.try_attach().has_value());
    }
}

TEST_CASE("a block that was given back gets a new tenant, with another generation") {
    const ScratchStore store;
    const Opener stays(store);
    auto leaves = std::make_unique<Opener>(store);
    REQUIRE(leaves->attachment->block_number() == 1);
    const std::uint32_t generation = leaves->block().header.generation;
    leaves->block().pins[5].since = 9;
    CHECK_FALSE(leaves->attachment->begin_leaving(0ms).value());
    leaves->attachment->finish_leaving(false);
    CHECK(state_of(stays, 1) == BlockState::free);
    CHECK_FALSE(stays.attachment->try_bury(1));   // left, not died

    {
        auto settling = LockFile::open(store.path(), true).value();   // another is just about to move in
        REQUIRE(settling.try_lock(live_byte(1), 1, LockMode::exclusive).value());
        CHECK(stays.attachment->add_block().value() == 2);
    }
    const Opener next(store);
    CHECK(next.attachment->block_number() == 1);
    CHECK(next.block().header.generation != generation);
    CHECK(next.block().pins[5].since == 0);
    CHECK(next.shared().sequence.block_count == 3);
}

TEST_CASE("a buried block gets no new tenant") {
    const ScratchStore store;
    const Opener stays(store);
    Opener dies(store);
    REQUIRE(dies.attachment->block_number() == 1);
    dies.die();
    CHECK(stays.attachment->bury_dead() == 1);
    CHECK(state_of(stays, 1) == BlockState::buried);
    CHECK(stays.attachment->bury_dead() == 0);
    CHECK(Opener(store).attachment->block_number() == 2);

    SUBCASE("nor one whose owner a joiner is the first to find dead") {
        CHECK(state_of(stays, 2) == BlockState::owned);
        CHECK(Opener(store).attachment->block_number() == 3);
        CHECK(state_of(stays, 2) == BlockState::buried);
    }
    SUBCASE("nor by way of add_block") {
        CHECK(stays.attachment->add_block().value() == 3);
    }
}

TEST_CASE("nobody buries the living, nor itself") {
    const ScratchStore store;
    const Opener one(store);
    const Opener two(store);
    CHECK_FALSE(one.attachment->try_bury(one.attachment->block_number()));
    CHECK_FALSE(one.attachment->try_bury(two.attachment->block_number()));
    CHECK_FALSE(one.attachment->try_bury(2));   // there is none
    CHECK_FALSE(one.attachment->try_bury(kOrphan));
    CHECK(one.attachment->bury_dead() == 0);
    CHECK(one.attachment->mine());
    CHECK(two.attachment->mine());
}

TEST_CASE("burying frees what the dead one held: pins, waiters, words") {
    const ScratchStore store;
    const Opener stays(store);
    Opener dies(store);
    const std::uint32_t dead = dies.attachment->block_number();
    const std::uint32_t generation = dies.block().header.generation;
    dies.block().header.waiters = 3;
    for (PinLine& line : dies.block().pins) {
        line = {4, 5, 6};
    }
    stays.block().pins[0].since = 8;
    stays.shared().writer.word = word_naming(dead) | kWaiters;
    stays.shared().flusher.word = word_naming(dead);
    dies.die();
    REQUIRE(stays.attachment->try_bury(dead));

    const Block& buried = stays.attachment->runtime().block(dead);
    CHECK(buried.header.generation == generation + 1);
    CHECK(buried.header.waiters == 0);
    for (const PinLine& line : buried.pins) {
        CHECK((line.since == 0 && line.until == 0));
    }
    CHECK(stays.block().pins[0].since == 8);
    CHECK(stays.shared().writer.word == (kOrphan | kWaiters));
    CHECK(stays.shared().flusher.word == kOrphan);
    CHECK(stays.attachment->locks().try_lock(live_byte(dead), LockMode::exclusive).value());   // was let go
}

TEST_CASE("words that name others are not touched by a burial") {
    const ScratchStore store;
    const Opener stays(store);
    Opener dies(store);
    stays.shared().writer.word = word_naming(0) | kWaiters;
    const std::uint32_t dead = dies.attachment->block_number();
    dies.die();
    REQUIRE(stays.attachment->try_bury(dead));
    CHECK(stays.shared().writer.word == (word_naming(0) | kWaiters));
    CHECK(stays.shared().flusher.word == kFree);
}

TEST_CASE("one who was buried alive may claim the word and die: it is buried once more") {
    const ScratchStore store;
    const Opener stays(store);
    Opener dies(store);
    const std::uint32_t dead = dies.attachment->block_number();
    dies.die();
    REQUIRE(stays.attachment->try_bury(dead));
    stays.shared().writer.word = word_naming(dead);
    CHECK(stays.word->claim(0ms).value() == WriterWord::Claimed::inherited);
    stays.word->release();
}

TEST_CASE("of many threads and processes that reap, one buries each dead") {
    const ScratchStore store;
    const Opener one(store);
    const Opener two(store);
    for (int round = 0; round < 20; ++round) {
        Opener(store).die();
        Opener(store).die();
        std::atomic<std::uint32_t> buried{0};
        std::vector<std::thread> reapers;
        for (int i = 0; i < 4; ++i) {
            reapers.emplace_back([&, i] { buried += (i % 2 == 0 ? one : two).attachment->bury_dead(); });
        }
        for (auto& reaper : reapers) {
            reaper.join();
        }
        buried += one.attachment->bury_dead();   // a reaper that met another passed on
        // The second opener's joining has buried the first.
        CHECK(buried == 1);
    }
}

TEST_CASE("a process adds blocks while it has room, and they live and die with it") {
    const ScratchStore store;
    const Opener stays(store);
    Opener adds(store);
    CHECK(adds.attachment->own_block_count() == 1);
    CHECK(adds.attachment->add_block().value() == 2);
    CHECK(adds.attachment->own_block_count() == 2);
    CHECK(adds.attachment->own_block(1) == 2);
    CHECK(stays.shared().sequence.block_count == 3);
    CHECK_FALSE(stays.attachment->try_bury(2));
    while (adds.attachment->own_block_count() < 64) {
        REQUIRE(adds.attachment->add_block().has_value());
    }
    CHECK(adds.attachment->add_block().error().code == Errc::out_of_memory);
    CHECK(adds.attachment->mine());

    SUBCASE("buried") {
        adds.die();
        CHECK(stays.attachment->bury_dead() == 64);
        CHECK(stays.attachment->add_block().value() == 65);
    }
    SUBCASE("given back") {
        REQUIRE(adds.attachment->begin_leaving(0ms).has_value());
        adds.attachment->finish_leaving(false);
        CHECK(stays.attachment->add_block().value() == 1);
    }
    SUBCASE("any of them buried makes its owner displaced") {
        adds.attachment->runtime().block(adds.attachment->own_block(63)).header.generation++;
        CHECK_FALSE(adds.attachment->mine());
    }
}

TEST_CASE("threads of several processes that add blocks at once get different ones, without gaps") {
    const ScratchStore store;
    const Opener one(store);
    const Opener two(store);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (int n = 0; n < 15; ++n) {
                REQUIRE((i % 2 == 0 ? one : two).attachment->add_block().has_value());
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(one.shared().sequence.block_count == 62);
    std::vector<int> owners(62);
    for (const Opener* opener : {&one, &two}) {
        for (std::uint32_t i = 0; i < opener->attachment->own_block_count(); ++i) {
            ++owners.at(opener->attachment->own_block(i));
        }
    }
    CHECK(owners == std::vector<int>(62, 1));
}

TEST_CASE("a full table of blocks refuses the next process and harms none") {
    const ScratchStore store;
    const Opener one(store);
    one.shared().sequence.block_count = kBlocksMax;
    for (std::uint32_t block = 1; block < kBlocksMax; ++block) {
        if (block % 16 == 0) {
            REQUIRE(one.attachment->runtime().allocate_block(block).has_value());
        }
        one.attachment->runtime().block(block).header.state = static_cast<std::uint32_t>(BlockState::buried);
    }
    CHECK(store.try_attach().error().code == Errc::out_of_memory);
    CHECK(one.attachment->mine());
}
