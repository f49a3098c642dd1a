// SPDX-License-Identifier: MIT
//
// A small random program over one store, cut at every operation boundary and at many of the platform calls inside.
// One seed gives the program, the cuts and the images; each image has a seed of its own, so that looking at one of them
// alone changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sim/disk.h"
#include "sim/history.h"
#include "sim/oracle.h"
#include "sim/rng.h"

namespace quire::sim {

struct Spot {                    // an image of a run
    std::uint64_t seed = 0;
    std::uint64_t op = 0;        // 0: making the store
    std::uint64_t cut = 0;       // 0: the operation's end; from 1: platform calls inside it, in order
    std::uint64_t image = 0;
};
std::string repeat_line(const Spot& spot);

struct Selection {               // which images are looked at; the workload runs all the same
    std::uint64_t from_op = 0;
    std::uint64_t to_op = ~std::uint64_t{0};
    std::optional<std::uint64_t> cut;
    std::optional<std::uint64_t> image;
};

struct Tally {                   // over all workloads of a run
    std::uint64_t workloads = 0;
    std::uint64_t ops = 0;
    std::uint64_t commits = 0;
    std::uint64_t judged = 0;            // images looked at
    std::uint64_t lost = 0;              // … that lost a commit
    std::uint64_t torn = 0;              // … with a torn page of the store
    std::uint64_t inside = 0;            // … cut inside an operation
    std::uint64_t older_size = 0;
    std::uint64_t older_names = 0;
    std::uint64_t went_on = 0;           // power cuts after which the workload itself went on
    std::uint64_t kills = 0;
    store::Counters counters;
    std::unordered_set<std::uint64_t> distinct;   // images, without the runtime file
    std::unordered_set<std::uint64_t> questions;  // images with what was promised of them
};

struct Violation {
    Spot spot;
    std::string what;
    std::string image;           // empty: the live store was wrong
    std::string setup{};         // how the store was opened
};

class Workload {
public:
    Workload(std::uint64_t seed, const Selection& selection, Tally& tally);

    // Called before each operation and each image; false ends the run.
    using Watch = std::function<bool(const Spot&)>;
    std::optional<Violation> run(const Watch& watch);

private:
    struct Pending {
        Spot spot;
        Image image;
        std::size_t durable;
        std::size_t started;
    };
    std::string describe_setup() const;
    using Step = Checked<void> (Workload::*)();

    Step next_step();
    Checked<void> put();
    Checked<void> erase();
    Checked<void> insert();
    Checked<void> batch();
    Checked<void> sync();
    Checked<void> checkpoint();
    Checked<void> reopen();
    Checked<void> kill();
    Checked<void> power_cut();
    Checked<void> look();

    Checked<void> write(Changes changes, Durability durability, const std::function<Result<void>()>& call);
    Checked<void> without_effect(const std::function<Result<void>()>& call);
    Checked<void> restart(Disk next);
    std::string some_key();
    std::string some_value();

    void take(std::uint64_t cut, std::uint64_t images);
    Checked<std::size_t> look_at(const Pending& pending);
    std::optional<Violation> look_at_pending(const Watch& watch);

    // Constant.
    const std::uint64_t seed_;
    const Selection selection_;
    Tally& tally_;

    Rng rng_;
    Setup setup_;
    std::uint64_t ops_ = 0;                  // how many there will be
    std::uint64_t keys_ = 0;
    std::uint64_t images_per_op_ = 0;
    std::uint64_t cuts_one_in_ = 0;

    Disk disk_;
    Subject subject_;
    History history_;
    std::size_t durable_ = 0;                // commits acknowledged as durable
    std::uint64_t newest_lsn_ = 0;
    std::uint64_t op_ = 0;
    std::uint64_t cut_ = 0;                  // platform calls inside this operation
    std::vector<Pending> pending_;
};

}  // namespace quire::sim
