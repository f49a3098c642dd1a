// SPDX-License-Identifier: MIT
//
// What platform/lock_file.h promises on this system alone.
#include "platform/lock_file.h"

#include <unistd.h>

#include "platform/posix/child.h"
#include "platform/scratch.h"

using namespace quire;
using namespace quire::platform;
using quire::test::Ended;
using quire::test::error_of;
using quire::test::in_child;
using quire::test::must;
using quire::test::Scratch;

namespace {

constexpr std::uint64_t kBase = std::uint64_t{1} << 62;

std::string new_file(const Scratch& scratch) {
    must(File::open(scratch.path("a"), OpenMode::create_new));
    return scratch.path("a");
}

}  // namespace

TEST_SUITE_BEGIN("platform/lock_file");

TEST_CASE("the kernel lets go of what a killed process held") {
    const Scratch scratch;
    const std::string path = new_file(scratch);
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto file = LockFile::open(path, true);
        const char got = file->try_lock(kBase, 1, LockMode::exclusive).value_or(false) ? 'y' : 'n';
        static_cast<void>(::write(ready[1], &got, 1) == 1);
        for (;;) {
            ::pause();
        }
    }
    char got = '?';
    REQUIRE(::read(ready[0], &got, 1) == 1);
    CHECK(got == 'y');
    LockFile file = must(LockFile::open(path, true));
    CHECK(must(file.held_elsewhere(kBase, 1)));
    ::kill(child, SIGKILL);
    test::wait_for(child);
    CHECK_FALSE(must(file.held_elsewhere(kBase, 1)));
    CHECK(must(file.try_lock(kBase, 1, LockMode::exclusive)));
    ::close(ready[0]);
    ::close(ready[1]);
}

// Why abandon_in_child() exists: the child's copy of the descriptor is the same description.
TEST_CASE("a forked child keeps its parent's locks alive until it abandons them") {
    const Scratch scratch;
    const std::string path = new_file(scratch);
    LockFile file = must(LockFile::open(path, true));
    LockFile other = must(LockFile::open(path, true));
    REQUIRE(must(file.try_lock(kBase, 1, LockMode::exclusive)));
    int orders[2];
    int answers[2];
    REQUIRE(::pipe(orders) == 0);
    REQUIRE(::pipe(answers) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        char order = 0;
        static_cast<void>(::read(orders[0], &order, 1) == 1);
        file.abandon_in_child();
        static_cast<void>(::write(answers[1], &order, 1) == 1);
        static_cast<void>(::read(orders[0], &order, 1) == 1);
        ::_exit(0);
    }
    file = LockFile();
    CHECK(must(other.held_elsewhere(kBase, 1)));
    char word = 'a';
    REQUIRE(::write(orders[1], &word, 1) == 1);
    REQUIRE(::read(answers[0], &word, 1) == 1);
    CHECK_FALSE(must(other.held_elsewhere(kBase, 1)));
    REQUIRE(::write(orders[1], &word, 1) == 1);
    CHECK(test::wait_for(child).exited_with(0));
    for (const int descriptor : {orders[0], orders[1], answers[0], answers[1]}) {
        ::close(descriptor);
    }
}

TEST_CASE("an exclusive lock through a reader's handle is access_denied") {
    const Scratch scratch;
    LockFile reader = must(LockFile::open(new_file(scratch), false));
    CHECK(error_of(reader.try_lock(kBase, 1, LockMode::exclusive)) == Errc::access_denied);
}

TEST_CASE("a descriptor that was closed behind our back is `displaced`, and no longer the file") {
    const Scratch scratch;
    const std::string path = new_file(scratch);
    const FileId id = must(id_of(path));
    const int next = ::dup(0);
    ::close(next);
    LockFile file = must(LockFile::open(path, true));
    REQUIRE(file.still_is(id));
    if (::close(next) != 0) {   // another thread took the number
        MESSAGE("SKIPPED: the descriptor's number could not be guessed");
        return;
    }
    CHECK_FALSE(file.still_is(id));
    CHECK(error_of(file.try_lock(kBase, 1, LockMode::exclusive)) == Errc::displaced);
    CHECK(error_of(file.held_elsewhere(kBase, 1)) == Errc::displaced);
    static_cast<void>(::dup(0) == next);   // for file's destructor to close
}

TEST_SUITE_END();
