// SPDX-License-Identifier: MIT
//
// What platform/file.h promises on this system alone.
#include "platform/file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/posix/child.h"
#include "platform/scratch.h"

using namespace quire;
using namespace quire::platform;
using quire::test::error_of;
using quire::test::in_child;
using quire::test::must;
using quire::test::Scratch;

TEST_SUITE_BEGIN("platform/file");

TEST_CASE("allocated space is really taken, in holes too") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.resize(1 << 20));
    CHECK(must(file.allocated_bytes()) < 1 << 20);
    must(file.allocate(0, 1 << 20));
    CHECK(must(file.allocated_bytes()) >= 1 << 20);
}

TEST_CASE("pipes, devices and links to them are no store, and nobody waits for a writer of a pipe") {
    const Scratch scratch;
    REQUIRE(::mkfifo(scratch.path("pipe").c_str(), 0600) == 0);
    CHECK(error_of(File::open(scratch.path("pipe"), OpenMode::read)) == Errc::not_a_store);
    CHECK(error_of(File::open(scratch.path("pipe"), OpenMode::read_write)) == Errc::not_a_store);
    CHECK(error_of(File::open("/dev/null", OpenMode::read_write)) == Errc::not_a_store);
    REQUIRE(::symlink("/dev/zero", scratch.path("link").c_str()) == 0);
    CHECK(error_of(File::open(scratch.path("link"), OpenMode::read)) == Errc::not_a_store);
}

TEST_CASE("no descriptor is inherited by a program that this process starts") {
    const Scratch scratch;
    const File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    const File again = must(file.reopen());
    CHECK((::fcntl(static_cast<int>(file.handle()), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(static_cast<int>(again.handle()), F_GETFD) & FD_CLOEXEC) != 0);
}

// Else an error of write-back that one description has been told of would be lost for the other.
TEST_CASE("reopen follows the file, not its name, and is a description of its own") {
    const Scratch scratch;
    const File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(rename_new(scratch.path("a"), scratch.path("b")));
    must(File::open(scratch.path("a"), OpenMode::create_new));
    const File again = must(file.reopen());
    CHECK(again.id() == file.id());
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_len = 1;
    CHECK(::fcntl(static_cast<int>(file.handle()), F_OFD_SETLK, &lock) == 0);
    CHECK(::fcntl(static_cast<int>(again.handle()), F_OFD_SETLK, &lock) == -1);
}

TEST_CASE("a limit on file sizes is `full`, not the death of the process") {
    const Scratch scratch;
    const auto ended = in_child([&] {
        const rlimit limit{8192, 8192};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        auto file = File::open(scratch.path("a"), OpenMode::create_new);
        const std::byte byte{1};
        const auto allocated = file->allocate(0, 1 << 20);
        const auto resized = file->resize(1 << 20);
        const auto written = file->write_at({&byte, 1}, 10'000);
        const auto within = file->write_at({&byte, 1}, 8000);
        sigset_t pending;
        ::sigpending(&pending);
        return !allocated && allocated.error().code == Errc::full && allocated.error().detail == 1 << 20 &&
                       !resized && resized.error().code == Errc::full && !written &&
                       written.error().code == Errc::full && written.error().detail == 1 && within.has_value() &&
                       ::sigismember(&pending, SIGXFSZ) == 0
                   ? 0
                   : 1;
    });
    CHECK(ended.exited_with(0));
}

TEST_CASE("a file that may not be written is access_denied for writing, and opens for reading") {
    if (::geteuid() == 0) {
        MESSAGE("SKIPPED: root may write everything");
        return;
    }
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    REQUIRE(::chmod(scratch.path("a").c_str(), 0400) == 0);
    CHECK(error_of(File::open(scratch.path("a"), OpenMode::read_write)) == Errc::access_denied);
    must(File::open(scratch.path("a"), OpenMode::read));
}

TEST_SUITE_END();
