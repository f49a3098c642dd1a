// SPDX-License-Identifier: MIT
//
// One store, written on one system and read, checked and written on by another: what a script runs on both in turn.
//
//   interchange write  FILE SEED [smallest] [crash]   does the operations that SEED stands for; `crash`: ends without closing
//   interchange verify FILE SEED                      the store holds what all its seeds together make, SEED being the last
//
// Both print `digest count` on one line. A list of the seeds so far lies in the store itself.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "operation.h"
#include "random.h"

#include "store/tuning.h"

using namespace quire;
using namespace quire::promises;

namespace {

constexpr char kSeedsKey[] = "interchange seeds";   // no key_of() is called so
constexpr std::uint64_t kOperations = 5'000;

Workload workload() {
    Workload workload;   // fits the smallest geometry
    workload.key_count = 3'000;
    workload.value_bytes_max = 1'500;
    workload.jumbo_bytes_min = 17 << 10;
    workload.jumbo_bytes_max = 40 << 10;
    workload.jumbo_one_in = 200;
    workload.batch_steps_max = 100;
    return workload;
}

int failed(const std::string& what) {
    std::fprintf(stderr, "interchange: %s\n", what.c_str());
    return 1;
}

std::vector<std::uint64_t> seeds_in(const std::string& list) {
    std::vector<std::uint64_t> seeds;
    std::istringstream words(list);
    for (std::uint64_t seed = 0; words >> seed;) {
        seeds.push_back(seed);
    }
    return seeds;
}

int tell(Store& store) {
    const auto digest = store.digest();
    const auto count = store.count();
    if (!digest || !count) {
        return failed("no digest or count");
    }
    std::printf("%s %llu\n", to_string(*digest).c_str(), static_cast<unsigned long long>(*count));
    std::fflush(stdout);
    return 0;
}

int write(Store& store, std::uint64_t seed) {
    const auto list = store.get(kSeedsKey);
    if (!list) {
        return failed(to_string(list.error()));
    }
    Random random(seed);
    for (std::uint64_t i = 0; i < kOperations; ++i) {
        const auto answer = perform(store, random_operation(random, workload(), nullptr));
        if (!answer) {
            return failed(to_string(answer.error()));
        }
    }
    const auto put = store.put(kSeedsKey, list->value_or("") + std::to_string(seed) + " ");
    return put ? tell(store) : failed(to_string(put.error()));
}

int verify(Store& store, std::uint64_t last_seed) {
    const auto list = store.get(kSeedsKey);
    if (!list || !*list) {
        return failed(list ? "no seeds in the store" : to_string(list.error()));
    }
    const std::vector<std::uint64_t> seeds = seeds_in(**list);
    if (seeds.empty() || seeds.back() != last_seed) {
        return failed("the last seed is another: " + **list);
    }
    Model model;
    for (const std::uint64_t seed : seeds) {
        Random random(seed);
        for (std::uint64_t i = 0; i < kOperations; ++i) {
            model.apply(random_operation(random, workload(), nullptr));
        }
    }
    model.content()[kSeedsKey] = **list;
    if (const auto wrong = difference(model.content(), store)) {
        return failed(*wrong);
    }
    if (const auto wrong = unsound(store)) {
        return failed(*wrong);
    }
    return tell(store);
}

}  // namespace

int main(int count, char** words) {
    const std::vector<std::string> arguments(words + 1, words + count);
    if (arguments.size() < 3 || (arguments[0] != "write" && arguments[0] != "verify")) {
        return failed("usage: interchange write|verify FILE SEED [smallest] [crash]");
    }
    const auto has = [&](const char* word) {
        return std::find(arguments.begin() + 3, arguments.end(), word) != arguments.end();
    };
    Options options;
    options.upkeep = Upkeep::caller;
    const auto geometry = has("smallest") ? format::Geometry::smallest() : format::Geometry::production();
    auto store = store::open_with(arguments[1], options, {geometry});
    if (!store) {
        return failed("open: " + to_string(store.error()));
    }
    const std::uint64_t seed = std::strtoull(arguments[2].c_str(), nullptr, 0);
    const int code = arguments[0] == "write" ? write(*store, seed) : verify(*store, seed);
    if (code == 0 && has("crash")) {
        std::_Exit(0);   // no close(), no destructor
    }
    const auto closed = store->close();
    return closed ? code : failed("close: " + to_string(closed.error()));
}
