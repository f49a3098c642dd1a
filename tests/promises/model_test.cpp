// SPDX-License-Identifier: MIT
//
// Random operations on a store agree with the same operations on a std::map, at the smallest geometry and at the
// production one, and cross every boundary of the file at least a hundred times (counted by the engine itself).
//
// QUIRE_SEED repeats a run; QUIRE_OPS is the number of operations on each of the ordinary stores.
// Long because model, workload and count table belong together.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdio>
#include <memory>

#include "operation.h"
#include "random.h"
#include "scratch.h"
#include "tally.h"

using namespace quire;
using namespace quire::promises;

namespace {

std::uint64_t operations_wanted() {
    const char* text = std::getenv("QUIRE_OPS");
    return text != nullptr ? std::strtoull(text, nullptr, 0) : 4'000;
}

// A store, its model, and everything that is done to both.
class Pair {
public:
    Pair(std::string path, const format::Geometry& geometry, const Workload& workload, Random random)
        : path_(std::move(path)), geometry_(geometry), workload_(workload), random_(random) {
        options_.upkeep = Upkeep::caller;
        options_.checkpoint_interval = std::chrono::milliseconds(0);
        if (random_.one_in(2)) {
            options_.checkpoint_log_bytes_max = random_.between(64, 1024) << 10;
        }
        open();
    }
    ~Pair() {
        pinned_.reset();
        store_ = Store();
        remove_store(path_);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    void do_one() {
        note(random_operation(random_, workload_, &model_.content()));
        read_one();
        if (random_.one_in(50)) {
            read_many();
        }
        if (random_.one_in(100)) {
            pinned_ ? unpin() : pin();
        }
        if (random_.one_in(geometry_ == format::Geometry::smallest() ? 400 : 4'000)) {
            break_limits();
        }
        if (random_.one_in(700)) {
            undo();
        }
        if (random_.one_in(900)) {
            scan_in_parts();
        }
    }
    // Fills key numbers [0, count) by batches, in an order of the numbers' own.
    void fill(std::uint64_t count) {
        constexpr std::uint64_t kAtOnce = 100;
        for (std::uint64_t first = 0; first < count; first += kAtOnce) {
            Operation operation{Operation::Kind::batch, {}};
            for (std::uint64_t n = first; n < std::min(first + kAtOnce, count); ++n) {
                operation.steps.push_back({Step::Kind::put, key_of(n * 2'654'435'761u % count),
                                           random_bytes(random_, random_.below(12))});
            }
            note(operation);
            if (random_.one_in(100)) {
                note({Operation::Kind::checkpoint, {}});
            }
        }
    }
    void compare() {
        fail_if(difference(model_.content(), store_));
        fail_if(unsound(store_));
    }
    // The whole of it, out of the file and back.
    void reopen() {
        const Digest before = digest();
        if (pinned_) {
            const auto refused = store_.close();
            REQUIRE_MESSAGE(!refused, context());
            REQUIRE_MESSAGE(refused.error().code == Errc::in_use, context() << to_string(refused.error()));
            unpin();
        }
        add(total, store::counters(store_));
        if (random_.one_in(2)) {
            const auto closed = store_.close();
            REQUIRE_MESSAGE(closed, context() << to_string(closed.error()));
        } else {
            store_ = Store();   // closes as a crash would
        }
        ++reopened;
        open();
        REQUIRE_MESSAGE(digest() == before, context() << "the digest changed by closing and opening");
        compare();
    }
    // Another store with equal content, made in another order and by the public interface, has an equal digest.
    void compare_with_twin(const std::string& path) {
        {
            auto twin = Store::open(path, options_);
            REQUIRE_MESSAGE(twin, context() << to_string(twin.error()));
            Batch batch;
            for (auto record = model_.content().rbegin(); record != model_.content().rend(); ++record) {
                if (batch.size_bytes() + record->first.size() + record->second.size() > 20'000) {
                    REQUIRE(twin->commit(batch));
                    batch.clear();
                }
                batch.put(record->first, record->second);
            }
            REQUIRE(twin->commit(batch));
            REQUIRE_MESSAGE(twin->digest().value() == digest(), context() << "equal content, different digests");
            CHECK(twin->close());
        }
        remove_store(path);
    }
    void finish() {
        if (pinned_) {
            unpin();
        }
        compare();
        add(total, store::counters(store_));
    }
    const std::map<std::string, std::string>& content() const { return model_.content(); }
    std::string context() const { return "store " + path_ + ", operation " + std::to_string(done_) + ": "; }

    static inline store::Counters total;
    static inline std::uint64_t reopened = 0;
    static inline std::uint64_t all_done = 0;
    static inline std::uint64_t conflicts = 0;

private:
    struct Pinned {
        Pin pin;
        std::vector<std::pair<ByteView, std::string>> views;   // what was shown, and what it was then
    };

    void fail_if(const std::optional<std::string>& wrong) {
        if (wrong) {
            FAIL(context() << *wrong);
        }
    }
    void open() {
        auto opened = store::open_with(path_, options_, {geometry_});
        REQUIRE_MESSAGE(opened, context() << to_string(opened.error()));
        store_ = *opened;
    }
    Digest digest() {
        const auto result = store_.digest();
        REQUIRE_MESSAGE(result, context() << to_string(result.error()));
        return *result;
    }
    void note(const Operation& operation) {
        ++done_;
        ++all_done;
        const Answer expected = model_.apply(operation);
        conflicts += expected.conflict.has_value();
        fail_if(difference(operation, expected, perform(store_, operation)));
    }
    void read_one() {
        const std::string key = key_of(random_.below(workload_.key_count * 5 / 4));
        const auto right = model_.content().find(key);
        const bool there = right != model_.content().end();
        const auto found = store_.get(key);
        REQUIRE_MESSAGE(found, context() << to_string(found.error()));
        if (found->has_value() != there || (there && **found != right->second)) {
            FAIL(context() << "get of " << shown(key) << " answers " << (*found ? shown(**found) : "absent"));
        }
        const auto contained = store_.contains(key);
        if (!contained || *contained != there) {
            FAIL(context() << "contains of " << shown(key) << " is wrong");
        }
    }
    void check_view(const std::string& key, const Lookup& found) {
        const auto right = model_.content().find(key);
        if (!found || found->has_value() != (right != model_.content().end()) ||
            (*found && (*found)->text() != right->second)) {
            FAIL(context() << "a pin's get of " << shown(key) << " is wrong");
        }
    }
    void read_many() {
        std::vector<std::string> keys(random_.between(1, 200));
        std::vector<ByteView> views;
        for (std::string& key : keys) {
            key = key_of(random_.below(workload_.key_count * 5 / 4));
        }
        views.assign(keys.begin(), keys.end());
        std::vector<Lookup> found(keys.size());
        const auto pin = store_.pin();
        REQUIRE_MESSAGE(pin, context() << to_string(pin.error()));
        pin->get_many(views, found);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            check_view(keys[i], found[i]);
        }
    }
    void pin() {
        auto taken = store_.pin();
        REQUIRE_MESSAGE(taken, context() << to_string(taken.error()));
        pinned_ = std::make_unique<Pinned>(Pinned{std::move(*taken), {}});
        for (int i = 0; i < 20; ++i) {
            const std::string key = key_of(random_.below(workload_.key_count));
            const Lookup found = pinned_->pin.get(key);
            check_view(key, found);
            if (*found) {
                pinned_->views.emplace_back(**found, std::string((*found)->text()));
            }
        }
    }
    // What the pin showed must be there still, whatever was written since.
    void unpin() {
        for (const auto& [view, then] : pinned_->views) {
            REQUIRE_MESSAGE(view.text() == then, context() << "a pinned value changed");
        }
        pinned_.reset();
    }
    // More than a frame can hold is refused, and changes nothing.
    void break_limits() {
        const std::uint64_t too_much = geometry_.run_bytes_max() + 1;
        const auto put = store_.put("too large", std::string(too_much, 'x'));
        REQUIRE_MESSAGE(!put, context());
        const bool right = put.error().code == Errc::value_too_large || put.error().code == Errc::batch_too_large;
        REQUIRE_MESSAGE(right, context() << to_string(put.error()));
        Batch batch;
        for (std::uint64_t bytes = 0; bytes < too_much; bytes += 8'000) {
            batch.put("too large " + std::to_string(bytes), std::string(8'000, 'x'));
        }
        const auto committed = store_.commit(batch);
        REQUIRE_MESSAGE(!committed, context());
        REQUIRE_MESSAGE(committed.error().code == Errc::batch_too_large, context() << to_string(committed.error()));
    }
    // A change changes the digest; what undoes it brings the digest back.
    void undo() {
        const Digest before = digest();
        const std::string key = "undone";
        const auto put = store_.put(key, "for a moment");
        REQUIRE_MESSAGE(put, context() << to_string(put.error()));
        REQUIRE_MESSAGE(digest() != before, context() << "a put left the digest alone");
        const auto erased = store_.erase(key);
        REQUIRE_MESSAGE((erased && *erased), context());
        REQUIRE_MESSAGE(digest() == before, context() << "put and erase changed the digest");
    }
    // A scan that goes on from its position under new pins shows everything exactly once, too.
    void scan_in_parts() {
        std::map<std::string, std::string> shown_so_far;
        ScanPosition from;
        for (bool more = true; more;) {
            more = false;
            const auto pin = store_.pin();
            REQUIRE_MESSAGE(pin, context() << to_string(pin.error()));
            auto scan = pin->scan(from);
            std::uint64_t left = random_.between(1, 1'000);
            for (const Result<Record>& record : scan) {
                REQUIRE_MESSAGE(record, context() << to_string(record.error()));
                const bool fresh = shown_so_far.emplace(record->key.text(), record->value.text()).second;
                REQUIRE_MESSAGE(fresh, context() << "a scan in parts shows " << shown(record->key.text()) << " twice");
                from = scan.position();
                if (--left == 0) {
                    more = true;
                    break;
                }
            }
        }
        REQUIRE_MESSAGE(shown_so_far == model_.content(), context() << "a scan in parts shows something else");
    }

    std::string path_;
    format::Geometry geometry_;
    Workload workload_;
    Random random_;
    Options options_;
    Store store_;
    Model model_;
    std::unique_ptr<Pinned> pinned_;
    std::uint64_t done_ = 0;
};

struct Plan {
    const char* what;
    unsigned stores;
    format::Geometry geometry;
    Workload workload;
    std::uint64_t filled;        // key numbers put first
    std::uint64_t operations;
    std::uint64_t reopen_one_in;
};

void run(const Plan& plan, std::uint64_t seed, unsigned plan_number, const Scratch& scratch) {
    for (unsigned i = 0; i < plan.stores; ++i) {
        Random random(seed, plan_number, 2 * i);
        Pair pair(scratch / (std::to_string(plan_number) + "-" + std::to_string(i)), plan.geometry, plan.workload,
                  Random(seed, plan_number, 2 * i + 1));
        pair.fill(plan.filled);
        pair.compare();
        for (std::uint64_t n = 0; n < plan.operations; ++n) {
            pair.do_one();
            if (random.one_in(plan.reopen_one_in)) {
                pair.reopen();
            } else if (random.one_in(2 * plan.reopen_one_in)) {
                pair.compare();
            }
        }
        pair.finish();
        if (i % 8 == 0) {
            pair.compare_with_twin(scratch / "twin");
        }
    }
    std::printf("%-34s %3u stores, %llu operations so far\n", plan.what, plan.stores,
                static_cast<unsigned long long>(Pair::all_done));
    std::fflush(stdout);
}

void require_crossings() {
    constexpr std::uint64_t kTimesMin = 100;
    const store::Counters& total = Pair::total;
    struct Boundary {
        const char* what;
        std::uint64_t times;
    };
    const Boundary boundaries[] = {
        {"segment", total.segments_taken},
        {"extent", total.extents_entered},
        {"bucket split", total.bucket_splits},
        {"directory level", total.directory_growths},
        {"table level", total.table_growths},
        {"overflow chain", total.overflow_pages},
        {"jumbo run", total.runs_taken},
        {"checkpoint", total.checkpoints},
    };
    std::printf("\n%-18s %10s   (at least %llu each)\n", "boundary", "crossed", static_cast<unsigned long long>(kTimesMin));
    for (const Boundary& boundary : boundaries) {
        std::printf("%-18s %10llu%s\n", boundary.what, static_cast<unsigned long long>(boundary.times),
                    boundary.times < kTimesMin ? "   TOO FEW" : "");
        CHECK_MESSAGE(boundary.times >= kTimesMin, boundary.what);
    }
    std::printf("\nall counters\n");
    print(total);
    std::printf("\n%llu operations, %llu batches refused by an expectation, %llu stores reopened\n",
                static_cast<unsigned long long>(Pair::all_done), static_cast<unsigned long long>(Pair::conflicts),
                static_cast<unsigned long long>(Pair::reopened));
    CHECK(Pair::reopened >= kTimesMin);
    CHECK(Pair::conflicts >= kTimesMin);
}

}  // namespace

TEST_CASE("random operations agree with std::map and cross every boundary a hundred times") {
    const std::uint64_t seed = chosen_seed();
    const std::uint64_t operations = operations_wanted();
    std::printf("model_test: QUIRE_SEED=%llu QUIRE_OPS=%llu\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(operations));
    INFO("QUIRE_SEED=" << seed);
    const Scratch scratch("model");

    const auto smallest = format::Geometry::smallest();
    const auto production = format::Geometry::production();

    Workload growing;   // a few thousand keys: directory and table grow by level after level
    growing.key_count = 4'000;
    growing.value_bytes_max = 1'500;
    growing.jumbo_bytes_min = 17 << 10;      // above a large segment, below a run
    growing.jumbo_bytes_max = 40 << 10;
    growing.jumbo_one_in = 300;

    Workload few = growing;   // the same few keys again and again: copies and dead records
    few.key_count = 60;
    few.batch_steps_max = 120;   // more than an intent holds

    Workload deep;   // more than 24 × 1,024 keys: full buckets at the greatest depth get overflow chains
    deep.key_count = 70'000;
    deep.value_bytes_max = 100;
    deep.batch_steps_max = 40;

    Workload wide;   // production geometry: runs are values above 2 MiB
    wide.key_count = 30'000;
    wide.value_bytes_max = 2'000;
    wide.jumbo_bytes_min = 300 << 10;
    wide.jumbo_bytes_max = 5 << 20;
    wide.jumbo_one_in = 1'000;
    wide.batch_bytes_max = 256 << 10;
    wide.batch_steps_max = 200;

    Workload many = wide;
    many.key_count = 150'000;
    many.jumbo_one_in = 0;

    const Plan plans[] = {
        {"smallest geometry, growing", 40, smallest, growing, 0, operations, operations / 4 + 1},
        {"smallest geometry, few keys", 10, smallest, few, 0, operations, operations / 4 + 1},
        {"smallest geometry, overflow chains", 3, smallest, deep, 60'000, operations, operations / 2 + 1},
        {"production geometry", 3, production, wide, 0, operations, operations / 4 + 1},
        {"production geometry, many keys", 1, production, many, 120'000, operations, operations / 2 + 1},
    };
    unsigned number = 0;
    for (const Plan& plan : plans) {
        run(plan, seed, number++, scratch);
    }
    require_crossings();
}
