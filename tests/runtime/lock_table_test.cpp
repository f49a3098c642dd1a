// SPDX-License-Identifier: MIT
//
// A process's own lock bytes are never tried again, counted when shared, and left out of what "others" hold.
#include <doctest/doctest.h>

#include "platform/lock_file.h"
#include "runtime/lock_table.h"
#include "runtime/scratch_store.h"

using namespace quire;
using namespace quire::runtime;
using platform::LockMode;

namespace {

constexpr std::uint64_t kByte = kLockBase + 100;

struct Two {
    Two() : ours(LockTable::open(store.path(), true).value()), other(LockTable::open(store.path(), true).value()) {}
    ScratchStore store;
    std::unique_ptr<LockTable> ours;
    std::unique_ptr<LockTable> other;
};

}  // namespace

TEST_CASE("an exclusive byte has one holder until it is let go") {
    Two two;
    CHECK(two.ours->try_lock(kByte, LockMode::exclusive).value());
    CHECK(two.ours->holds(kByte));
    CHECK_FALSE(two.other->try_lock(kByte, LockMode::exclusive).value());
    CHECK_FALSE(two.other->try_lock(kByte, LockMode::shared).value());
    CHECK_FALSE(two.other->holds(kByte));
    two.ours->unlock(kByte);
    CHECK_FALSE(two.ours->holds(kByte));
    CHECK(two.other->try_lock(kByte, LockMode::exclusive).value());
}

TEST_CASE("an own byte is not granted again, and trying it does not lose it") {
    Two two;
    REQUIRE(two.ours->try_lock(kByte, LockMode::exclusive).value());
    CHECK_FALSE(two.ours->try_lock(kByte, LockMode::exclusive).value());
    CHECK_FALSE(two.ours->try_lock(kByte, LockMode::shared).value());
    CHECK_FALSE(two.other->try_lock(kByte, LockMode::shared).value());

    REQUIRE(two.ours->try_lock(kByte + 2, LockMode::shared).value());
    CHECK_FALSE(two.ours->try_lock(kByte + 2, LockMode::exclusive).value());
    CHECK_FALSE(two.other->try_lock(kByte + 2, LockMode::exclusive).value());
}

TEST_CASE("a shared byte stays until its last release") {
    Two two;
    CHECK(two.ours->try_lock(kByte, LockMode::shared).value());
    CHECK(two.ours->try_lock(kByte, LockMode::shared).value());
    CHECK(two.other->try_lock(kByte, LockMode::shared).value());
    two.other->unlock(kByte);
    two.ours->unlock(kByte);
    CHECK(two.ours->holds(kByte));
    CHECK_FALSE(two.other->try_lock(kByte, LockMode::exclusive).value());
    two.ours->unlock(kByte);
    CHECK(two.other->try_lock(kByte, LockMode::exclusive).value());
}

TEST_CASE("a refused byte is not held") {
    Two two;
    REQUIRE(two.other->try_lock(kByte, LockMode::exclusive).value());
    REQUIRE_FALSE(two.ours->try_lock(kByte, LockMode::exclusive).value());
    two.ours->unlock(kByte);   // not ours: nothing happens
    CHECK_FALSE(two.ours->try_lock(kByte, LockMode::exclusive).value());
    two.other->unlock(kByte);
    CHECK(two.ours->try_lock(kByte, LockMode::exclusive).value());
}

TEST_CASE("a range is asked for in the gaps between own bytes") {
    Two two;
    CHECK_FALSE(two.ours->held_elsewhere(kByte, 10).value());
    for (const std::uint64_t own : {kByte, kByte + 4, kByte + 5, kByte + 9}) {
        REQUIRE(two.ours->try_lock(own, LockMode::exclusive).value());
    }
    CHECK_FALSE(two.ours->held_elsewhere(kByte, 10).value());
    CHECK(two.other->held_elsewhere(kByte, 10).value());
    CHECK_FALSE(two.other->held_elsewhere(kByte + 1, 3).value());   // none was lost or merged by asking
    CHECK(two.other->held_elsewhere(kByte + 4, 1).value());
    CHECK(two.other->held_elsewhere(kByte + 5, 4).value());

    for (std::uint64_t theirs = kByte; theirs < kByte + 10; ++theirs) {
        if (!two.ours->holds(theirs)) {
            REQUIRE(two.other->try_lock(theirs, LockMode::shared).value());
            CHECK(two.ours->held_elsewhere(kByte, 10).value());
            two.other->unlock(theirs);
        }
    }
    CHECK_FALSE(two.ours->held_elsewhere(kByte, 10).value());
    REQUIRE(two.other->try_lock(kByte + 10, LockMode::exclusive).value());
    CHECK_FALSE(two.ours->held_elsewhere(kByte, 10).value());   // one behind the range
    CHECK_FALSE(two.ours->held_elsewhere(kByte + 10, 0).value());
}

TEST_CASE("the table knows whether its handle still is the store") {
    Two two;
    CHECK(two.ours->still_is(two.store.name.file));
    platform::FileId another = two.store.name.file;
    another.file[0] = static_cast<std::uint8_t>(another.file[0] + 1);
    CHECK_FALSE(two.ours->still_is(another));
}

TEST_CASE("the locks of a table that is destroyed are gone") {
    Two two;
    REQUIRE(two.ours->try_lock(kByte, LockMode::exclusive).value());
    two.ours.reset();
    CHECK(two.other->try_lock(kByte, LockMode::exclusive).value());
}
