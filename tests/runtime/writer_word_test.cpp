// SPDX-License-Identifier: MIT
//
// One owner at a time, whatever dies; who waits in vain learns whom for; what a dead owner left unfinished is handed on.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/shared_word.h"
#include "platform/process.h"
#include "runtime/scratch_store.h"
#include "runtime/writer_word.h"

using namespace quire;
using namespace quire::runtime;
using Claimed = WriterWord::Claimed;

TEST_CASE("a free word is claimed and let go, with no patience needed") {
    const ScratchStore store;
    const Opener one(store);
    CHECK(one.word->claim(0ms).value() == Claimed::clean);
    CHECK(one.shared().writer.word == word_naming(one.attachment->block_number()));
    one.word->release();
    CHECK(one.shared().writer.word == kFree);
    CHECK(one.word->slices_slept() == 0);
}

TEST_CASE("busy names the process that holds the word, and leaves kWaiters set") {
    const ScratchStore store;
    const Opener owner(store);
    const Opener waiter(store);
    owner.block().header.pid = 4242;
    REQUIRE(owner.word->claim(0ms).has_value());
    for (const auto patience : {0ms, 5ms}) {
        const auto claimed = waiter.word->claim(patience);
        REQUIRE_FALSE(claimed.has_value());
        CHECK(claimed.error().code == Errc::busy);
        CHECK(claimed.error().detail == 4242);
    }
    CHECK(owner.shared().writer.word == (word_naming(0) | kWaiters));
    CHECK(waiter.word->slices_slept() >= 1);
    owner.word->release();
    CHECK(waiter.word->claim(0ms).value() == Claimed::clean);
    waiter.word->release();
}

TEST_CASE("busy names this process when another of its threads holds the word") {
    const ScratchStore store;
    const Opener one(store);
    REQUIRE(one.word->claim(0ms).has_value());
    std::thread([&] {
        for (const auto patience : {0ms, 3ms}) {
            const auto claimed = one.word->claim(patience);
            REQUIRE_FALSE(claimed.has_value());
            CHECK(claimed.error().code == Errc::busy);
            CHECK(claimed.error().detail == platform::process_id());
        }
    }).join();
    one.word->release();
}

TEST_CASE("a dead owner's word is inherited, even with no patience") {
    const ScratchStore store;
    const Opener heir(store);
    for (const auto patience : {0ms, 100ms}) {
        Opener dies(store);
        REQUIRE(dies.word->claim(0ms).has_value());
        dies.die();
        CHECK(heir.word->claim(patience).value() == Claimed::inherited);
        heir.word->release();
        CHECK(heir.shared().writer.word == kFree);
        CHECK(heir.word->claim(0ms).value() == Claimed::clean);
        heir.word->release();
    }
}

TEST_CASE("a repair that was not finished is passed on") {
    const ScratchStore store;
    const Opener one(store);
    const Opener two(store);
    REQUIRE(one.word->claim(0ms).has_value());
    one.word->release(true);
    CHECK(one.shared().writer.word == kOrphan);
    CHECK(two.word->claim(0ms).value() == Claimed::inherited);
    two.word->release(true);
    CHECK(one.word->claim(0ms).value() == Claimed::inherited);
    one.word->release();
    CHECK(two.word->claim(0ms).value() == Claimed::clean);
    two.word->release();
}

TEST_CASE("one who was buried alive is displaced and leaves the word as it was") {
    const ScratchStore store;
    const Opener lost(store);
    const Opener other(store);
    ++lost.block().header.generation;
    CHECK(lost.word->claim(0ms).error().code == Errc::displaced);
    CHECK(lost.shared().writer.word == kFree);
    lost.shared().writer.word = kOrphan;
    CHECK(lost.word->claim(0ms).error().code == Errc::displaced);
    CHECK(lost.shared().writer.word == kOrphan);
    CHECK(other.word->claim(0ms).value() == Claimed::inherited);
    other.word->release();
}

TEST_CASE("one who was buried alive inside does not free what another owns by now") {
    const ScratchStore store;
    const Opener lost(store);
    const Opener other(store);
    REQUIRE(lost.word->claim(0ms).has_value());
    lost.shared().writer.word = kOrphan;   // what a burial does
    REQUIRE(other.word->claim(0ms).value() == Claimed::inherited);
    lost.word->release();
    CHECK(other.shared().writer.word == word_naming(other.attachment->block_number()));
    other.word->release();
}

TEST_CASE("who sleeps is woken by the release, and takes the word with kWaiters") {
    const ScratchStore store;
    const Opener owner(store);
    const Opener waiter(store);
    REQUIRE(owner.word->claim(0ms).has_value());
    std::thread sleeps([&] {
        CHECK(waiter.word->claim(60s).value() == Claimed::clean);
        CHECK((base::load_relaxed(waiter.shared().writer.word) & kWaiters) != 0);   // others may sleep still
        waiter.word->release();
    });
    while (waiter.word->slices_slept() < 3) {
        std::this_thread::sleep_for(1ms);
    }
    owner.word->release();
    sleeps.join();
    CHECK(base::load_relaxed(owner.shared().writer.word) == kFree);
}

TEST_CASE("who sleeps on the word of one that dies inherits it") {
    const ScratchStore store;
    Opener dies(store);
    const Opener waiter(store);
    REQUIRE(dies.word->claim(0ms).has_value());
    std::thread sleeps([&] {
        CHECK(waiter.word->claim(60s).value() == Claimed::inherited);
        waiter.word->release();
    });
    while (waiter.word->slices_slept() < 2) {
        std::this_thread::sleep_for(1ms);
    }
    dies.die();
    sleeps.join();
}

TEST_CASE("four threads of one process never own the word at once") {
    const ScratchStore store;
    const Opener one(store);
    constexpr int kTimes = 20'000;
    std::uint64_t counter = 0;   // not atomic: a sanitizer would see two owners too
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < kTimes; ++n) {
                REQUIRE(one.word->claim(60s).has_value());
                ++counter;
                one.word->release();
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(counter == 4 * kTimes);
    CHECK(one.shared().writer.word == kFree);
}

TEST_CASE("four processes never own the word at once, with or without the system's queue") {
    const ScratchStore store;
    std::vector<std::unique_ptr<Opener>> openers;
    for (int i = 0; i < 4; ++i) {
        openers.push_back(std::make_unique<Opener>(store));
    }
    for (const bool system_queue : {true, false}) {
        constexpr int kTimes = 10'000;
        std::atomic<std::uint64_t> counter{0};   // loaded and stored apart: a second owner would lose counts
        std::vector<std::thread> threads;
        for (auto& opener : openers) {
            threads.emplace_back([&] {
                auto& shared = opener->shared();
                WriterWord word(*opener->attachment, system_queue ? shared.writer : shared.flusher, system_queue);
                for (int n = 0; n < kTimes; ++n) {
                    REQUIRE(word.claim(60s).value() == Claimed::clean);
                    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
                    word.release();
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        CHECK(counter == 4 * kTimes);
    }
}
