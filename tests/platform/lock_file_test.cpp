// SPDX-License-Identifier: MIT
//
// What platform/lock_file.h promises, tried through it.
#include "platform/lock_file.h"

#include "scratch.h"

using namespace quire;
using namespace quire::platform;
using quire::test::error_of;
using quire::test::must;
using quire::test::Scratch;

namespace {

constexpr std::uint64_t kBase = std::uint64_t{1} << 62;   // where stores have their lock bytes

// Two handles of one file are to each other what two processes are.
struct Two {
    Two() {
        must(File::open(path, OpenMode::create_new));
        a = must(LockFile::open(path, true));
        b = must(LockFile::open(path, true));
    }
    Scratch scratch;
    std::string path = scratch.path("a");
    LockFile a;
    LockFile b;
};

}  // namespace

TEST_SUITE_BEGIN("platform/lock_file");

TEST_CASE("an exclusive lock keeps every other handle out until it is let go") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    CHECK_FALSE(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
    CHECK_FALSE(must(two.b.try_lock(kBase, 1, LockMode::shared)));
    CHECK(must(two.b.try_lock(kBase + 1, 1, LockMode::exclusive)));
    must(two.a.unlock(kBase, 1));
    CHECK(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
}

TEST_CASE("shared locks meet, and keep exclusive ones out") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::shared)));
    CHECK(must(two.b.try_lock(kBase, 1, LockMode::shared)));
    must(two.a.unlock(kBase, 1));
    CHECK_FALSE(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    must(two.b.unlock(kBase, 1));
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
}

TEST_CASE("a range conflicts if one byte of it does") {
    Two two;
    CHECK(must(two.a.try_lock(kBase + 500, 1, LockMode::exclusive)));
    CHECK_FALSE(must(two.b.try_lock(kBase, 1000, LockMode::exclusive)));
    CHECK(must(two.b.try_lock(kBase, 500, LockMode::exclusive)));
    CHECK(must(two.b.try_lock(kBase + 501, 499, LockMode::exclusive)));
}

TEST_CASE("held_elsewhere tells of shared and exclusive locks of others, not of one's own, and takes none") {
    Two two;
    CHECK_FALSE(must(two.b.held_elsewhere(kBase, 1000)));
    CHECK(must(two.a.try_lock(kBase + 7, 1, LockMode::shared)));
    CHECK(must(two.b.held_elsewhere(kBase, 1000)));
    CHECK_FALSE(must(two.b.held_elsewhere(kBase, 7)));
    must(two.a.unlock(kBase + 7, 1));
    CHECK(must(two.a.try_lock(kBase + 7, 1, LockMode::exclusive)));
    CHECK(must(two.b.held_elsewhere(kBase + 7, 1)));
    CHECK_FALSE(must(two.b.held_elsewhere(kBase + 8, 100)));
    CHECK(must(two.a.try_lock(kBase + 8, 100, LockMode::exclusive)));   // b's question left nothing behind
}

TEST_CASE("locks are let go when their handle is") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    two.a = LockFile();
    CHECK(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
}

// fcntl's older locks are dropped when *any* descriptor of the file is closed, which loses them without a word.
TEST_CASE("closing another handle of the file lets nothing go") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    must(File::open(two.path, OpenMode::read));
    must(LockFile::open(two.path, true));
    CHECK_FALSE(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
}

TEST_CASE("a lock moves with its object") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    LockFile moved = std::move(two.a);
    two.a = LockFile();
    CHECK_FALSE(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
    must(moved.unlock(kBase, 1));
    CHECK(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
}

TEST_CASE("a reader's handle takes shared locks and asks for others'") {
    Two two;
    LockFile reader = must(LockFile::open(two.path, false));
    CHECK(must(reader.try_lock(kBase, 1, LockMode::shared)));
    CHECK_FALSE(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    CHECK(must(two.a.try_lock(kBase + 1, 1, LockMode::exclusive)));
    CHECK(must(reader.held_elsewhere(kBase + 1, 1)));
    CHECK_FALSE(must(reader.held_elsewhere(kBase + 2, 1)));
}

TEST_CASE("locks far beyond the file do not touch its contents") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1 << 20, LockMode::exclusive)));
    File file = must(File::open(two.path, OpenMode::read_write));
    const std::byte put{42};
    must(file.write_at({&put, 1}, 0));
    std::byte got{};
    must(file.read_at({&got, 1}, 0));
    CHECK(got == put);
    CHECK(must(file.size()) == 1);
}

TEST_CASE("still_is knows the file it was opened on") {
    Two two;
    const FileId id = must(id_of(two.path));
    CHECK(two.a.still_is(id));
    must(File::open(two.scratch.path("b"), OpenMode::create_new));
    CHECK_FALSE(two.a.still_is(must(id_of(two.scratch.path("b")))));
    CHECK_FALSE(LockFile().still_is(id));
}

TEST_CASE("an abandoned lock file holds nothing and is no file") {
    Two two;
    CHECK(must(two.a.try_lock(kBase, 1, LockMode::exclusive)));
    two.a.abandon_in_child();
    CHECK(must(two.b.try_lock(kBase, 1, LockMode::exclusive)));
    CHECK_FALSE(two.a.still_is(must(id_of(two.path))));
}

TEST_CASE("only a file that exists can be locked") {
    const Scratch scratch;
    CHECK(error_of(LockFile::open(scratch.path("none"), true)) == Errc::not_found);
    CHECK(error_of(LockFile::open(scratch.path(""), false)) == Errc::not_a_store);
}

TEST_SUITE_END();
