// SPDX-License-Identifier: MIT
//
// Random writes: made from a seed alone, so that two processes can make the same ones; done to a store; and done to a
// std::map, which is what the store must then equal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <quire/store.h>

#include "random.h"

namespace quire::promises {

struct Step {   // one line of a batch
    enum class Kind : std::uint8_t { put, erase, expect, expect_absent };
    Kind kind = Kind::put;
    std::string key;
    std::string value;
};

struct Operation {
    enum class Kind : std::uint8_t { put, erase, insert, batch, durable_batch, sync, checkpoint };
    static constexpr unsigned kKinds = 7;
    Kind kind = Kind::put;
    std::vector<Step> steps;   // one but for batches; none for sync and checkpoint

    bool writes() const noexcept { return kind < Kind::sync; }
};
std::string_view name(Operation::Kind kind) noexcept;

// What an operation answers. Absent: it did nothing, for the key was there or not there as it should not be.
struct Answer {
    bool done = true;
    std::optional<std::uint64_t> conflict;   // the expectation that failed
};

// What kind of operations. Sizes are in bytes; the shares are weights.
struct Workload {
    std::uint64_t key_count = 1000;
    std::uint64_t value_bytes_max = 1000;    // of the ordinary ones; most are under a tenth of it
    std::uint64_t jumbo_bytes_min = 0;       // one value in `jumbo_one_in` has between so many bytes
    std::uint64_t jumbo_bytes_max = 0;
    std::uint64_t jumbo_one_in = 0;          // 0: never
    std::uint64_t batch_steps_max = 20;
    std::uint64_t batch_bytes_max = 32u << 10;
    std::uint64_t put = 500;                 // what waits for a device is rare: it is all that takes time
    std::uint64_t erase = 150;
    std::uint64_t insert = 100;
    std::uint64_t batch = 200;
    std::uint64_t durable_batch = 1;
    std::uint64_t sync = 1;
    std::uint64_t checkpoint = 3;
};

// The key that a number stands for: the empty one, tiny ones, ordinary ones, some of hundreds and a few of thousands
// of bytes.
std::string key_of(std::uint64_t number);
std::string random_bytes(Random& random, std::uint64_t size);
std::string random_value(Random& random, const Workload& workload);
// `known`: a value that the key may hold, for expectations that hold now and then.
Operation random_operation(Random& random, const Workload& workload, const std::map<std::string, std::string>* known);

class Model {
public:
    Answer apply(const Operation& operation);
    const std::map<std::string, std::string>& content() const noexcept { return content_; }
    std::map<std::string, std::string>& content() noexcept { return content_; }

private:
    std::map<std::string, std::string> content_;
};

Batch batch_of(const Operation& operation);
Result<Answer> perform(Store& store, const Operation& operation) noexcept;
// The same with the batch made before.
Result<Answer> perform(Store& store, const Operation& operation, const Batch& batch) noexcept;

// What is wrong with the store's answer, if anything: it differs from the model's.
std::optional<std::string> difference(const Operation& operation, const Answer& expected, const Result<Answer>& got);
// What is wrong with the store's content, if anything: scan, count, and every key by get.
std::optional<std::string> difference(const std::map<std::string, std::string>& expected, const Store& store);
// What `check` finds, if anything.
std::optional<std::string> unsound(const Store& store);

std::string shown(std::string_view bytes);   // short enough for a message

}  // namespace quire::promises
