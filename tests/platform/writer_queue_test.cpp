// SPDX-License-Identifier: MIT
//
// What platform/writer_queue.h promises, tried through it.
#include "platform/writer_queue.h"

#include <thread>

#include "base/shared_word.h"
#include "platform/random.h"
#include "scratch.h"

using namespace quire;
using namespace quire::platform;
using namespace std::chrono_literals;
using quire::test::must;

namespace {

std::string fresh_name() { return "test-" + std::to_string(random_word()); }

}  // namespace

TEST_SUITE_BEGIN("platform/writer_queue");

TEST_CASE("a turn is given, and given again") {
    WriterQueue queue = must(WriterQueue::open(fresh_name()));
    for (int i = 0; i < 100; ++i) {
        REQUIRE(queue.take_turn(1s));
        queue.give_turn();
    }
}

TEST_CASE("waiting for a turn ends with the slice at the latest") {
    const std::string name = fresh_name();
    WriterQueue owner = must(WriterQueue::open(name));
    REQUIRE(owner.take_turn(1s));
    bool got = true;
    Nanoseconds took{};
    std::thread other([&] {
        WriterQueue queue = must(WriterQueue::open(name));
        const Nanoseconds begin = now();
        got = queue.take_turn(20ms);
        took = now() - begin;
        if (got) {
            queue.give_turn();
        }
    });
    other.join();
    owner.give_turn();
    CHECK(took < 10s);
    if (owner.kind() == "named mutex") {
        CHECK_FALSE(got);
        CHECK(took >= 19ms);
    } else {
        CHECK(got);   // no queue but the word
    }
}

TEST_CASE("a turn whose owner thread ended is a turn like any other") {
    const std::string name = fresh_name();
    WriterQueue queue = must(WriterQueue::open(name));
    std::thread dies([&] { CHECK(queue.take_turn(1s)); });
    dies.join();
    CHECK(queue.take_turn(1s));
    queue.give_turn();
    CHECK(queue.take_turn(1s));
    queue.give_turn();
}

TEST_CASE("who sleeps on a word that has changed already does not sleep") {
    WriterQueue queue = must(WriterQueue::open(fresh_name()));
    alignas(64) std::uint32_t word = 7;
    const Nanoseconds begin = now();
    queue.sleep_on(word, 6, 60s);
    queue.sleep_on(word, 7, 0s);
    queue.sleep_on(word, 7, -1s);
    CHECK(now() - begin < 10s);
}

TEST_CASE("sleeping on a word ends with the slice") {
    WriterQueue queue = must(WriterQueue::open(fresh_name()));
    alignas(64) std::uint32_t word = 7;
    const Nanoseconds begin = now();
    queue.sleep_on(word, 7, 5ms);
    CHECK(now() - begin < 10s);
}

TEST_CASE("a change with a wake ends the sleep") {
    WriterQueue queue = must(WriterQueue::open(fresh_name()));
    alignas(64) std::uint32_t word = 0;
    Nanoseconds took{};
    std::thread sleeper([&] {
        const Nanoseconds begin = now();
        while (base::load_acquire(word) == 0) {
            queue.sleep_on(word, 0, 60s);
        }
        took = now() - begin;
    });
    sleep_for(20ms);
    base::store_release(word, 1u);
    queue.wake_one(word);
    sleeper.join();
    CHECK(took < 30s);
}

TEST_CASE("a queue moves") {
    WriterQueue queue = must(WriterQueue::open(fresh_name()));
    const std::string name = queue.kernel_name();
    WriterQueue moved = std::move(queue);
    CHECK(moved.kernel_name() == name);
    CHECK(moved.take_turn(1s));
    moved.give_turn();
    queue = std::move(moved);
    CHECK(queue.take_turn(1s));
    queue.give_turn();
}

TEST_SUITE_END();
