// SPDX-License-Identifier: MIT
//
// Single operations under Google Benchmark, on a warm store: for looking at a change, not for comparing with others
// (compare.cpp does that).
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <quire/store.h>

#include "keys.h"

using namespace quire;
using namespace quire::bench;

namespace {

constexpr std::uint64_t kAsked = 1 << 16;   // keys asked in turn, at random places

class Filled {
public:
    explicit Filled(std::uint64_t count) : count_(count) {
        directory_ = std::filesystem::temp_directory_path() / ("quire-micro-" + std::to_string(std::random_device{}()));
        std::filesystem::create_directories(directory_);
        store_ = or_throw(Store::open((directory_ / "store").string()));
        Batch batch;
        for (std::uint64_t n = 0; n < count; ++n) {
            batch.put(key_of(n).text(), values_.of(n));
            if (batch.count() == 1'000 || n + 1 == count) {
                or_throw(store_.commit(batch));
                batch.clear();
            }
        }
        or_throw(store_.checkpoint());
    }
    ~Filled() {
        store_ = Store();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    Filled(const Filled&) = delete;
    Filled& operator=(const Filled&) = delete;

    Store& store() { return store_; }
    const Values& values() const { return values_; }
    std::vector<Key> keys(bool hit) const { return asked(kAsked, count_, 1, hit); }

    static Filled& of(std::uint64_t count) {
        static std::unique_ptr<Filled> kept;   // one size at a time
        if (kept == nullptr || kept->count_ != count) {
            kept.reset();
            kept = std::make_unique<Filled>(count);
        }
        return *kept;
    }

private:
    std::uint64_t count_;
    std::filesystem::path directory_;
    Values values_;
    Store store_;
};

std::uint64_t size_of(const benchmark::State& state) { return static_cast<std::uint64_t>(state.range(0)); }

void get(benchmark::State& state, bool hit) {
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(hit);
    std::string value;
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(filled.store().get(keys[i++ % kAsked].text(), value));
    }
}
void get_hit(benchmark::State& state) { get(state, true); }
void get_miss(benchmark::State& state) { get(state, false); }

void contains(benchmark::State& state) {
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(true);
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(filled.store().contains(keys[i++ % kAsked].text()));
    }
}

void pin_get(benchmark::State& state) {
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(true);
    const Pin pin = or_throw(filled.store().pin());
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(pin.get(keys[i++ % kAsked].text()));
    }
}

void get_many(benchmark::State& state) {
    constexpr std::size_t kAtOnce = 64;
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(true);
    const std::vector<ByteView> views = [&] {
        std::vector<ByteView> all;
        for (const Key& key : keys) {
            all.emplace_back(key.text());
        }
        return all;
    }();
    const Pin pin = or_throw(filled.store().pin());
    std::vector<Lookup> found(kAtOnce);
    std::size_t i = 0;
    for (auto _ : state) {
        pin.get_many(std::span(views).subspan(i % kAsked, kAtOnce), found);
        benchmark::DoNotOptimize(found.data());
        i += kAtOnce;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kAtOnce));
}

void put_update(benchmark::State& state) {
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(true);
    std::size_t i = 0;
    for (auto _ : state) {
        or_throw(filled.store().put(keys[i % kAsked].text(), filled.values().of(i)));
        ++i;
    }
}

void erase_and_put(benchmark::State& state) {
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(true);
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(or_throw(filled.store().erase(keys[i % kAsked].text())));
        or_throw(filled.store().put(keys[i % kAsked].text(), filled.values().of(i)));
        ++i;
    }
}

void batch_of_100(benchmark::State& state) {
    constexpr std::size_t kAtOnce = 100;
    Filled& filled = Filled::of(size_of(state));
    const std::vector<Key> keys = filled.keys(true);
    Batch batch;
    std::size_t i = 0;
    for (auto _ : state) {
        batch.clear();
        for (std::size_t n = 0; n < kAtOnce; ++n, ++i) {
            batch.put(keys[i % kAsked].text(), filled.values().of(i));
        }
        benchmark::DoNotOptimize(or_throw(filled.store().commit(batch)));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kAtOnce));
}

void scan(benchmark::State& state) {
    Filled& filled = Filled::of(size_of(state));
    for (auto _ : state) {
        const Pin pin = or_throw(filled.store().pin());
        std::uint64_t bytes = 0;
        auto scan = pin.scan();
        for (const Result<Record>& record : scan) {
            bytes += record->value.size();
        }
        benchmark::DoNotOptimize(bytes);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

struct Measure {
    const char* name;
    void (*body)(benchmark::State&);
};
constexpr Measure kMeasures[] = {
    {"get_hit", get_hit}, {"get_miss", get_miss}, {"contains", contains},     {"pin_get", pin_get},
    {"get_many_64", get_many}, {"scan", scan},    {"put_update", put_update}, {"erase_and_put", erase_and_put},
    {"batch_of_100", batch_of_100},
};

// All measures of one size after each other: a size is filled once.
const bool registered = [] {
    for (const std::int64_t count : {10'000, 1'000'000}) {
        for (const Measure& measure : kMeasures) {
            benchmark::RegisterBenchmark(measure.name, measure.body)->Arg(count);
        }
    }
    return true;
}();

}  // namespace

BENCHMARK_MAIN();
