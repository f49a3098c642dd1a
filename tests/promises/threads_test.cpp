// SPDX-License-Identifier: MIT
//
// Threads of one process on one store: writers, readers, pins, scans and checkpoints at once, for a thread sanitizer to
// watch. Versions of a key never go back; every value is whole; in the end nothing is missing.
//
// QUIRE_SEED repeats the choices (not the interleaving); QUIRE_SECONDS is how long it runs.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "operation.h"
#include "random.h"
#include "scratch.h"
#include "stamp.h"
#include "tally.h"

using namespace quire;
using namespace quire::promises;

namespace {

constexpr std::uint64_t kWriters = 2;
constexpr std::uint64_t kOwned = 300;      // keys of each writer
constexpr std::uint64_t kKeys = kWriters * kOwned;
constexpr std::uint64_t kFileBytesMax = 256u << 20;

std::string key_name(std::uint64_t key) { return "thread-" + std::to_string(key); }

class Crowd {
public:
    Crowd(const std::string& path, const format::Geometry& geometry, std::uint64_t seed) : path_(path), seed_(seed) {
        options_.upkeep = Upkeep::background;
        options_.checkpoint_log_bytes_max = 512 << 10;
        store_ = or_throw(store::open_with(path, options_, {geometry}));
    }

    void run(std::chrono::milliseconds time) {
        std::vector<std::thread> threads;
        for (std::uint64_t w = 0; w < kWriters; ++w) {
            threads.emplace_back([this, w] { guarded([&] { write(w); }); });
        }
        for (std::uint64_t r = 0; r < 2; ++r) {
            threads.emplace_back([this, r] { guarded([&] { read(r); }); });
        }
        threads.emplace_back([this] { guarded([&] { keep_pins(); }); });
        threads.emplace_back([this] { guarded([&] { scan(); }); });
        threads.emplace_back([this] { guarded([&] { checkpoint(); }); });
        threads.emplace_back([this] { guarded([&] { come_and_go(); }); });
        const auto end = std::chrono::steady_clock::now() + time;
        while (!stop_ && std::chrono::steady_clock::now() < end && std::filesystem::file_size(path_) < kFileBytesMax) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));   // how long it runs; nothing waits for it
        }
        stop_ = true;
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    void look_at_the_end() {
        CHECK_MESSAGE(wrong_.empty(), wrong_);
        for (std::uint64_t key = 0; key < kKeys; ++key) {
            const auto value = or_throw(store_.get(key_name(key)));
            const std::uint64_t version = value ? version_in(key, *value).value_or(~std::uint64_t{0}) : 0;
            CHECK_MESSAGE(version == written_[key], "key " << key);
        }
        CHECK_MESSAGE(!unsound(store_), unsound(store_).value_or(""));
        std::printf("  %llu writes, %llu reads, %llu scans, %llu pins, %llu checkpoints, %llu openings\n",
                    static_cast<unsigned long long>(writes_), static_cast<unsigned long long>(reads_),
                    static_cast<unsigned long long>(scans_), static_cast<unsigned long long>(pins_),
                    static_cast<unsigned long long>(checkpoints_), static_cast<unsigned long long>(openings_));
        CHECK(writes_ > 0);
        CHECK(reads_ > 0);
        CHECK(scans_ > 0);
        CHECK(pins_ > 0);
        CHECK(checkpoints_ > 0);
        CHECK(openings_ > 0);
        CHECK(store_.close());
    }

private:
    struct Wrong {
        std::string what;
    };
    template <class Body>
    void guarded(Body body) {
        try {
            body();
        } catch (const Wrong& wrong) {
            complain(wrong.what);
        } catch (const Failure& failure) {
            complain(failure.what());
        }
    }
    void complain(const std::string& what) {
        const std::lock_guard lock(complaining_);
        wrong_ = what;
        stop_ = true;
    }
    static std::uint64_t version(std::uint64_t key, const std::optional<ByteView>& value) {
        if (!value) {
            return 0;
        }
        const auto found = version_in(key, *value);
        if (!found) {
            throw Wrong{"wrong value of " + key_name(key)};
        }
        return *found;
    }
    // What one thread has seen of each key: never less afterwards.
    struct Seen {
        std::array<std::uint64_t, kKeys> versions{};
        void note(std::uint64_t key, std::uint64_t version) {
            if (version < versions[key]) {
                throw Wrong{"time ran back for " + key_name(key)};
            }
            versions[key] = version;
        }
    };

    void write(std::uint64_t writer) {
        Random random(seed_, 1, writer);
        while (!stop_) {
            const std::uint64_t key = writer * kOwned + random.below(kOwned);
            if (random.one_in(5)) {
                const std::uint64_t other = writer * kOwned + random.below(kOwned);
                Batch batch;
                batch.put(key_name(key), stamped(key, ++written_[key]));
                if (other != key) {
                    batch.put(key_name(other), stamped(other, ++written_[other]));
                }
                or_throw(store_.commit(batch));
            } else {
                or_throw(store_.put(key_name(key), stamped(key, ++written_[key])));
            }
            if (random.one_in(20)) {
                or_throw(store_.insert("fleeting-" + std::to_string(random.below(100)), "x"));
                or_throw(store_.erase("fleeting-" + std::to_string(random.below(100))));
            }
            ++writes_;
        }
    }
    void read(std::uint64_t reader) {
        Random random(seed_, 2, reader);
        Seen seen;
        std::string value;
        while (!stop_) {
            const std::uint64_t key = random.below(kKeys);
            const bool there = or_throw(store_.get(key_name(key), value));
            seen.note(key, version(key, there ? std::optional(ByteView(value)) : std::nullopt));
            if (random.one_in(50)) {
                (void)or_throw(store_.count());
                (void)or_throw(store_.digest());
                (void)or_throw(store_.stats());
            }
            ++reads_;
        }
    }
    // Views of a pin stay what they were, whatever happens; new looks through it go forward.
    void keep_pins() {
        Random random(seed_, 3);
        Seen seen;
        while (!stop_) {
            std::vector<std::pair<ByteView, std::string>> shown_before;
            std::vector<Pin> pins;
            for (std::uint64_t n = random.between(1, 70); n != 0; --n) {
                pins.push_back(or_throw(store_.pin()));
            }
            for (std::uint64_t i = 0; i < 200; ++i) {
                const std::uint64_t key = random.below(kKeys);
                const Pin& pin = pins[random.below(pins.size())];
                const auto found = or_throw(pin.get(key_name(key)));
                seen.note(key, version(key, found));
                if (found) {
                    shown_before.emplace_back(*found, std::string(found->text()));
                }
                ++pins_;
            }
            for (const auto& [view, then] : shown_before) {
                if (view.text() != then) {
                    throw Wrong{"a pinned value changed"};
                }
            }
        }
    }
    void scan() {
        std::array<bool, kKeys> lasting{};   // seen once, so there ever after
        Seen seen;
        while (!stop_) {
            std::array<bool, kKeys> now{};
            const Pin pin = or_throw(store_.pin());
            auto scan = pin.scan();
            for (const Result<Record>& element : scan) {
                const Record record = or_throw(element);
                const std::string name(record.key.text());
                if (!name.starts_with("thread-")) {
                    continue;
                }
                const std::uint64_t key = std::strtoull(name.c_str() + 7, nullptr, 10);
                if (now.at(key)) {
                    throw Wrong{"scanned twice: " + name};
                }
                now[key] = true;
                seen.note(key, version(key, record.value));
            }
            for (std::uint64_t key = 0; key < kKeys; ++key) {
                if (lasting[key] && !now[key]) {
                    throw Wrong{"not scanned: " + key_name(key)};
                }
                lasting[key] = now[key];
            }
            ++scans_;
        }
    }
    void checkpoint() {
        Random random(seed_, 4);
        while (!stop_) {
            if (random.one_in(3)) {
                or_throw(store_.sync());
            } else {
                or_throw(store_.checkpoint());
            }
            ++checkpoints_;
        }
    }
    // Handles of the same store come and go in the same process.
    void come_and_go() {
        Random random(seed_, 5);
        while (!stop_) {
            Store again = or_throw(Store::open(path_, options_));
            Store copy = again;
            Seen seen;
            for (std::uint64_t i = 0; i < 100; ++i) {
                const std::uint64_t key = random.below(kKeys);
                const auto value = or_throw(copy.get(key_name(key)));
                seen.note(key, version(key, value ? std::optional(ByteView(*value)) : std::nullopt));
            }
            or_throw(again.close());
            ++openings_;
        }
    }

    std::string path_;
    std::uint64_t seed_;
    Options options_;
    Store store_;
    std::array<std::uint64_t, kKeys> written_{};   // each entry by the one thread that owns the key
    std::mutex complaining_;
    std::string wrong_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> writes_{0}, reads_{0}, scans_{0}, pins_{0}, checkpoints_{0}, openings_{0};
};

void crowd(const format::Geometry& geometry) {
    const std::uint64_t seed = chosen_seed();
    const char* text = std::getenv("QUIRE_SECONDS");
    const std::uint64_t seconds = text != nullptr ? std::strtoull(text, nullptr, 0) : 6;
    std::printf("threads_test: QUIRE_SEED=%llu QUIRE_SECONDS=%llu\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(seconds));
    INFO("QUIRE_SEED=" << seed);
    const Scratch scratch("threads");
    Crowd crowd(scratch / "store", geometry, seed);
    crowd.run(std::chrono::milliseconds(seconds * 500));
    crowd.look_at_the_end();
}

}  // namespace

TEST_CASE("threads of one process see whole values in order, at the smallest geometry") {
    crowd(format::Geometry::smallest());
}

TEST_CASE("threads of one process see whole values in order, at the production geometry") {
    crowd(format::Geometry::production());
}
