// SPDX-License-Identifier: MIT
//
// Processes claim the writer word in a loop while they are killed, or stopped for a while, at random instants: never
// two owners, no death that goes unnoticed, no count lost but the dead one's last.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/shared_word.h"
#include "platform/process.h"
#include "platform/view.h"
#include "runtime/scratch_store.h"

using namespace quire;
using namespace quire::runtime;
using Claimed = WriterWord::Claimed;

namespace {

constexpr const char* kRole = "QUIRE_STRESS_STORE";   // set in a child: the store's path

// What the owner of the word changes, plainly but for the compiler; children keep their tallies apart.
struct Board {
    std::uint64_t owner;         // pid of who is inside
    std::uint64_t first;         // raised first, then `second`: unequal only inside, or after a death inside
    std::uint64_t second;
    std::uint64_t two_owners;    // violations
    std::uint64_t unrepaired;    // a clean claim that finds a death's traces
    std::uint64_t refused;       // claims that ran into their long deadline
    std::uint64_t counted;       // by those who live to tell
    std::uint64_t inherited;
};

class BoardFile {
public:
    explicit BoardFile(const std::string& store) {
        const std::string path = store + "-board";
        auto file = platform::File::open(path, platform::OpenMode::create_new);
        if (file) {
            REQUIRE(file->allocate(0, 65536).has_value());
        } else {
            file = platform::File::open(path, platform::OpenMode::read_write);
        }
        view_ = platform::View::map(file.value(), 0, 65536, platform::ViewMode::read_write).value();
    }
    Board& board() const { return *reinterpret_cast<Board*>(view_.data()); }

private:
    platform::View view_;
};

void own_once(Board& board, WriterWord& word) {
    const auto claimed = word.claim(20s);
    if (!claimed) {
        base::add_seq_cst(board.refused, std::uint64_t{1});
        return;
    }
    const std::uint64_t me = platform::process_id();
    const std::uint64_t before = base::exchange_seq_cst(board.owner, me);
    const std::uint64_t first = base::load_relaxed(board.first);
    const bool whole = before == 0 && first == base::load_relaxed(board.second);
    if (*claimed == Claimed::inherited) {
        base::store_relaxed(board.second, first);
        base::add_seq_cst(board.inherited, std::uint64_t{1});
    } else if (!whole) {
        base::add_seq_cst(board.unrepaired, std::uint64_t{1});
    }
    base::store_relaxed(board.first, first + 1);
    for (int i = 0; i < 50; ++i) {
        platform::relax();
    }
    base::store_relaxed(board.second, first + 1);
    std::uint64_t expected = me;
    if (base::load_relaxed(board.first) != first + 1 || !base::swap_seq_cst(board.owner, expected, std::uint64_t{0})) {
        base::add_seq_cst(board.two_owners, std::uint64_t{1});
    }
    word.release();
    base::add_seq_cst(board.counted, std::uint64_t{1});
}

[[noreturn]] void live_as_child(const std::string& path) {
    StoreName name;
    name.file = platform::id_of(path).value();
    name.uuid.fill(7);
    const BoardFile file(path);
    auto attached = Attachment::attach({path, name, 20s, false});
    if (!attached || (*attached)->first()) {   // the parent is attached throughout
        base::add_seq_cst(file.board().refused, std::uint64_t{1});
        ::_exit(1);
    }
    auto& shared = (*attached)->runtime().shared();
    WriterWord word(**attached, shared.writer, true);
    for (;;) {
        own_once(file.board(), word);
    }
}

pid_t start_child(const std::string& store) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv(kRole, store.c_str(), 1);
        ::execl("/proc/self/exe", "stress", "--test-case=a child of the writer word's stress", nullptr);
        ::_exit(127);
    }
    return child;
}

}  // namespace

TEST_CASE("a child of the writer word's stress") {
    if (const char* const path = std::getenv(kRole)) {
        live_as_child(path);
    }
}

TEST_CASE("deaths and stops at any instant leave one owner at a time") {
    const ScratchStore store;
    const std::uint64_t seed = std::random_device{}();
    std::mt19937_64 random(seed);
    const BoardFile file(store.path());
    Board& board = file.board();
    const Opener parent(store);

    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        children.push_back(start_child(store.path()));
    }
    const auto begin = platform::now();
    std::uint64_t kills = 0;
    std::uint64_t stops = 0;
    while (kills < 500 && platform::now() - begin < 6s) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 6'000));
        pid_t& child = children[random() % children.size()];
        if (random() % 6 == 0) {
            ::kill(child, SIGSTOP);   // perhaps inside: nobody may take the word from it
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 25'000));
            ::kill(child, SIGCONT);
            ++stops;
            continue;
        }
        ::kill(child, SIGKILL);
        REQUIRE(::waitpid(child, nullptr, 0) == child);
        ++kills;
        child = start_child(store.path());
    }
    for (const pid_t child : children) {
        ::kill(child, SIGKILL);
        REQUIRE(::waitpid(child, nullptr, 0) == child);
        ++kills;
    }
    own_once(board, *parent.word);   // whatever the last one left is inherited
    parent.attachment->bury_dead();

    std::printf("writer word stress: seed %llu, %llu kills, %llu stops, %llu claims, %llu inherited\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(kills),
                static_cast<unsigned long long>(stops), static_cast<unsigned long long>(board.first),
                static_cast<unsigned long long>(board.inherited));
    CHECK(board.two_owners == 0);
    CHECK(board.unrepaired == 0);
    CHECK(board.refused == 0);
    CHECK(board.first == board.second);
    CHECK(board.owner == 0);
    CHECK(board.counted > 0);
    CHECK(board.inherited > 0);
    CHECK(board.inherited <= kills);
    CHECK(board.first >= board.counted);
    CHECK(board.first <= board.counted + kills);   // a death may cost its tally, never more
    CHECK(parent.shared().writer.word == kFree);
    for (std::uint32_t block = 1; block < parent.shared().sequence.block_count; ++block) {
        CHECK(parent.attachment->runtime().block(block).header.state == static_cast<std::uint32_t>(BlockState::buried));
    }
    std::filesystem::remove(store.path() + "-board");
}
