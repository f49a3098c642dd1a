// SPDX-License-Identifier: MIT
//
// Quire beside its peers, interleaved: every round gives each peer one long slice of each measure, in rotated order, so
// that whatever else the machine does meets all of them alike. Ratios are taken within a round.
//
// Fairness  Reads: Quire copies by get(key, std::string&), the map by find and a copy into one std::string, LMDB by mdb_get
//           and the same copy, in one read transaction a slice (to its benefit). A put of Quire's survives the process; the
//           map's survives nothing; LMDB's is a transaction of its own, unflushed. Quire runs at its default options
//           (every read verified); a second store of it has no checkpoint while the clock runs. Memory that was never
//           touched costs the peers differently: ratios of loads from empty are rougher than those of updates.
//
// Usage: compare [--keys N] [--rounds N] [--load-rounds N] [--gets N] [--puts N] [--dir PATH] [--json FILE]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <random>

#include "figures.h"
#include "keys.h"
#include "peer.h"
#include "quire_peer.h"

namespace quire::bench {

std::vector<MakePeer>& peers() {
    static std::vector<MakePeer> all;
    return all;
}

void give_up(const std::string& what) {
    std::fprintf(stderr, "compare: %s\n", what.c_str());
    std::exit(1);
}

namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

struct Settings {
    std::uint64_t keys = 1'000'000;
    std::uint64_t rounds = 5;
    std::uint64_t load_rounds = 3;
    std::uint64_t gets = 1'000'000;   // a slice; shorter ones leave the map's page tables cold
    std::uint64_t puts = 300'000;
    std::string directory = ".";
    std::string json;
};

constexpr std::size_t kAtOnce = 64;       // of get_many
constexpr std::size_t kBatch = 1'000;     // of a load by batches

class Comparison {
public:
    explicit Comparison(const Settings& settings) : settings_(settings), present_(first_keys(settings.keys)) {
        peers_.push_back(make_quire(settings.directory));
        for (const MakePeer make : peers()) {
            peers_.push_back(make(settings.directory));
        }
        for (const auto& peer : peers_) {
            measured_.push_back(peer.get());
        }
        without_checkpoints_ = make_quire_without_checkpoints(settings.directory);
    }

    void run() {
        load();
        growth();
        std::vector<Peer*> writers = measured_;
        writers.push_back(without_checkpoints_.get());
        without_checkpoints_->begin_empty();
        without_checkpoints_->put_batches(present_, values_, kBatch);
        without_checkpoints_->settle();
        for (unsigned round = 0; round < settings_.rounds; ++round) {
            reads("get, hit", round, true, [](Peer& peer, std::span<const Key> keys) { return peer.get(keys); });
            reads("get, miss", round, false, [](Peer& peer, std::span<const Key> keys) { return peer.get(keys); });
            reads("get_many(64), hit", round, true,
                  [](Peer& peer, std::span<const Key> keys) { return peer.get_many(keys, kAtOnce); });
            scan(round);
            updates(round, writers);
        }
        space();
    }
    const Figures& figures() const { return figures_; }

private:
    // One slice of each peer, in an order that is another every round.
    void interleave(const std::string& measure, unsigned round, const std::vector<Peer*>& peers, std::uint64_t operations,
                    const std::function<void(Peer&)>& before, const std::function<void(Peer&)>& slice) {
        std::map<const Peer*, double> times;
        for (std::size_t i = 0; i < peers.size(); ++i) {
            Peer& peer = *peers[(i + round) % peers.size()];
            before(peer);
            const auto from = Clock::now();
            slice(peer);
            times[&peer] = seconds_of(Clock::now() - from) * 1e9 / static_cast<double>(operations);
        }
        for (const Peer* peer : peers) {
            figures_.add({measure, std::string(peer->name()), round, times[peer]});
        }
    }
    void load() {
        for (unsigned round = 0; round < settings_.load_rounds; ++round) {
            for (const bool batches : {true, false}) {   // the last load is by single puts, and stays
                interleave(batches ? "load, batches of 1,000" : "load, single puts", round, measured_, settings_.keys,
                           [](Peer& peer) { peer.begin_empty(); },
                           [&](Peer& peer) {
                               batches ? peer.put_batches(present_, values_, kBatch) : peer.put(present_, values_);
                           });
            }
        }
    }
    // Once more from empty, with a look at the clock after every put: the longest is what a user notices.
    void growth() {
        for (Peer* peer : measured_) {
            peer->begin_empty();
            const std::uint64_t flushed = peer->flushed_bytes().value_or(0);
            std::vector<float> micros(settings_.keys);
            auto last = Clock::now();
            for (std::uint64_t n = 0; n < settings_.keys; ++n) {
                peer->put(std::span(present_).subspan(n, 1), values_);
                const auto now = Clock::now();
                micros[n] = static_cast<float>(seconds_of(now - last) * 1e6);
                last = now;
            }
            const std::string name(peer->name());
            std::sort(micros.begin(), micros.end());
            const auto at = [&](double share) { return micros[static_cast<std::size_t>(share * double(micros.size() - 1))]; };
            figures_.note("longest put while growing from empty", name, double(micros.back()) / 1e3, "ms");
            figures_.note("… 99.99 % of them within", name, double(at(0.9999)), "us");
            const auto long_ones = std::count_if(micros.begin(), micros.end(), [](float t) { return t > 1000; });
            figures_.note("… puts over 1 ms", name, static_cast<double>(long_ones), "");
            if (peer->flushed_bytes()) {
                figures_.note("bytes flushed per put, growing", name,
                              double(*peer->flushed_bytes() - flushed) / static_cast<double>(settings_.keys), "bytes");
            }
            peer->settle();
            if (const auto disk = peer->disk_bytes()) {
                figures_.note("file / (key + value bytes), loaded and checkpointed", name,
                              double(*disk) / double(settings_.keys * (kKeyBytes + kValueBytes)), "");
            }
        }
        noise();
    }
    // How long the machine keeps even a thread waiting that only looks at the clock.
    void noise() {
        double longest = 0;
        const auto end = Clock::now() + std::chrono::seconds(2);
        for (auto last = Clock::now(); last < end;) {
            const auto now = Clock::now();
            longest = std::max(longest, seconds_of(now - last) * 1e3);
            last = now;
        }
        figures_.note("longest gap of a thread that does nothing, in 2 s", "the machine", longest, "ms");
    }
    void reads(const std::string& measure, unsigned round, bool hit,
               const std::function<std::uint64_t(Peer&, std::span<const Key>)>& read) {
        const std::vector<Key> keys = asked(settings_.gets / kAtOnce * kAtOnce, settings_.keys, round * 2 + hit, hit);
        interleave(measure, round, measured_, keys.size(), [](Peer&) {},
                   [&](Peer& peer) {
                       if (read(peer, keys) != (hit ? keys.size() : 0)) {
                           give_up(measure + ": " + std::string(peer.name()) + " found something else");
                       }
                   });
    }
    void scan(unsigned round) {
        interleave("scan, a record", round, measured_, settings_.keys, [](Peer&) {},
                   [&](Peer& peer) {
                       if (peer.scan() != settings_.keys) {
                           give_up("scan: " + std::string(peer.name()) + " found something else");
                       }
                   });
    }
    void updates(unsigned round, const std::vector<Peer*>& writers) {
        const std::vector<Key> keys = asked(settings_.puts, settings_.keys, 1'000 + round, true);
        std::uint64_t flushed = 0;
        interleave("put, an update", round, writers, keys.size(),
                   [&](Peer& peer) { flushed = peer.flushed_bytes().value_or(0); },
                   [&](Peer& peer) {
                       peer.put(keys, values_);
                       if (const auto now = peer.flushed_bytes()) {
                           flushed_[&peer] += *now - flushed;
                       }
                   });
    }
    void space() {
        for (const auto& [peer, bytes] : flushed_) {
            figures_.note("bytes flushed per put, updating", std::string(peer->name()),
                          double(bytes) / double(settings_.puts * settings_.rounds), "bytes");
        }
    }

    Settings settings_;
    std::vector<Key> present_;
    Values values_;
    std::vector<std::unique_ptr<Peer>> peers_;
    std::vector<Peer*> measured_;
    std::unique_ptr<Peer> without_checkpoints_;
    std::map<const Peer*, std::uint64_t> flushed_;
    Figures figures_;
};

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 0); }

Settings settings_of(int count, char** words) {
    Settings settings;
    for (int i = 1; i < count; i += 2) {
        const std::string name = words[i];
        if (i + 1 == count) {
            give_up(name + " needs a value");
        }
        const char* value = words[i + 1];
        if (name == "--keys") {
            settings.keys = number(value);
        } else if (name == "--rounds") {
            settings.rounds = number(value);
        } else if (name == "--load-rounds") {
            settings.load_rounds = number(value);
        } else if (name == "--gets") {
            settings.gets = number(value);
        } else if (name == "--puts") {
            settings.puts = number(value);
        } else if (name == "--dir") {
            settings.directory = value;
        } else if (name == "--json") {
            settings.json = value;
        } else {
            give_up("unknown option " + name);
        }
    }
    settings.directory += "/quire-compare-" + std::to_string(std::random_device{}());
    std::filesystem::create_directories(settings.directory);
    return settings;
}

}  // namespace

}  // namespace quire::bench

int main(int count, char** words) {
    using namespace quire::bench;
    const Settings settings = settings_of(count, words);
    bool written = true;
    {
        Comparison comparison(settings);
        comparison.run();
        comparison.figures().print(std::to_string(settings.keys) + " keys of 16 bytes, values of 100 bytes");
        if (!settings.json.empty()) {
            std::string command = words[0];
            for (int i = 1; i < count; ++i) {
                command += ' ';
                command += words[i];
            }
            written = comparison.figures().write_json(settings.json, command);
        }
    }
    std::filesystem::remove_all(settings.directory);
    return written ? 0 : 1;
}
