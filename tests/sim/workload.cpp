// SPDX-License-Identifier: MIT
//
// Long because every operation of a workload stands beside its model.
#include "sim/workload.h"

#include <algorithm>
#include <chrono>

#include <quire/batch.h>

#include "format/checksum.h"

namespace quire::sim {
namespace {

using namespace std::chrono_literals;

// Everything that may be drawn for one operation, with its weight.
enum class Kind : std::uint8_t { put, erase, insert, batch, sync, checkpoint, reopen, kill, power_cut, look };
constexpr std::pair<Kind, std::uint64_t> kKinds[] = {
    {Kind::put, 40}, {Kind::erase, 12},     {Kind::insert, 5}, {Kind::batch, 20}, {Kind::sync, 7},
    {Kind::checkpoint, 5}, {Kind::reopen, 4}, {Kind::kill, 2}, {Kind::power_cut, 2}, {Kind::look, 3},
};

Kind draw(Rng& rng) {
    std::uint64_t total = 0;
    for (const auto& [kind, weight] : kKinds) {
        total += weight;
    }
    std::uint64_t at = rng.below(total);
    for (const auto& [kind, weight] : kKinds) {
        if (at < weight) {
            return kind;
        }
        at -= weight;
    }
    return Kind::look;
}

std::unexpected<std::string> wrong(const char* where, const Error& error) {
    return std::unexpected(std::string(where) + ": " + to_string(error));
}

Result<void> agrees(bool as_expected, const char* otherwise) {
    if (as_expected) {
        return {};
    }
    return std::unexpected(Error{.what = otherwise});
}

// A limit that a large value may meet at the smallest geometry; the call then changed nothing.
bool is_limit(Errc code) { return code == Errc::value_too_large || code == Errc::batch_too_large; }

}  // namespace

std::string repeat_line(const Spot& spot) {
    return "crash_images --seed " + std::to_string(spot.seed) + " --from-op " + std::to_string(spot.op) + " --to-op " +
           std::to_string(spot.op) + " --cut " + std::to_string(spot.cut) + " --image " + std::to_string(spot.image) +
           (behaviour() == System::windows_like ? " --windows" : "");
}

Workload::Workload(std::uint64_t seed, const Selection& selection, Tally& tally)
    : seed_(seed), selection_(selection), tally_(tally), rng_(seed_of(seed, 0)) {
    constexpr std::uint64_t kKeys[] = {3, 10, 30, 60, 150};
    constexpr std::uint64_t kLog[] = {4096, 8192, 16384};
    constexpr std::uint64_t kCuts[] = {2, 4, 8, 16};
    ops_ = rng_.between(40, 160);
    keys_ = kKeys[rng_.below(std::size(kKeys))];
    images_per_op_ = rng_.between(1, 4);
    cuts_one_in_ = kCuts[rng_.below(std::size(kCuts))];
    setup_.tuning.geometry = format::Geometry::smallest();
    setup_.options.upkeep = Upkeep::caller;
    setup_.options.checkpoint_log_bytes_max = kLog[rng_.below(std::size(kLog))];
    setup_.options.checkpoint_interval = 0ms;
    setup_.options.durability = rng_.chance(1, 8) ? Durability::durable : Durability::buffered;
    setup_.options.verify_reads = rng_.chance(1, 2);
    setup_.options.catch_faults = false;     // a fault in a simulated view is a bug: let it be seen
}

std::optional<Violation> Workload::run(const Watch& watch) {
    const Chance chance(seed_);
    const auto outer = set_cut_hook([this](const CutPoint& point) {
        if (point.disk == disk_.path() && Rng(seed_of(seed_, 1, op_, ++cut_)).chance(1, cuts_one_in_)) {
            take(cut_, 1);
        }
    });
    const auto run_ops = [&]() -> std::optional<Violation> {
        for (op_ = 0; op_ <= ops_; ++op_) {
            cut_ = 0;
            if (!watch({seed_, op_, 0, 0})) {
                return std::nullopt;
            }
            const Step step = op_ == ops_ ? &Workload::look : next_step();
            if (const auto done = op_ == 0 ? restart(Disk()) : (this->*step)(); !done) {
                return Violation{.spot = {seed_, op_, 0, 0}, .what = done.error(), .image = {}};
            }
            ++tally_.ops;
            take(0, images_per_op_);
            if (auto failure = look_at_pending(watch)) {
                return failure;
            }
        }
        return std::nullopt;
    };
    auto failure = run_ops();
    if (failure) {
        failure->setup = describe_setup();
    }
    if (subject_.complaint) {
        disk_.retire();
        (void)subject_.store.close();
    }
    set_cut_hook(outer);
    ++tally_.workloads;
    return failure;
}

std::string Workload::describe_setup() const {
    const Options& options = setup_.options;
    return "checkpoint_log_bytes_max " + std::to_string(options.checkpoint_log_bytes_max) +
           (options.durability == Durability::durable ? ", durable" : ", buffered") +
           (options.verify_reads ? ", reads verified" : ", reads not verified");
}

Workload::Step Workload::next_step() {
    switch (draw(rng_)) {
        case Kind::put: return &Workload::put;
        case Kind::erase: return &Workload::erase;
        case Kind::insert: return &Workload::insert;
        case Kind::batch: return &Workload::batch;
        case Kind::sync: return &Workload::sync;
        case Kind::checkpoint: return &Workload::checkpoint;
        case Kind::reopen: return &Workload::reopen;
        case Kind::kill: return &Workload::kill;
        case Kind::power_cut: return &Workload::power_cut;
        case Kind::look: return &Workload::look;
    }
    return &Workload::look;
}

// ---- operations ----

// The empty key is one of them; lengths differ, so that records straddle pages in many ways.
std::string Workload::some_key() {
    const std::uint64_t number = rng_.below(keys_);
    return number == 0 ? std::string() : "key" + std::to_string(number) + std::string(number * 7 % 30, '.');
}

std::string Workload::some_value() {
    const std::uint64_t kind = rng_.below(100);
    const std::uint64_t bytes = kind < 5    ? 0
                                : kind < 65 ? rng_.below(60)
                                : kind < 90 ? rng_.between(60, 600)
                                : kind < 98 ? rng_.between(600, 4'000)
                                            : rng_.between(4'000, 20'000);
    std::string value(bytes, '\0');
    Rng content(rng_.next());
    for (char& c : value) {
        c = static_cast<char>('a' + content.below(26));
    }
    return value;
}

Checked<void> Workload::write(Changes changes, Durability durability, const std::function<Result<void>()>& call) {
    history_.begin(std::move(changes));
    const auto done = call();
    if (!done && is_limit(done.error().code)) {
        history_.undo();
        return {};
    }
    if (!done) {
        return wrong("write", done.error());
    }
    ++tally_.commits;
    if (durability == Durability::durable) {
        durable_ = history_.length();
    }
    return {};
}

Checked<void> Workload::without_effect(const std::function<Result<void>()>& call) {
    const auto done = call();
    return done || is_limit(done.error().code) ? Checked<void>{} : wrong("write without effect", done.error());
}

Checked<void> Workload::put() {
    const std::string key = some_key();
    const std::string value = some_value();
    const auto done = write({{key, value}}, setup_.options.durability, [&] { return subject_.store.put(key, value); });
    if (!done) {
        return done;
    }
    const auto found = subject_.store.get(key);
    const auto expected = history_.now().find(key);   // not what was put, if that was over a limit
    if (!found || found->has_value() != (expected != history_.now().end()) || (*found && **found != expected->second)) {
        return std::unexpected("get after put: " + (found ? "another value" : to_string(found.error())));
    }
    return {};
}

// What has no effect is no commit, and acknowledges nothing.
Checked<void> Workload::erase() {
    const std::string key = some_key();
    const bool effect = history_.now().contains(key);
    const auto call = [&]() -> Result<void> {
        const auto erased = subject_.store.erase(key);
        if (!erased) {
            return std::unexpected(erased.error());
        }
        return agrees(*erased == effect, "erase says the wrong thing about what was there");
    };
    return effect ? write({{key, std::nullopt}}, setup_.options.durability, call) : without_effect(call);
}

Checked<void> Workload::insert() {
    const std::string key = some_key();
    const std::string value = some_value();
    const bool effect = !history_.now().contains(key);
    const auto call = [&]() -> Result<void> {
        const auto inserted = subject_.store.insert(key, value);
        if (!inserted) {
            return std::unexpected(inserted.error());
        }
        return agrees(*inserted == effect, "insert says the wrong thing about what it did");
    };
    return effect ? write({{key, value}}, setup_.options.durability, call) : without_effect(call);
}

Checked<void> Workload::batch() {
    Batch batch;
    Changes changes;
    std::optional<std::uint64_t> false_expectation;
    const auto expect = [&](const std::string& key, bool truly) {
        if (!truly && !false_expectation) {
            false_expectation = batch.count();
        }
        const auto now = history_.now().find(key);
        if (now == history_.now().end()) {
            truly ? batch.expect_absent(key) : batch.expect(key, "not there");
        } else {
            truly ? batch.expect(key, now->second) : batch.expect_absent(key);
        }
    };
    const std::uint64_t count = rng_.chance(1, 6) ? rng_.between(8, 24) : rng_.between(1, 6);
    const bool conflicting = rng_.chance(1, 10);
    const std::uint64_t conflict_at = rng_.below(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (rng_.chance(1, 4)) {
            expect(some_key(), true);
        }
        if (conflicting && i == conflict_at) {
            expect(some_key(), false);
        }
        std::string key = some_key();
        if (rng_.chance(1, 4)) {
            batch.erase(key);
            changes.push_back({std::move(key), std::nullopt});
        } else {
            std::string value = some_value();
            batch.put(key, value);
            changes.push_back({std::move(key), std::move(value)});
        }
    }
    constexpr Durability kDurabilities[] = {Durability::durable, Durability::buffered};
    const std::uint64_t asked = rng_.below(3);   // 2: whatever the options say
    const Durability durability = asked < 2 ? kDurabilities[asked] : setup_.options.durability;
    if (conflicting) {
        const auto refused = subject_.store.commit(batch, durability);
        if (refused || (refused.error().code != Errc::conflict && !is_limit(refused.error().code))) {
            return std::unexpected("commit with a false expectation: " +
                                   (refused ? "was done" : to_string(refused.error())));
        }
        if (refused.error().code == Errc::conflict && refused.error().detail != *false_expectation) {
            return std::unexpected("conflict names operation " + std::to_string(refused.error().detail) +
                                   " instead of " + std::to_string(*false_expectation));
        }
        return {};
    }
    return write(std::move(changes), durability, [&]() -> Result<void> {
        const auto lsn = asked < 2 ? subject_.store.commit(batch, durability) : subject_.store.commit(batch);
        if (!lsn) {
            return std::unexpected(lsn.error());
        }
        const bool later = lsn->value > newest_lsn_;
        newest_lsn_ = lsn->value;
        return agrees(later, "commit returns an older place in history");
    });
}

Checked<void> Workload::sync() {
    if (const auto synced = subject_.store.sync(); !synced) {
        return wrong("sync", synced.error());
    }
    durable_ = history_.length();
    return {};
}

Checked<void> Workload::checkpoint() {
    if (const auto done = subject_.store.checkpoint(); !done) {
        return wrong("checkpoint", done.error());
    }
    durable_ = history_.length();
    return {};
}

Checked<void> Workload::look() {
    const auto found = inspect(subject_);
    if (!found) {
        return std::unexpected("the live store: " + found.error());
    }
    if (*found != history_.now()) {
        return std::unexpected("the live store: " + first_difference(history_.now(), *found));
    }
    return {};
}

// The store is opened on `next`; what it was opened on before must be closed or retired.
Checked<void> Workload::restart(Disk next) {
    disk_ = std::move(next);
    auto opened = open_subject(disk_, setup_);
    if (!opened) {
        return std::unexpected(opened.error());
    }
    subject_ = *std::move(opened);
    return {};
}

Checked<void> Workload::reopen() {
    const auto counted = store::counters(subject_.store);
    if (auto closed = close_subject(subject_); !closed) {
        return closed;
    }
    durable_ = history_.length();
    tally_.counters.checkpoints += counted.checkpoints;
    tally_.counters.bucket_splits += counted.bucket_splits;
    tally_.counters.directory_splits += counted.directory_splits;
    tally_.counters.segments_taken += counted.segments_taken;
    tally_.counters.runs_taken += counted.runs_taken;
    auto opened = open_subject(disk_, setup_);
    if (!opened) {
        return std::unexpected(opened.error());
    }
    subject_ = *std::move(opened);
    return look();
}

// The page cache survives, and with it every commit.
Checked<void> Workload::kill() {
    ++tally_.kills;
    Disk next = disk_.after_kill();
    disk_.retire();
    Subject dead = std::move(subject_);
    (void)dead.store.close();               // on the retired disk: seen by nobody
    if (auto opened = restart(std::move(next)); !opened) {
        return std::unexpected("after a kill: " + opened.error());
    }
    if (auto same = look(); !same) {
        return std::unexpected("after a kill: " + same.error());
    }
    return {};
}

// One of the images becomes what is.
Checked<void> Workload::power_cut() {
    ++tally_.went_on;
    Disk next(choose(disk_.cut(), rng_.next()));
    disk_.retire();
    Subject dead = std::move(subject_);
    (void)dead.store.close();
    const std::size_t first_inside = pending_.size();
    if (auto opened = restart(std::move(next)); !opened) {
        return std::unexpected("after a power cut: " + opened.error());
    }
    const auto found = inspect(subject_);
    if (!found) {
        return std::unexpected("after a power cut: " + found.error());
    }
    const auto prefix = history_.find(*found, durable_, history_.length());
    if (!prefix) {
        return std::unexpected("after a power cut: no state from commit " + std::to_string(durable_) + " on; " +
                               first_difference(history_.now(), *found));
    }
    history_.cut_to(*prefix);
    durable_ = *prefix;                     // it came from the disk, so it is there
    newest_lsn_ = 0;
    for (std::size_t i = first_inside; i < pending_.size(); ++i) {
        pending_[i].durable = pending_[i].started = *prefix;
    }
    return {};
}

// ---- images ----

void Workload::take(std::uint64_t cut, std::uint64_t images) {
    if (op_ < selection_.from_op || op_ > selection_.to_op || (selection_.cut && *selection_.cut != cut)) {
        return;
    }
    const Cut now = disk_.cut();
    for (std::uint64_t image = 0; image < images; ++image) {
        if (!selection_.image || *selection_.image == image) {
            const Spot spot{seed_, op_, cut, image};
            pending_.push_back({spot, choose(now, seed_of(seed_, 2 + op_, cut, image)), durable_, history_.length()});
        }
    }
}

Checked<std::size_t> Workload::look_at(const Pending& pending) {
    const Spot& spot = pending.spot;
    return judge({pending.image, history_, pending.durable, pending.started,
                  seed_of(seed_, 3 + spot.op, spot.cut, ~spot.image)}, setup_);
}

std::optional<Violation> Workload::look_at_pending(const Watch& watch) {
    for (const Pending& pending : pending_) {
        const std::uint64_t hash = pending.image.hash("-run");
        const std::uint64_t whole = format::fold(pending.image.hash({}), pending.durable, pending.started);
        if (!tally_.questions.insert(format::fold(whole, seed_, 0)).second) {
            continue;
        }
        if (!watch(pending.spot)) {
            break;
        }
        const auto prefix = look_at(pending);
        if (!prefix) {
            return Violation{.spot = pending.spot, .what = prefix.error(), .image = pending.image.describe()};
        }
        tally_.distinct.insert(hash);
        tally_.lost += *prefix < pending.started ? 1 : 0;
        tally_.torn += pending.image.torn("store") ? 1 : 0;
        tally_.inside += pending.spot.cut > 0 ? 1 : 0;
        const auto store = pending.image.files.find("store");
        tally_.older_size += store != pending.image.files.end() && store->second.older_size ? 1 : 0;
        tally_.older_names += pending.image.older_names ? 1 : 0;
    }
    pending_.clear();
    return std::nullopt;
}

}  // namespace quire::sim
