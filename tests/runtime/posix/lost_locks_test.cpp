// SPDX-License-Identifier: MIT
//
// What happens to a process whose descriptors were closed behind its back, and to the child of a fork.
#include <doctest/doctest.h>

#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/process.h"
#include "runtime/scratch_store.h"

using namespace quire;
using namespace quire::runtime;
using Claimed = WriterWord::Claimed;

namespace {

// Descriptors of this process that are open on the store.
std::vector<int> descriptors_of(const ScratchStore& store) {
    struct stat wanted{};
    REQUIRE(::stat(store.path().c_str(), &wanted) == 0);
    std::vector<int> found;
    for (int descriptor = 3; descriptor < 1024; ++descriptor) {
        struct stat status{};
        if (::fstat(descriptor, &status) == 0 && status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev) {
            found.push_back(descriptor);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("a process whose lock descriptor was closed is buried alive, and displaced at its next claim") {
    const ScratchStore store;
    const Opener loses(store);
    const auto before = descriptors_of(store);
    REQUIRE(before.size() == 1);
    const Opener stays(store);
    ::close(before[0]);
    CHECK(stays.attachment->try_bury(loses.attachment->block_number()));
    CHECK_FALSE(loses.attachment->mine());
    CHECK(loses.word->claim(0ms).error().code == Errc::displaced);
    CHECK(stays.word->claim(0ms).value() == Claimed::clean);
    stays.word->release();
    CHECK(Opener(store).attachment->block_number() == 2);
    loses.attachment->finish_leaving(false);   // gives nothing back that is not its own any more
    CHECK(stays.attachment->runtime().block(0).header.state == static_cast<std::uint32_t>(BlockState::buried));
}

TEST_CASE("a process whose lock descriptor means another file buries nobody and takes no block") {
    const ScratchStore store;
    const ScratchStore other;
    Opener loses(store);
    const int descriptor = descriptors_of(store).at(0);
    const Opener lives(store);
    const int another = ::open(other.path().c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(::dup2(another, descriptor) == descriptor);
    ::close(another);
    CHECK_FALSE(loses.attachment->try_bury(lives.attachment->block_number()));
    CHECK(loses.attachment->bury_dead() == 0);
    CHECK(lives.attachment->mine());
    CHECK(loses.attachment->add_block().error().code == Errc::displaced);
    CHECK(lives.shared().sequence.block_count == 2);
}

TEST_CASE("a forked child may not claim, and keeps no dead parent alive") {
    platform::on_fork(nullptr, nullptr, nullptr);
    const ScratchStore store;
    const Opener survivor(store);
    Opener parent(store);
    REQUIRE(parent.word->claim(0ms).has_value());
    int hold[2];
    REQUIRE(::pipe2(hold, O_CLOEXEC) == 0);
    int told[2];
    REQUIRE(::pipe2(told, O_CLOEXEC) == 0);

    const pid_t child = ::fork();
    if (child == 0) {
        const auto claimed = parent.word->claim(0ms);
        bool right = !claimed && claimed.error().code == Errc::forked && !parent.attachment->mine();
        parent.attachment->abandon_in_child();
        survivor.attachment->abandon_in_child();
        parent.attachment.reset();   // touches nothing that is shared
        const char answer = right ? 'y' : 'n';
        (void)!::write(told[1], &answer, 1);
        char wait;
        ::close(hold[1]);
        (void)!::read(hold[0], &wait, 1);   // lives on while its parent "dies"
        ::_exit(0);
    }
    char answer = 0;
    REQUIRE(::read(told[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    parent.die();
    CHECK(survivor.word->claim(0ms).value() == Claimed::inherited);
    survivor.word->release();
    ::close(hold[1]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    for (const int descriptor : {hold[0], told[0], told[1]}) {
        ::close(descriptor);
    }
}
