// SPDX-License-Identifier: MIT
#include "sim/history.h"

#include <algorithm>
#include <span>

#include "format/checksum.h"

namespace quire::sim {
namespace {

std::uint64_t sum_of(const std::string& key, const std::string& value) {
    return format::fold(format::checksum(std::as_bytes(std::span(key))),
                        format::checksum(std::as_bytes(std::span(value))), key.size());
}

std::uint64_t sum_of(const Records& records) {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : records) {
        sum += sum_of(key, value);
    }
    return sum;
}

std::string shown(const std::string& bytes) {
    constexpr std::size_t kShown = 40;
    std::string text = "\"";
    for (const char c : bytes.substr(0, kShown)) {
        text += c >= ' ' && c <= '~' ? c : '.';
    }
    return text + (bytes.size() > kShown ? "…\" (" : "\" (") + std::to_string(bytes.size()) + " bytes)";
}

}  // namespace

void redo(const Changes& changes, Records& records) {
    for (const Change& change : changes) {
        if (change.value) {
            records[change.key] = *change.value;
        } else {
            records.erase(change.key);
        }
    }
}

void History::begin(Changes changes) {
    redo(changes, now_);
    commits_.push_back(std::move(changes));
    sums_.push_back(sum_of(now_));
}

void History::undo() { cut_to(length() - 1); }

void History::cut_to(std::size_t length) {
    now_ = at(length);
    commits_.resize(length);
    sums_.resize(length + 1);
}

Records History::at(std::size_t length) const {
    Records records;
    for (std::size_t i = 0; i < length; ++i) {
        redo(commits_[i], records);
    }
    return records;
}

std::optional<std::size_t> History::find(const Records& records, std::size_t least, std::size_t most) const {
    const std::uint64_t sum = sum_of(records);
    for (std::size_t k = most + 1; k-- > least;) {
        if (sums_[k] == sum && at(k) == records) {
            return k;
        }
    }
    return std::nullopt;
}

std::string first_difference(const Records& expected, const Records& found) {
    auto e = expected.begin();
    auto f = found.begin();
    while (e != expected.end() && f != found.end() && *e == *f) {
        ++e;
        ++f;
    }
    if (e == expected.end() && f == found.end()) {
        return "equal";
    }
    if (f == found.end() || (e != expected.end() && e->first < f->first)) {
        return "key " + shown(e->first) + " is missing";
    }
    if (e == expected.end() || f->first < e->first) {
        return "key " + shown(f->first) + " should not be there, its value is " + shown(f->second);
    }
    const auto at = std::ranges::mismatch(e->second, f->second).in1 - e->second.begin();
    return "key " + shown(e->first) + " holds " + shown(f->second) + " instead of " + shown(e->second) +
           ", different from byte " + std::to_string(at) + " on";
}

}  // namespace quire::sim
