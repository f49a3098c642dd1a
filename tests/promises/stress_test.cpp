// SPDX-License-Identifier: MIT
//
// Two writer processes and two reader processes on one file, while writers are killed and replaced at random.
//
// What must hold  1 A reader sees no wrong value, and the versions of a key never go back.
//                 2 Batches raise both keys of a pair together. A reader that sees version v of one finds at least v - 1
//                   of the other afterwards, for batch v begins when batch v - 1 is whole.
//                 3 A scan shows every lasting key exactly once.
//                 4 In the end the versions add up to what was acknowledged, and one more at most for each kill.
//                 5 The next commit comes after at most three slices once a dead owner's LIVE byte is free (counted).
//
// Usage: stress_test [--seconds N] [--handovers N] [--seed S]
// Long because writers, readers and their judge share one protocol.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <thread>
#include <unordered_map>
#include <vector>

#include "arguments.h"
#include "board.h"
#include "child.h"
#include "operation.h"
#include "random.h"
#include "scratch.h"
#include "stamp.h"
#include "tally.h"

using namespace quire;
using namespace quire::promises;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kPairs = 64;        // keys 2i and 2i + 1, raised by whichever writer is faster
constexpr std::uint64_t kOwned = 256;       // keys that one of both writers alone raises, for each
constexpr std::uint64_t kFirstOwned = 2 * kPairs;
constexpr std::uint64_t kLasting = kFirstOwned + 2 * kOwned;
constexpr std::uint64_t kFleeting = 128;    // keys that come and go, behind the lasting ones

// Words of the board. Each writer and each reader has its own group.
constexpr unsigned kStop = 0;
constexpr unsigned kViolation = 1;
constexpr unsigned kWriters = 64;           // + 64 × slot
constexpr unsigned kReaders = 512;          // + 64 × slot
constexpr unsigned kGroup = 64;
enum WriterWord : unsigned {
    kPairsStarted, kPairsDone, kOwnedStarted, kOwnedDone, kCommits, kConflicts, kRedone, kAdopted, kSlices, kReopened, kLife
};
enum ReaderWord : unsigned { kGets, kMany, kScans, kPairReads, kReaderReopened };

std::string key_name(std::uint64_t key) { return "stress-" + std::to_string(key); }

Options writer_options() {
    Options options;
    options.lock_wait = std::chrono::seconds(60);
    return options;
}

[[noreturn]] void give_up(const Board& board, const std::string& what) {
    board.set(kViolation, 1);
    std::fprintf(stderr, "process %llu: %s\n", static_cast<unsigned long long>(own_pid()), what.c_str());
    std::fflush(stderr);
    std::_Exit(1);
}

template <class T>
T must(const Board& board, Result<T> result, const char* what) {
    if (!result) {
        give_up(board, std::string(what) + ": " + to_string(result.error()));
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

std::uint64_t version_of(const Board& board, std::uint64_t key, const std::optional<ByteView>& value) {
    if (!value) {
        return 0;
    }
    const auto version = version_in(key, *value);
    if (!version) {
        give_up(board, "WRONG VALUE of " + key_name(key) + ": " + shown(value->text()));
    }
    return *version;
}

// ---- a writer, until it is killed or told to stop ----

class Writer {
public:
    Writer(const Arguments& arguments)
        : board_(arguments.text("board")), path_(arguments.text("path")), slot_(arguments.number("slot")),
          words_(kWriters + kGroup * static_cast<unsigned>(slot_)), random_(arguments.number("seed")),
          geometry_(arguments.number("small") != 0 ? format::Geometry::smallest() : format::Geometry::production()) {
        open();
        // A commit of ours comes after everything that our predecessor left: only now its versions can be read.
        must(board_, store_.put("life-" + std::to_string(slot_), "x"), "first put");
        for (std::uint64_t i = 0; i < kOwned; ++i) {
            owned_[i] = read(owned_key(i));
        }
    }
    int run() {
        while (board_.get(kStop) == 0) {
            const std::uint64_t what = random_.below(100);
            if (what < 40) {
                raise_pair(random_.below(kPairs), random_.one_in(400));
            } else if (what < 85) {
                raise_owned(random_.below(kOwned));
            } else if (what < 99) {
                come_or_go();
            } else if (random_.one_in(10)) {
                must(board_, store_.checkpoint(), "checkpoint");
            } else if (random_.one_in(10)) {
                must(board_, store_.close(), "close");
                open();
                board_.add(words_ + kReopened, 1);
            }
            tell();
        }
        must(board_, store_.close(), "close");
        return 0;
    }

private:
    void open() {
        store_ = must(board_, store::open_with(path_, writer_options(), {geometry_}), "a writer's open");
        told_ = {};
    }
    void tell() {
        const store::Counters now = store::counters(store_);
        board_.add(words_ + kRedone, now.intents_redone - told_.intents_redone);
        board_.add(words_ + kAdopted, now.frames_adopted - told_.frames_adopted);
        board_.add(words_ + kSlices, now.writer_slices - told_.writer_slices);
        told_ = now;
    }
    std::uint64_t owned_key(std::uint64_t i) const { return kFirstOwned + slot_ * kOwned + i; }
    std::uint64_t read(std::uint64_t key) {
        const auto value = must(board_, store_.get(key_name(key)), "get");
        return version_of(board_, key, value ? std::optional(ByteView(*value)) : std::nullopt);
    }
    static constexpr unsigned kConflictsMax = 10'000;   // in a row, for one batch: the other writer cannot be that lucky

    void raise_pair(std::uint64_t pair, bool durable) {
        const std::uint64_t left = 2 * pair;
        board_.add(words_ + kPairsStarted, 1);
        for (unsigned conflicts = 0;; ++conflicts) {
            if (conflicts == kConflictsMax) {
                give_up(board_, "HALF A BATCH: pair " + std::to_string(pair) + " never has equal versions");
            }
            const std::uint64_t version = read(left);
            Batch batch;
            for (const std::uint64_t key : {left, left + 1}) {
                if (version == 0) {
                    batch.expect_absent(key_name(key));
                } else {
                    batch.expect(key_name(key), stamped(key, version));
                }
                batch.put(key_name(key), stamped(key, version + 1));
            }
            const auto committed = store_.commit(batch, durable ? Durability::durable : Durability::buffered);
            if (committed) {
                break;
            }
            if (committed.error().code != Errc::conflict) {
                give_up(board_, "commit: " + to_string(committed.error()));
            }
            board_.add(words_ + kConflicts, 1);   // the other writer was faster
        }
        board_.add(words_ + kPairsDone, 1);
        board_.add(words_ + kCommits, 1);
    }
    void raise_owned(std::uint64_t i) {
        board_.add(words_ + kOwnedStarted, 1);
        must(board_, store_.put(key_name(owned_key(i)), stamped(owned_key(i), ++owned_[i])), "put");
        board_.add(words_ + kOwnedDone, 1);
        board_.add(words_ + kCommits, 1);
    }
    void come_or_go() {
        const std::uint64_t key = kLasting + random_.below(kFleeting);
        if (random_.one_in(2)) {
            must(board_, store_.erase(key_name(key)), "erase");
        } else {
            must(board_, store_.insert(key_name(key), stamped(key, 1)), "insert");
        }
        board_.add(words_ + kCommits, 1);
    }

    Board board_;
    std::string path_;
    std::uint64_t slot_;
    unsigned words_;
    Random random_;
    format::Geometry geometry_;
    Store store_;
    store::Counters told_;
    std::array<std::uint64_t, kOwned> owned_{};
};

// ---- a reader, until it is told to stop or sees something wrong ----

class Reader {
public:
    Reader(const Arguments& arguments)
        : board_(arguments.text("board")), path_(arguments.text("path")),
          read_only_(arguments.number("read-only") != 0),
          words_(kReaders + kGroup * static_cast<unsigned>(arguments.number("slot"))), random_(arguments.number("seed")) {
        for (std::uint64_t key = 0; key < kLasting; ++key) {
            numbers_.emplace(key_name(key), key);
        }
        open();
    }
    int run() {
        while (board_.get(kStop) == 0) {
            for (int i = 0; i < 200; ++i) {
                read_pair(random_.below(kPairs));
                read_one(random_.below(kLasting + kFleeting));
            }
            read_many();
            if (random_.one_in(10)) {
                scan();
            }
            if (random_.one_in(500)) {
                must(board_, store_.close(), "a reader's close");
                open();
                board_.add(words_ + kReaderReopened, 1);
            }
        }
        must(board_, store_.close(), "a reader's close");
        return 0;
    }

private:
    void open() {
        Options options = writer_options();
        options.access = read_only_ ? Access::read_only : Access::read_write;
        store_ = must(board_, Store::open(path_, options), "a reader's open");
        seen_ = {};   // a reader that finds nobody there begins at the newest checkpoint
    }
    // `version` was seen of `key` just now: never an older one again.
    void note(std::uint64_t key, std::uint64_t version) {
        if (key >= kLasting) {
            return;
        }
        if (version < seen_[key]) {
            give_up(board_, "TIME RAN BACK: version " + std::to_string(version) + " of " + key_name(key) + " after " +
                                std::to_string(seen_[key]));
        }
        seen_[key] = version;
    }
    std::uint64_t read_one(std::uint64_t key) {
        const bool there = must(board_, store_.get(key_name(key), value_), "get");
        const std::uint64_t version = version_of(board_, key, there ? std::optional(ByteView(value_)) : std::nullopt);
        note(key, version);
        board_.add(words_ + kGets, 1);
        return version;
    }
    void read_pair(std::uint64_t pair) {
        const std::uint64_t key = 2 * pair + random_.below(2);
        const std::uint64_t first = read_one(key);
        const std::uint64_t other = read_one(key ^ 1);
        const std::uint64_t again = read_one(key);
        if (other + 1 < first || again + 1 < other) {
            give_up(board_, "HALF A BATCH: versions " + std::to_string(first) + ", " + std::to_string(other) + ", " +
                                std::to_string(again) + " of pair " + std::to_string(pair));
        }
        board_.add(words_ + kPairReads, 1);
    }
    void read_many() {
        constexpr std::size_t kAtOnce = 100;
        const Pin pin = must(board_, store_.pin(), "pin");
        for (std::uint64_t round = random_.between(1, 4); round != 0; --round) {
            std::vector<std::uint64_t> keys(kAtOnce);
            std::vector<std::string> names(kAtOnce);
            for (std::size_t i = 0; i < kAtOnce; ++i) {
                keys[i] = random_.below(kLasting);
                names[i] = key_name(keys[i]);
            }
            const std::vector<ByteView> views(names.begin(), names.end());
            std::vector<Lookup> found(kAtOnce);
            pin.get_many(views, found);
            // A key that was asked for twice may show its older version second: the order within a call is free.
            std::unordered_map<std::uint64_t, std::uint64_t> newest;
            for (std::size_t i = 0; i < kAtOnce; ++i) {
                const std::uint64_t version = version_of(board_, keys[i], must(board_, found[i], "get_many"));
                if (version < seen_[keys[i]]) {
                    note(keys[i], version);
                }
                newest[keys[i]] = std::max(newest[keys[i]], version);
            }
            for (const auto& [key, version] : newest) {
                note(key, version);
            }
            board_.add(words_ + kMany, kAtOnce);
        }
    }
    void scan() {
        const std::array<std::uint64_t, kLasting> before = seen_;
        std::array<bool, kLasting> shown_now{};
        const Pin pin = must(board_, store_.pin(), "pin");
        auto scan = pin.scan();
        for (const Result<Record>& element : scan) {
            const Record record = must(board_, element, "scan");
            const auto number = numbers_.find(std::string(record.key.text()));
            if (number == numbers_.end()) {
                continue;   // one that comes and goes
            }
            const std::uint64_t key = number->second;
            if (shown_now[key]) {
                give_up(board_, "SCANNED TWICE: " + key_name(key));
            }
            shown_now[key] = true;
            note(key, version_of(board_, key, record.value));
        }
        for (std::uint64_t key = 0; key < kLasting; ++key) {
            if (before[key] != 0 && !shown_now[key]) {
                give_up(board_, "NOT SCANNED: " + key_name(key));
            }
        }
        board_.add(words_ + kScans, 1);
    }

    Board board_;
    std::string path_;
    bool read_only_;
    unsigned words_;
    Random random_;
    Store store_;
    std::string value_;
    std::unordered_map<std::string, std::uint64_t> numbers_;
    std::array<std::uint64_t, kLasting> seen_{};
};

// ---- one that holds the writer lock most of the time, to be killed inside ----

int hold(const Arguments& arguments) {
    constexpr std::uint64_t kAtOnce = 200;
    const Board board(arguments.text("board"));
    Random random(arguments.number("seed"));
    auto store = must(board, store::open_with(arguments.text("path"), writer_options(), {}), "the holder's open");
    for (std::uint64_t version = 1;; ++version) {
        Batch batch;
        for (std::uint64_t i = 0; i < kAtOnce; ++i) {
            batch.put("held-" + std::to_string(random.below(2'000)), stamped(i, version));
        }
        must(board, store.commit(batch), "the holder's commit");
        board.add(kWriters + kCommits, 1);
    }
}

// ---- the parent ----

struct Waits {   // wall times, for the report alone
    std::vector<double> micros;
    void add(Clock::duration time) { micros.push_back(std::chrono::duration<double, std::micro>(time).count()); }
    void print(const char* what) {
        if (micros.empty()) {
            return;
        }
        std::sort(micros.begin(), micros.end());
        const auto at = [this](double share) {
            return micros[static_cast<std::size_t>(share * static_cast<double>(micros.size() - 1))];
        };
        std::printf("  %-44s n=%-8zu median %9.1f us   p99 %9.1f us   longest %9.1f us\n", what, micros.size(), at(0.5),
                    at(0.99), micros.back());
    }
};

class Storm {
public:
    Storm(std::uint64_t seed, std::uint64_t seconds) : random_(seed), seconds_(seconds), scratch_("stress") {}

    // Rounds on fresh stores, each until its file is large (what is retired may stay in the file) or the time is over.
    bool run() {
        const auto end = Clock::now() + std::chrono::seconds(seconds_);
        bool well = true;
        while (well && Clock::now() < end) {
            well = round(end);
        }
        return well;
    }
    void print() const {
        const auto line = [](const char* what, std::uint64_t count) {
            std::printf("  %-44s %12" PRIu64 "\n", what, count);
        };
        line("rounds", rounds_);
        line("writers killed and replaced", kills_);
        line("… with an operation begun", kills_inside_);
        line("commits", sum(kWriters, kCommits));
        line("batches in conflict, tried again", sum(kWriters, kConflicts));
        line("writers' own closes and opens", sum(kWriters, kReopened));
        line("intents redone by survivors", sum(kWriters, kRedone));
        line("frames adopted by survivors", sum(kWriters, kAdopted));
        line("slices slept for the writer word", sum(kWriters, kSlices));
        line("single reads", sum(kReaders, kGets));
        line("reads of pairs", sum(kReaders, kPairReads));
        line("reads by get_many", sum(kReaders, kMany));
        line("scans", sum(kReaders, kScans));
        line("readers' closes and opens", sum(kReaders, kReaderReopened));
    }
    std::uint64_t kills() const { return kills_; }
    std::uint64_t pair_reads() const { return sum(kReaders, kPairReads); }
    std::uint64_t scans() const { return sum(kReaders, kScans); }

private:
    static constexpr std::uint64_t kFileBytesMax = 512u << 20;

    Child start_writer(std::uint64_t slot) {
        return Child::start({"--role", "writer", "--path", path_, "--board", board_path_, "--slot", std::to_string(slot),
                             "--seed", std::to_string(random_.next()), "--small", small_ ? "1" : "0"});
    }
    Child start_reader(std::uint64_t slot) {
        return Child::start({"--role", "reader", "--path", path_, "--board", board_path_, "--slot", std::to_string(slot),
                             "--seed", std::to_string(random_.next()), "--read-only", slot == 0 ? "1" : "0"});
    }

    bool round(Clock::time_point end) {
        small_ = ++rounds_ % 2 == 0;
        path_ = scratch_ / ("store-" + std::to_string(rounds_));
        board_path_ = scratch_ / ("board-" + std::to_string(rounds_));
        const Board board(board_path_);
        {   // so that readers find a store
            auto made = store::open_with(path_, writer_options(),
                                         {small_ ? format::Geometry::smallest() : format::Geometry::production()});
            if (!made) {
                std::printf("FAILED: open: %s\n", to_string(made.error()).c_str());
                return false;
            }
        }
        std::array<Child, 2> writers{start_writer(0), start_writer(1)};
        std::array<Child, 2> readers{start_reader(0), start_reader(1)};
        std::uint64_t unknown_pairs = 0;
        std::array<std::uint64_t, 2> unknown_owned{};
        bool well = true;
        while (well && Clock::now() < end && board.get(kViolation) == 0 &&
               std::filesystem::file_size(path_) < kFileBytesMax) {
            // When a writer is killed is random; nothing waits for it.
            std::this_thread::sleep_for(std::chrono::microseconds(random_.below(60'000)));
            const std::uint64_t slot = random_.below(2);
            if (!writers[slot].running() || !readers[0].running() || !readers[1].running()) {
                std::printf("FAILED: a process ended by itself\n");
                well = false;
                break;
            }
            writers[slot].kill();
            ++kills_;
            const unsigned words = kWriters + kGroup * static_cast<unsigned>(slot);
            const std::uint64_t pairs = board.get(words + kPairsStarted) - board.get(words + kPairsDone);
            const std::uint64_t owned = board.get(words + kOwnedStarted) - board.get(words + kOwnedDone);
            unknown_pairs += pairs;
            unknown_owned[slot] += owned;
            kills_inside_ += pairs + owned;
            board.set(words + kPairsDone, board.get(words + kPairsStarted));
            board.set(words + kOwnedDone, board.get(words + kOwnedStarted));
            writers[slot] = start_writer(slot);
        }
        board.set(kStop, 1);
        for (Child* child : {&writers[0], &writers[1], &readers[0], &readers[1]}) {
            if (const int code = child->wait(); code != 0) {
                std::printf("FAILED: a process ended with code %d\n", code);
                well = false;
            }
        }
        for (unsigned word = 0; word < Board::kWords; ++word) {
            sums_[word] += board.get(word);
        }
        const bool added_up = well && adds_up(board, unknown_pairs, unknown_owned);
        remove_store(path_);
        return added_up;
    }

    // What is in the store is what was acknowledged, and at most what else was begun when a writer died.
    bool adds_up(const Board& board, std::uint64_t unknown_pairs, const std::array<std::uint64_t, 2>& unknown_owned) {
        auto store = must(board, Store::open(path_, writer_options()), "the parent's open");
        const auto total = [&](std::uint64_t first, std::uint64_t count, std::uint64_t step) {
            std::uint64_t versions = 0;
            for (std::uint64_t i = 0; i < count; ++i) {
                const std::uint64_t key = first + i * step;
                const auto value = must(board, store.get(key_name(key)), "get");
                versions += version_of(board, key, value ? std::optional(ByteView(*value)) : std::nullopt);
            }
            return versions;
        };
        const auto compare = [](const char* what, std::uint64_t versions, std::uint64_t begun, std::uint64_t unknown) {
            const bool well = versions <= begun && versions + unknown >= begun;
            if (!well) {
                std::printf("FAILED: %s: %" PRIu64 " raised, %" PRIu64 " begun, %" PRIu64 " of them unknown\n", what,
                            versions, begun, unknown);
            }
            return well;
        };
        const unsigned second = kWriters + kGroup;
        const std::uint64_t pairs_begun = board.get(kWriters + kPairsStarted) + board.get(second + kPairsStarted);
        bool well = compare("pairs, left", total(0, kPairs, 2), pairs_begun, unknown_pairs);
        well &= compare("pairs, right", total(1, kPairs, 2), total(0, kPairs, 2), 0);
        well &= compare("one's own", total(kFirstOwned, kOwned, 1), board.get(kWriters + kOwnedStarted), unknown_owned[0]);
        well &= compare("the other's own", total(kFirstOwned + kOwned, kOwned, 1), board.get(second + kOwnedStarted),
                        unknown_owned[1]);
        if (const auto wrong = unsound(store)) {
            std::printf("FAILED: %s\n", wrong->c_str());
            well = false;
        }
        return well;
    }
    std::uint64_t sum(unsigned groups, unsigned word) const {
        return sums_[groups + word] + sums_[groups + kGroup + word];
    }

    Random random_;
    std::uint64_t seconds_;
    Scratch scratch_;
    std::string path_;
    std::string board_path_;
    bool small_ = false;
    std::uint64_t rounds_ = 0;
    std::uint64_t kills_ = 0;
    std::uint64_t kills_inside_ = 0;
    std::vector<std::uint64_t> sums_ = std::vector<std::uint64_t>(Board::kWords);
};

// ---- handing over: how many slices until the next commit, once the dead owner's LIVE byte is free ----

class Handover {
public:
    explicit Handover(std::uint64_t seed) : random_(seed), scratch_("handover") {}

    bool run(std::uint64_t kills) {
        bool well = true;
        while (well && kills_ < kills) {
            well = round(kills);
        }
        return well;
    }
    void print() {
        std::printf("  %-44s %12" PRIu64 "\n", "owners killed", kills_);
        std::printf("  %-44s %12" PRIu64 "\n", "… of them inside, repaired by the survivor", inside_);
        std::printf("  %-44s %12" PRIu64 "\n", "intents redone", redone_);
        std::printf("  %-44s %12" PRIu64 "\n", "frames adopted", adopted_);
        std::printf("  %-44s %12" PRIu64 "   0: %" PRIu64 "  1: %" PRIu64 "  2: %" PRIu64 "  3: %" PRIu64 "\n",
                    "most slices until the next commit", slices_most_, slices_[0], slices_[1], slices_[2], slices_[3]);
        undisturbed_.print("a put beside a living writer, no kills");
        after_death_.print("the put that was waiting when the owner died");
        since_free_.print("… counted from when its lock bytes were free");
    }
    std::uint64_t slices_most() const { return slices_most_; }
    std::uint64_t inside() const { return inside_; }
    std::uint64_t kills() const { return kills_; }

private:
    static constexpr std::uint64_t kRing = 1 << 16;
    static constexpr std::uint64_t kFileBytesMax = 512u << 20;

    struct Put {   // of the survivor: what it counted when it returned, and how long it took
        std::atomic<std::uint64_t> number{0};
        std::atomic<std::uint64_t> slices{0};
        std::atomic<Clock::rep> began{0};
        std::atomic<Clock::rep> ended{0};
    };

    // The survivor: a thread of this process that puts and notes, while the holders live and die.
    void survive(Store& store) {
        while (!stop_.load()) {
            const std::uint64_t number = puts_.load() + 1;
            Put& put = ring_[number % kRing];
            put.began.store(Clock::now().time_since_epoch().count());
            if (const auto done = store.put("survivor", stamped(0, number)); !done) {
                std::printf("FAILED: the survivor's put: %s\n", to_string(done.error()).c_str());
                failed_.store(true);
                return;
            }
            put.ended.store(Clock::now().time_since_epoch().count());
            put.slices.store(store::counters(store).writer_slices);
            put.number.store(number);
            puts_.store(number);
        }
    }
    // Waits until the survivor has made so many puts. False: it failed.
    bool reached(std::uint64_t number) {
        while (puts_.load() < number && !failed_.load()) {
            std::this_thread::yield();
        }
        return !failed_.load();
    }
    static Clock::duration time(Clock::rep from, Clock::rep to) { return Clock::duration(to - from); }

    bool round(std::uint64_t kills) {
        const std::string path = scratch_ / ("store-" + std::to_string(++rounds_));
        const std::string board_path = scratch_ / ("board-" + std::to_string(rounds_));
        const Board board(board_path);
        auto opened = Store::open(path, writer_options());
        if (!opened) {
            std::printf("FAILED: open: %s\n", to_string(opened.error()).c_str());
            return false;
        }
        Store& store = *opened;
        stop_.store(false);
        std::thread survivor([&] { survive(store); });
        const auto start_holder = [&] {
            return Child::start({"--role", "holder", "--path", path, "--board", board_path, "--seed",
                                 std::to_string(random_.next())});
        };
        Child holder = start_holder();
        bool well = undisturbed(board, holder);
        while (well && kills_ < kills && std::filesystem::file_size(path) < kFileBytesMax) {
            well = kill_one(store, board, holder);
            holder = start_holder();
        }
        stop_.store(true);
        survivor.join();
        holder.kill();
        if (const auto wrong = well ? unsound_after(store) : std::nullopt) {
            std::printf("FAILED: %s\n", wrong->c_str());
            well = false;
        }
        *opened = Store();
        remove_store(path);
        return well && !failed_.load();
    }
    static std::optional<std::string> unsound_after(Store& store) {
        if (const auto put = store.put("last", "one"); !put) {
            return to_string(put.error());
        }
        return unsound(store);
    }
    bool commits(const Board& board, Child& holder, std::uint64_t more) {
        const std::uint64_t until = board.get(kWriters + kCommits) + more;
        while (board.get(kWriters + kCommits) < until) {
            if (!holder.running()) {
                std::printf("FAILED: the holder ended by itself\n");
                return false;
            }
            std::this_thread::yield();
        }
        return true;
    }
    bool undisturbed(const Board& board, Child& holder) {
        constexpr std::uint64_t kPuts = 300;
        if (!commits(board, holder, 2)) {
            return false;
        }
        const std::uint64_t from = puts_.load() + 1;
        if (!reached(from + kPuts)) {
            return false;
        }
        for (std::uint64_t i = from; i < from + kPuts; ++i) {
            undisturbed_.add(time(ring_[i % kRing].began.load(), ring_[i % kRing].ended.load()));
        }
        return true;
    }
    bool kill_one(Store& store, const Board& board, Child& holder) {
        if (!commits(board, holder, 2 + random_.below(20))) {
            return false;
        }
        for (const auto until = Clock::now() + std::chrono::microseconds(random_.below(500)); Clock::now() < until;) {
        }
        const store::Counters before = store::counters(store);
        holder.kill();   // when it returns, the LIVE byte is free
        const std::uint64_t number = puts_.load() + 1;
        const Clock::rep free_since = Clock::now().time_since_epoch().count();
        const std::uint64_t slices_before = store::counters(store).writer_slices;
        if (!reached(number + 1)) {   // one more, so that its repairs are counted too
            return false;
        }
        const Put& put = ring_[number % kRing];
        const std::uint64_t slices = put.slices.load() > slices_before ? put.slices.load() - slices_before : 0;
        const store::Counters after = store::counters(store);
        if (put.number.load() != number) {   // this thread slept so long that the ring went round: not to be known
            return true;
        }
        ++kills_;
        const std::uint64_t redone = after.intents_redone - before.intents_redone;
        const std::uint64_t adopted = after.frames_adopted - before.frames_adopted;
        redone_ += redone;
        adopted_ += adopted;
        inside_ += redone + adopted != 0;
        slices_most_ = std::max(slices_most_, slices);
        ++slices_[std::min<std::uint64_t>(slices, 3)];
        after_death_.add(time(put.began.load(), put.ended.load()));
        since_free_.add(time(std::min(free_since, put.ended.load()), put.ended.load()));
        return true;
    }

    Random random_;
    Scratch scratch_;
    std::vector<Put> ring_ = std::vector<Put>(kRing);
    std::atomic<std::uint64_t> puts_{0};
    std::atomic<bool> stop_{false};
    std::atomic<bool> failed_{false};
    std::uint64_t rounds_ = 0;
    std::uint64_t kills_ = 0;
    std::uint64_t inside_ = 0;
    std::uint64_t redone_ = 0;
    std::uint64_t adopted_ = 0;
    std::uint64_t slices_most_ = 0;
    std::array<std::uint64_t, 4> slices_{};
    Waits undisturbed_;
    Waits after_death_;
    Waits since_free_;
};

}  // namespace

int main(int count, char** words) {
    const Arguments arguments(count, words);
    const std::string role = arguments.text("role");
    if (role == "writer") {
        return Writer(arguments).run();
    }
    if (role == "reader") {
        return Reader(arguments).run();
    }
    if (role == "holder") {
        return hold(arguments);
    }
    const std::uint64_t seed = arguments.number("seed", chosen_seed());
    const std::uint64_t seconds = arguments.number("seconds", 60);
    const std::uint64_t handovers = arguments.number("handovers", 100);
    std::printf("stress_test: --seconds %" PRIu64 " --handovers %" PRIu64 " --seed %" PRIu64 "\n", seconds, handovers, seed);
    std::fflush(stdout);

    Storm storm(seed, seconds);
    bool well = storm.run();
    std::printf("two writers, two readers, %" PRIu64 " s\n", seconds);
    storm.print();
    std::fflush(stdout);
    if (well && (storm.kills() == 0 || storm.pair_reads() == 0 || storm.scans() == 0) && seconds != 0) {
        std::printf("FAILED: nothing was tried\n");
        well = false;
    }

    constexpr std::uint64_t kSlicesMax = 3;
    constexpr std::uint64_t kInsideShare = 5;   // per cent of the kills that must leave something to repair
    Handover handover(seed);
    const bool handed_over = handover.run(handovers);
    std::printf("handing over from a dead owner\n");
    handover.print();
    if (handover.slices_most() > kSlicesMax) {
        std::printf("FAILED: more than three slices until the next commit\n");
        well = false;
    }
    if (handed_over && handover.inside() * 100 < handover.kills() * kInsideShare) {
        std::printf("FAILED: too few owners died inside\n");
        well = false;
    }
    if (well && handed_over) {
        std::printf("no wrong value, no time run back, no half batch, no update lost\n");
    }
    return well && handed_over ? 0 : 1;
}
