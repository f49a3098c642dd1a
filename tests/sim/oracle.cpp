// SPDX-License-Identifier: MIT
#include "sim/oracle.h"

#include <optional>
#include <span>
#include <vector>

#include <quire/check.h>

#include "format/checksum.h"
#include "format/record.h"
#include "sim/rng.h"

namespace quire::sim {
namespace {

std::unexpected<std::string> wrong(std::string what) { return std::unexpected(std::move(what)); }

// Passes up what is wrong, with where it was found.
#define QUIRE_SIM_CHECK(where, ...)                    \
    if (auto checked = (__VA_ARGS__); !checked)        \
    return wrong(std::string(where) + ": " + checked.error())

// The digest as the format defines it (format-spec/04), from the records alone.
Digest digest_of(const Records& records) {
    Digest digest;
    std::vector<std::uint64_t> words;   // 8-aligned
    for (const auto& [key, value] : records) {
        words.resize(format::record_bytes(key.size(), value.size()) / 8);
        const auto content = format::encode_record(reinterpret_cast<std::byte*>(words.data()),
                                                   std::as_bytes(std::span(key)), std::as_bytes(std::span(value)), 0)
                                 .header->content;
        digest.words[0] += content;
        digest.words[1] += format::mix(content);
    }
    return digest;
}

Checked<Records> scan(const Store& store) {
    const auto pin = store.pin();
    if (!pin) {
        return wrong("pin: " + to_string(pin.error()));
    }
    Records records;
    Scan elements = pin->scan();
    for (const Result<Record>& element : elements) {
        if (!element) {
            return wrong("scan: " + to_string(element.error()));
        }
        if (!records.emplace(element->key.text(), element->value.text()).second) {
            return wrong("scan: a key comes twice: " + std::string(element->key.text()));
        }
    }
    return records;
}

Checked<void> gets_agree(const Store& store, const Records& records) {
    std::string value;
    for (const auto& [key, expected] : records) {
        const auto found = store.get(key, value);
        if (!found) {
            return wrong("get: " + to_string(found.error()));
        }
        if (!*found || value != expected) {
            return wrong("get and scan differ at key " + key);
        }
    }
    const auto absent = store.contains("no such key");
    if (!absent || *absent) {
        return wrong(absent ? "a key that never was is there" : "contains: " + to_string(absent.error()));
    }
    return {};
}

Checked<void> check_clean(const Store& store) {
    const auto report = store.check(CheckOptions{});
    if (!report) {
        return wrong("check: " + to_string(report.error()));
    }
    if (!report->clean()) {
        return wrong("check finds " + std::to_string(report->finding_count) + ", the first: " +
                     (report->findings.empty() ? "(not kept)" : to_string(report->findings[0].error)));
    }
    return {};
}

// A cut at some platform call of the open that follows, each as likely; or right after it.
class CutDuringOpen {
public:
    CutDuringOpen(const Disk& disk, std::uint64_t seed) : disk_(disk), rng_(seed) {
        outer_ = set_cut_hook([this](const CutPoint& point) {
            if (point.disk == disk_.path() && rng_.below(++seen_) == 0) {
                cut_ = disk_.cut();
            }
        });
    }
    ~CutDuringOpen() { set_cut_hook(std::move(outer_)); }
    CutDuringOpen(const CutDuringOpen&) = delete;
    CutDuringOpen& operator=(const CutDuringOpen&) = delete;

    Cut take() { return rng_.chance(1, 2) || !cut_ ? disk_.cut() : *std::move(cut_); }

private:
    const Disk& disk_;
    Rng rng_;
    CutHook outer_;
    std::uint64_t seen_ = 0;
    std::optional<Cut> cut_;
};

// Opens it, finds exactly these records, closes it.
Checked<void> holds(const Disk& disk, const Setup& setup, const Records& expected) {
    auto subject = open_subject(disk, setup);
    if (!subject) {
        return wrong(subject.error());
    }
    const auto found = inspect(*subject);
    if (!found) {
        return wrong(found.error());
    }
    if (*found != expected) {
        return wrong(first_difference(expected, *found));
    }
    return close_subject(*subject);
}

Checked<std::size_t> prefix_of(const Case& question, const Records& found) {
    const History& history = question.history;
    if (const auto k = history.find(found, question.durable, question.started)) {
        return *k;
    }
    if (const auto k = history.find(found, 0, question.durable)) {
        return wrong("recovered to commit " + std::to_string(*k) + ", but " + std::to_string(question.durable) +
                     " were acknowledged as durable");
    }
    return wrong("recovered to no state between commits " + std::to_string(question.durable) + " and " +
                 std::to_string(question.started) + " (" + std::to_string(found.size()) + " records); the first: " +
                 first_difference(history.at(question.durable), found) + "; the last: " +
                 first_difference(history.at(question.started), found));
}

// It can be written again, and what it then acknowledges holds.
Checked<void> goes_on(const Disk& disk, Subject& subject, const Setup& setup, Records records, std::uint64_t seed) {
    Rng rng(seed);
    const std::string key = "after " + std::to_string(rng.below(8));
    records[key] = std::string(rng.below(200), 'w');
    if (const auto put = subject.store.put(key, records[key]); !put) {
        return wrong("put: " + to_string(put.error()));
    }
    if (rng.chance(1, 2)) {
        if (const auto synced = subject.store.sync(); !synced) {
            return wrong("sync: " + to_string(synced.error()));
        }
        const Disk cut(choose(disk.cut(), rng.next()));
        QUIRE_SIM_CHECK("cut again after put and sync", holds(cut, setup, records));
    }
    QUIRE_SIM_CHECK("close", close_subject(subject));
    if (rng.chance(1, 2)) {
        QUIRE_SIM_CHECK("opened again after put and close", holds(disk, setup, records));
    } else {
        const Disk cut(choose(disk.cut(), rng.next()));
        QUIRE_SIM_CHECK("cut again after put and close", holds(cut, setup, records));
    }
    return {};
}

}  // namespace

Checked<Subject> open_subject(const Disk& disk, const Setup& setup) {
    Subject subject;
    subject.complaint = std::make_shared<std::string>();
    Options options = setup.options;
    options.on_event = [complaint = subject.complaint](const Event& event) {
        if (event.kind != Event::Kind::recovered && complaint->empty()) {
            *complaint = "event " + std::to_string(static_cast<int>(event.kind)) + ": " + to_string(event.error);
        }
    };
    auto opened = store::open_with(disk.path_of("store"), options, setup.tuning);
    if (!opened) {
        return wrong("open: " + to_string(opened.error()));
    }
    subject.store = *std::move(opened);
    return subject;
}

Checked<void> close_subject(Subject& subject) {
    if (const auto closed = subject.store.close(); !closed) {
        return wrong("close: " + to_string(closed.error()));
    }
    if (!subject.complaint->empty()) {
        return wrong(*subject.complaint);
    }
    return {};
}

Checked<Records> inspect(const Subject& subject) {
    const Store& store = subject.store;
    auto records = scan(store);
    if (!records) {
        return records;
    }
    QUIRE_SIM_CHECK("read", gets_agree(store, *records));
    const auto count = store.count();
    if (!count || *count != records->size()) {
        return wrong(count ? "count() says " + std::to_string(*count) + ", not " + std::to_string(records->size())
                           : "count: " + to_string(count.error()));
    }
    const auto digest = store.digest();
    if (!digest || *digest != digest_of(*records)) {
        return wrong(digest ? "digest() is not that of the records" : "digest: " + to_string(digest.error()));
    }
    QUIRE_SIM_CHECK("check", check_clean(store));
    if (!subject.complaint->empty()) {
        return wrong(*subject.complaint);
    }
    return records;
}

Checked<std::size_t> judge(const Case& question, const Setup& setup) {
    const Chance chance(question.seed);
    Rng rng(seed_of(question.seed, 1));
    const Disk disk(question.image);
    std::optional<Cut> second;
    auto subject = [&] {
        CutDuringOpen cutter(disk, rng.next());
        auto opened = open_subject(disk, setup);
        second = cutter.take();
        return opened;
    }();
    if (!subject) {
        return wrong(subject.error());
    }
    const auto found = inspect(*subject);
    if (!found) {
        return wrong(found.error());
    }
    const auto prefix = prefix_of(question, *found);
    if (!prefix) {
        return prefix;
    }
    {
        const Disk cut_again(choose(*second, rng.next()));
        QUIRE_SIM_CHECK("cut again during or after recovery", holds(cut_again, setup, *found));
    }
    {
        const Disk killed = disk.after_kill();
        QUIRE_SIM_CHECK("killed after recovery", holds(killed, setup, *found));
    }
    QUIRE_SIM_CHECK("going on", goes_on(disk, *subject, setup, *found, rng.next()));
    return *prefix;
}

}  // namespace quire::sim
