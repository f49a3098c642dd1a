// SPDX-License-Identifier: MIT
//
// A process is killed at a random instant of its puts, erases, batches and checkpoints, a thousand times: nothing
// acknowledged is lost, nothing is half there, nothing is invented, and `check` is clean.
//
// The worker's operations follow from the seed alone. It notes the number of each on a shared board before it begins and
// after it was acknowledged. So what it leaves behind must be the state after `acknowledged` operations or after
// `started`, which is one more at most. The parent opens the store afterwards (recovery by replay), or has it open all
// the time (a survivor: the successor's repair).
//
// Usage: kill_test [--kills N] [--seed S] [--share PERCENT]
#include <chrono>
#include <cstdio>
#include <thread>

#include "arguments.h"
#include "board.h"
#include "child.h"
#include "operation.h"
#include "random.h"
#include "scratch.h"
#include "tally.h"

using namespace quire;
using namespace quire::promises;

namespace {

using Clock = std::chrono::steady_clock;

// Words of the board.
constexpr unsigned kStarted = 0;        // number of the operation that was begun last, from 1
constexpr unsigned kAcknowledged = 8;   // … and that has returned
constexpr unsigned kHostPid = 16;
constexpr unsigned kOpened = 24;

constexpr std::uint64_t kChunk = 256;   // operations are made so many at once
constexpr std::uint64_t kAhead = 9;     // chunks that are made and encoded before the store is opened, so that kills hit
                                        // the store and not the making: most come before these are used up
constexpr std::uint64_t kKilledAfterMax = 2'000;
static_assert(kKilledAfterMax < kChunk * kAhead);

// One life of a worker, and all that its operations depend on.
struct Round {
    std::uint64_t seed = 0;
    std::uint64_t number = 0;
    bool small = true;
    bool with_checkpoints = false;

    format::Geometry geometry() const { return small ? format::Geometry::smallest() : format::Geometry::production(); }
    Workload workload() const {
        Workload workload;
        workload.key_count = 1 + Random(seed, number).below(2'000);
        workload.value_bytes_max = 1'000;
        workload.jumbo_bytes_min = small ? 17 << 10 : 300 << 10;
        workload.jumbo_bytes_max = small ? 40 << 10 : 600 << 10;
        workload.jumbo_one_in = small ? 100 : 1'000;
        workload.batch_steps_max = 400;   // more words than an intent holds
        workload.durable_batch = with_checkpoints ? 20 : 0;
        workload.sync = with_checkpoints ? 10 : 0;
        workload.checkpoint = with_checkpoints ? 20 : 0;
        return workload;
    }
    Options options() const {
        Options options;
        options.upkeep = Upkeep::caller;
        options.lock_wait = std::chrono::seconds(60);
        options.checkpoint_interval = std::chrono::milliseconds(0);
        // The log bound makes writes checkpoint by themselves.
        options.checkpoint_log_bytes_max = with_checkpoints ? 128 << 10 : 0;
        return options;
    }
    std::vector<Operation> chunk(std::uint64_t which) const {
        Random random(seed, number, which + 1);
        std::vector<Operation> operations;
        const Workload work = workload();
        while (operations.size() < kChunk) {
            operations.push_back(random_operation(random, work, nullptr));
        }
        return operations;
    }
};

// The worker: until it is killed.
int work(const Arguments& arguments) {
    const Round round{arguments.number("seed"), arguments.number("number"), arguments.number("small") != 0,
                      arguments.number("checkpoints") != 0};
    const Board board(arguments.text("board"));
    board.set(kHostPid, host_pid());
    std::vector<Operation> operations;
    std::vector<Batch> batches;
    const auto make = [&](std::uint64_t which) {
        std::vector<Operation> chunk = round.chunk(which);
        for (Operation& operation : chunk) {
            batches.push_back(batch_of(operation));
            operations.push_back(std::move(operation));
        }
    };
    for (std::uint64_t which = 0; which < kAhead; ++which) {
        make(which);
    }
    auto store = store::open_with(arguments.text("path"), round.options(), {round.geometry()});
    if (!store) {
        std::fprintf(stderr, "worker: open: %s\n", to_string(store.error()).c_str());
        return 3;
    }
    board.set(kOpened, 1);
    for (std::uint64_t i = 0;; ++i) {
        if (i == operations.size()) {
            make(i / kChunk);
        }
        board.set(kStarted, i + 1);
        const auto answer = perform(*store, operations[i], batches[i]);
        if (!answer) {
            std::fprintf(stderr, "worker: %s: %s\n", std::string(name(operations[i].kind)).c_str(),
                         to_string(answer.error()).c_str());
            return 3;
        }
        board.set(kAcknowledged, i + 1);
    }
}

struct Figures {
    std::uint64_t kills = 0;
    std::uint64_t unfinished[Operation::kKinds] = {};   // by what the kill interrupted
    std::uint64_t between = 0;                          // operations
    std::uint64_t opening = 0;                          // the worker had not opened the store yet
    std::uint64_t kept = 0;                             // unfinished operations that are there
    std::uint64_t on_host = 0;                          // by the host's kill -9, under Wine
    std::uint64_t survived = 0;                         // looked at by a survivor
    std::uint64_t operations = 0;
    std::uint64_t died_events = 0;
    std::uint64_t failed_closes = 0;
    store::Counters counters;
};

class Harness {
public:
    Harness(std::uint64_t seed, std::uint64_t kills) : seed_(seed), kills_(kills), random_(seed), scratch_("kill") {}

    bool run() {
        for (std::uint64_t number = 0; number < kills_; ++number) {
            if (number % kRoundsPerStore == 0) {
                renew();
            }
            const Round round{seed_, number, small_, random_.one_in(5)};
            const std::string wrong = kill_once(round);
            if (!wrong.empty()) {
                std::printf("FAILED after kill %llu (%s geometry, %s): %s\nrepeat with --seed %llu\n",
                            static_cast<unsigned long long>(number + 1), small_ ? "smallest" : "production",
                            store_ ? "a survivor looked" : "reopened", wrong.c_str(),
                            static_cast<unsigned long long>(seed_));
                return false;
            }
        }
        leave();
        if (figures_.failed_closes != 0) {
            std::printf("FAILED: close() failed %llu times\n", static_cast<unsigned long long>(figures_.failed_closes));
        }
        return figures_.failed_closes == 0;
    }
    const Figures& figures() const { return figures_; }

private:
    static constexpr std::uint64_t kRoundsPerStore = 20;

    void renew() {
        leave();
        if (!path_.empty()) {
            remove_store(path_);
        }
        path_ = scratch_ / ("store-" + std::to_string(++stores_));
        model_ = Model();
        small_ = stores_ % 2 == 1;
    }
    void leave() {
        if (store_) {
            add(figures_.counters, store::counters(*store_));
            if (random_.one_in(2)) {
                figures_.failed_closes += !store_->close();
            }
            store_.reset();   // without close(): as a crash would
        }
    }
    std::string enter(const Round& round) {
        Options options = round.options();
        options.on_event = [this](const Event& event) { figures_.died_events += event.kind == Event::Kind::writer_died; };
        auto opened = store::open_with(path_, options, {round.geometry()});
        if (!opened) {
            return "open: " + to_string(opened.error());
        }
        store_ = *opened;
        return {};
    }

    // One worker's life and death, and a look at what it leaves. Empty if all is well.
    std::string kill_once(const Round& round) {
        const bool as_survivor = random_.one_in(2);
        if (!as_survivor) {
            leave();
        } else if (!store_) {
            if (std::string wrong = enter(round); !wrong.empty()) {
                return wrong;
            }
        }
        const std::string board_path = scratch_ / "board";
        std::error_code ignored;
        std::filesystem::remove(board_path, ignored);
        const Board board(board_path);
        Child worker = Child::start({"--role", "worker", "--path", path_, "--board", board_path, "--seed",
                                     std::to_string(round.seed), "--number", std::to_string(round.number), "--small",
                                     round.small ? "1" : "0", "--checkpoints", round.with_checkpoints ? "1" : "0"});
        if (const std::string wrong = kill_at_random(worker, board, round); !wrong.empty()) {
            return wrong;
        }
        return look(board, round, as_survivor);
    }

    std::string kill_at_random(Child& worker, const Board& board, const Round& round) {
        // Some die while they open the store, most after so many operations and a moment more.
        const bool while_opening = random_.one_in(20);
        const std::uint64_t after = while_opening ? 0 : 1 + random_.below(round.with_checkpoints ? 100 : kKilledAfterMax);
        const auto moment = std::chrono::microseconds(random_.below(while_opening ? 4'000 : 200));
        while (board.get(kStarted) < after) {
            if (!worker.running()) {
                return "the worker ended by itself, code " + std::to_string(worker.wait());
            }
            std::this_thread::yield();
        }
        for (const auto until = Clock::now() + moment; Clock::now() < until;) {
        }
        if (random_.one_in(2) && kill_on_host(board.get(kHostPid))) {
            ++figures_.on_host;
            worker.wait();
        } else {
            worker.kill();
            if (worker.wait() >= 0) {
                return "the worker ended by itself, code " + std::to_string(worker.wait());
            }
        }
        ++figures_.kills;
        return {};
    }

    std::string look(const Board& board, const Round& round, bool as_survivor) {
        const std::uint64_t acknowledged = board.get(kAcknowledged);
        const std::uint64_t started = board.get(kStarted);
        std::vector<Operation> operations;
        for (std::uint64_t i = 0; i < acknowledged; ++i) {
            if (i % kChunk == 0) {
                operations = round.chunk(i / kChunk);
            }
            model_.apply(operations[i % kChunk]);
        }
        figures_.operations += acknowledged;
        if (!store_) {
            if (std::string wrong = enter(round); !wrong.empty()) {
                return wrong;
            }
        }
        if (as_survivor) {
            // A survivor finishes what the dead one left when it next writes; until then it may see a batch half applied.
            ++figures_.survived;
            Operation touch{Operation::Kind::put, {{Step::Kind::put, "survivor", std::to_string(round.number)}}};
            if (auto wrong = difference(touch, model_.apply(touch), perform(*store_, touch))) {
                return *wrong;
            }
        }
        auto wrong = difference(model_.content(), *store_);
        if (started != acknowledged) {
            const Operation last = round.chunk(acknowledged / kChunk)[acknowledged % kChunk];
            ++figures_.unfinished[static_cast<unsigned>(last.kind)];
            Model after = model_;
            after.apply(last);
            if (as_survivor) {   // the touch came later
                after.content()["survivor"] = std::to_string(round.number);
            }
            if (after.content() != model_.content()) {
                if (wrong) {
                    const auto otherwise = difference(after.content(), *store_);
                    if (otherwise) {
                        return "after " + std::to_string(acknowledged) + " operations: " + *wrong + "; with the unfinished " +
                               std::string(name(last.kind)) + ": " + *otherwise;
                    }
                    ++figures_.kept;
                    wrong.reset();
                    model_ = std::move(after);
                }
            }
        } else if (board.get(kOpened) == 0) {
            ++figures_.opening;
        } else {
            ++figures_.between;
        }
        if (wrong) {
            return "after " + std::to_string(acknowledged) + " operations: " + *wrong;
        }
        return unsound(*store_).value_or("");
    }

    std::uint64_t seed_;
    std::uint64_t kills_;
    Random random_;
    Scratch scratch_;
    std::string path_;
    std::uint64_t stores_ = 0;
    bool small_ = true;
    Model model_;
    std::optional<Store> store_;   // open between two kills: a survivor
    Figures figures_;
};

std::uint64_t print(const Figures& figures) {
    const auto line = [](const char* what, std::uint64_t count) {
        std::printf("  %-34s %8llu\n", what, static_cast<unsigned long long>(count));
    };
    std::uint64_t writes = 0;
    line("kills", figures.kills);
    for (unsigned kind = 0; kind < Operation::kKinds; ++kind) {
        const auto as_kind = static_cast<Operation::Kind>(kind);
        writes += Operation{as_kind, {}}.writes() ? figures.unfinished[kind] : 0;
        line(("inside a " + std::string(name(as_kind))).c_str(), figures.unfinished[kind]);
    }
    line("between operations", figures.between);
    line("while opening", figures.opening);
    line("by the host's kill -9", figures.on_host);
    line("unfinished, and there afterwards", figures.kept);
    line("looked at by a survivor", figures.survived);
    line("deaths told by an event", figures.died_events);
    line("operations acknowledged", figures.operations);
    line("UNFINISHED WRITES HIT", writes);
    std::printf("the parent's counters\n");
    promises::print(figures.counters);
    return writes;
}

}  // namespace

int main(int count, char** words) {
    const Arguments arguments(count, words);
    if (arguments.text("role") == "worker") {
        return work(arguments);
    }
    const std::uint64_t kills = arguments.number("kills", 1'000);
    const std::uint64_t share = arguments.number("share", 30);   // per cent that must hit an unfinished write
    const std::uint64_t seed = arguments.number("seed", chosen_seed());
    std::printf("kill_test: --kills %llu --seed %llu\n", static_cast<unsigned long long>(kills),
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    Harness harness(seed, kills);
    const bool well = harness.run();
    const std::uint64_t writes = print(harness.figures());
    if (!well) {
        return 1;
    }
    if (writes * 100 < kills * share) {
        std::printf("FAILED: under %llu %% of the kills hit an unfinished write\n", static_cast<unsigned long long>(share));
        return 1;
    }
    std::printf("nothing acknowledged was lost, batches are whole, check is clean\n");
    return 0;
}
