// SPDX-License-Identifier: MIT
#include "operation.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <quire/check.h>

namespace quire::promises {

std::string_view name(Operation::Kind kind) noexcept {
    constexpr std::string_view kNames[] = {"put",  "erase",     "insert", "batch", "durable batch",
                                           "sync", "checkpoint"};
    return kNames[static_cast<unsigned>(kind)];
}

std::string shown(std::string_view bytes) {
    constexpr std::size_t kShownMax = 40;
    std::string text = "'";
    for (const char c : bytes.substr(0, kShownMax)) {
        text += c >= ' ' && c <= '~' ? c : '.';
    }
    return text + (bytes.size() > kShownMax ? "'… (" : "' (") + std::to_string(bytes.size()) + " bytes)";
}

std::string key_of(std::uint64_t number) {
    if (number == 0) {
        return {};
    }
    if (number < 200) {
        return std::string(1, static_cast<char>(number));
    }
    std::string key = "key-" + std::to_string(number);
    if (number % 64 == 0) {
        key.resize(number % 1024 == 0 ? 3000 : 100 + number % 250, '+');
    }
    return key;
}

std::string random_bytes(Random& random, std::uint64_t size) {
    std::string bytes(size, '\0');
    for (std::uint64_t at = 0; at < size; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random.next();
        std::memcpy(bytes.data() + at, &word, std::min<std::uint64_t>(sizeof word, size - at));
    }
    return bytes;
}

std::string random_value(Random& random, const Workload& workload) {
    if (workload.jumbo_one_in != 0 && random.one_in(workload.jumbo_one_in)) {
        return random_bytes(random, random.between(workload.jumbo_bytes_min, workload.jumbo_bytes_max));
    }
    switch (random.below(16)) {
        case 0: return {};
        case 1: return random_bytes(random, random.between(1, 8));
        case 2: return random_bytes(random, random.below(workload.value_bytes_max + 1));
        default: return random_bytes(random, random.below(workload.value_bytes_max / 10 + 1));
    }
}

namespace {

Step random_step(Random& random, const Workload& workload, const std::map<std::string, std::string>* known) {
    Step step;
    step.key = key_of(random.below(workload.key_count));
    if (random.one_in(8)) {
        const auto found = known != nullptr ? known->find(step.key) : std::map<std::string, std::string>::const_iterator{};
        const bool there = known != nullptr && found != known->end();
        // Mostly true expectations: a batch that fails changes nothing, and a test needs changes.
        const bool truth = !random.one_in(6);
        if (there == truth) {
            step.kind = Step::Kind::expect;
            step.value = there ? found->second : random_bytes(random, 5);
        } else {
            step.kind = Step::Kind::expect_absent;
        }
    } else if (random.one_in(4)) {
        step.kind = Step::Kind::erase;
    } else {
        step.value = random_value(random, workload);
    }
    return step;
}

}  // namespace

Operation random_operation(Random& random, const Workload& w, const std::map<std::string, std::string>* known) {
    using Kind = Operation::Kind;
    const std::uint64_t weights[] = {w.put, w.erase, w.insert, w.batch, w.durable_batch, w.sync, w.checkpoint};
    std::uint64_t total = 0;
    for (const std::uint64_t weight : weights) {
        total += weight;
    }
    std::uint64_t pick = random.below(total);
    unsigned kind = 0;
    while (pick >= weights[kind]) {
        pick -= weights[kind++];
    }
    Operation operation;
    operation.kind = static_cast<Kind>(kind);
    if (!operation.writes()) {
        return operation;
    }
    if (operation.kind < Kind::batch) {
        operation.steps.push_back({Step::Kind::put, key_of(random.below(w.key_count)), {}});
        if (operation.kind != Kind::erase) {
            operation.steps.back().value = random_value(random, w);
        }
        return operation;
    }
    std::uint64_t left = random.between(1, w.batch_steps_max);
    std::uint64_t bytes = 0;
    for (; left != 0; --left) {
        Step step = random_step(random, w, known);
        bytes += 32 + step.key.size() + step.value.size();
        if (bytes > w.batch_bytes_max) {
            break;
        }
        operation.steps.push_back(std::move(step));
    }
    return operation;
}

Answer Model::apply(const Operation& operation) {
    using Kind = Operation::Kind;
    switch (operation.kind) {
        case Kind::put:
            content_[operation.steps[0].key] = operation.steps[0].value;
            return {};
        case Kind::erase: return {content_.erase(operation.steps[0].key) == 1, {}};
        case Kind::insert: return {content_.emplace(operation.steps[0].key, operation.steps[0].value).second, {}};
        case Kind::batch:
        case Kind::durable_batch: break;
        default: return {};
    }
    for (std::uint64_t i = 0; i < operation.steps.size(); ++i) {
        const Step& step = operation.steps[i];
        const auto found = content_.find(step.key);
        if ((step.kind == Step::Kind::expect && (found == content_.end() || found->second != step.value)) ||
            (step.kind == Step::Kind::expect_absent && found != content_.end())) {
            return {false, i};
        }
    }
    for (const Step& step : operation.steps) {
        if (step.kind == Step::Kind::put) {
            content_[step.key] = step.value;
        } else if (step.kind == Step::Kind::erase) {
            content_.erase(step.key);
        }
    }
    return {};
}

Batch batch_of(const Operation& operation) {
    Batch batch;
    if (operation.kind != Operation::Kind::batch && operation.kind != Operation::Kind::durable_batch) {
        return batch;
    }
    for (const Step& step : operation.steps) {
        switch (step.kind) {
            case Step::Kind::put: batch.put(step.key, step.value); break;
            case Step::Kind::erase: batch.erase(step.key); break;
            case Step::Kind::expect: batch.expect(step.key, step.value); break;
            case Step::Kind::expect_absent: batch.expect_absent(step.key); break;
        }
    }
    return batch;
}

namespace {

Result<Answer> answer(Result<void> result) noexcept {
    return result ? Result<Answer>(Answer{}) : std::unexpected(result.error());
}

Result<Answer> answer(Result<bool> result) noexcept {
    return result ? Result<Answer>(Answer{*result, {}}) : std::unexpected(result.error());
}

Result<Answer> answer(Result<Lsn> result) noexcept {
    if (!result && result.error().code == Errc::conflict) {
        return Answer{false, result.error().detail};
    }
    return result ? Result<Answer>(Answer{}) : std::unexpected(result.error());
}

}  // namespace

Result<Answer> perform(Store& store, const Operation& operation, const Batch& batch) noexcept {
    switch (operation.kind) {
        case Operation::Kind::put: return answer(store.put(operation.steps[0].key, operation.steps[0].value));
        case Operation::Kind::erase: return answer(store.erase(operation.steps[0].key));
        case Operation::Kind::insert: return answer(store.insert(operation.steps[0].key, operation.steps[0].value));
        case Operation::Kind::batch: return answer(store.commit(batch));
        case Operation::Kind::durable_batch: return answer(store.commit(batch, Durability::durable));
        case Operation::Kind::sync: return answer(store.sync());
        case Operation::Kind::checkpoint: return answer(store.checkpoint());
    }
    return Answer{};
}

Result<Answer> perform(Store& store, const Operation& operation) noexcept {
    return perform(store, operation, batch_of(operation));
}

std::optional<std::string> difference(const Operation& operation, const Answer& expected, const Result<Answer>& got) {
    const std::string what(name(operation.kind));
    if (!got) {
        return what + " failed: " + to_string(got.error());
    }
    if (got->done != expected.done || got->conflict.has_value() != expected.conflict.has_value()) {
        return what + " answered " + (got->done ? "done" : "not done") + ", expected " +
               (expected.done ? "done" : "not done");
    }
    if (got->conflict) {
        // Any expectation that fails will do; the model tells the first.
        const bool names_expectation = *got->conflict < operation.steps.size() && *got->conflict >= *expected.conflict &&
                                       operation.steps[*got->conflict].kind >= Step::Kind::expect;
        if (!names_expectation) {
            return what + " names step " + std::to_string(*got->conflict) + " as failed, expected " +
                   std::to_string(*expected.conflict);
        }
    }
    return std::nullopt;
}

namespace {

std::optional<std::string> scan_difference(const std::map<std::string, std::string>& expected, const Store& store) {
    auto pin = store.pin();
    if (!pin) {
        return "pin failed: " + to_string(pin.error());
    }
    std::set<std::string_view> seen;
    auto scan = pin->scan();
    for (const Result<Record>& record : scan) {
        if (!record) {
            return "scan failed: " + to_string(record.error());
        }
        const auto found = expected.find(std::string(record->key.text()));
        if (found == expected.end()) {
            return "scan shows " + shown(record->key.text()) + ", which must not be there";
        }
        if (record->value.text() != found->second) {
            return "scan shows a wrong value of " + shown(found->first) + ": " + shown(record->value.text()) +
                   " instead of " + shown(found->second);
        }
        if (!seen.insert(found->first).second) {
            return "scan shows " + shown(found->first) + " twice";
        }
    }
    for (const auto& [key, value] : expected) {
        if (!seen.contains(key)) {
            return "scan leaves out " + shown(key) + ", whose value is " + shown(value);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> difference(const std::map<std::string, std::string>& expected, const Store& store) {
    const auto count = store.count();
    if (!count || *count != expected.size()) {
        return "count is " + (count ? std::to_string(*count) : to_string(count.error())) + " instead of " +
               std::to_string(expected.size()) + scan_difference(expected, store).value_or(" (scan agrees)").insert(0, "; ");
    }
    if (auto wrong = scan_difference(expected, store)) {
        return wrong;
    }
    std::string value;
    for (const auto& [key, right] : expected) {
        const auto found = store.get(key, value);
        if (!found || !*found || value != right) {
            return "get of " + shown(key) + " answers " +
                   (!found ? to_string(found.error()) : !*found ? "absent" : shown(value)) + " instead of " + shown(right);
        }
    }
    return std::nullopt;
}

std::optional<std::string> unsound(const Store& store) {
    const auto report = store.check({});
    if (!report) {
        return "check failed: " + to_string(report.error());
    }
    if (!report->clean()) {
        return "check finds " + std::to_string(report->finding_count) + ": " +
               (report->findings.empty() ? std::string() : to_string(report->findings[0].error));
    }
    return std::nullopt;
}

}  // namespace quire::promises
