// SPDX-License-Identifier: MIT
#include "kvtool/verbs.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "kvtool/stop.h"

namespace kvtool {

namespace {

constexpr std::array kVerbs = {
    Verb{"create", "FILE", "Make an empty store", run_create},
    Verb{"put", "FILE KEY VALUE", "Store a value under a key", run_put},
    Verb{"get", "FILE KEY...", "Print the values of keys; 1 if one is absent", run_get},
    Verb{"exists", "FILE KEY", "Is there such a key; 1 if not", run_exists},
    Verb{"erase", "FILE KEY...", "Remove keys; 1 if one was absent", run_erase},
    Verb{"scan", "FILE", "List keys and values, in no order; 1 if none matched", run_scan},
    Verb{"count", "FILE", "Print how many records there are", run_count},
    Verb{"digest", "FILE", "Print the digest of all records: equal sets, equal digests", run_digest},
    Verb{"load", "FILE [INPUT]", "Store the records of a text", run_load},
    Verb{"dump", "FILE", "Print all records as a text that load takes", run_dump},
    Verb{"stat", "FILE", "Print figures about the store", run_stat},
    Verb{"check", "FILE", "Verify everything, change nothing; 4 if damage was found", run_check},
    Verb{"checkpoint", "FILE", "Make all durable, with nothing left to replay", run_checkpoint},
    Verb{"version", "", "Print release, format and system", run_version},
    Verb{"help", "[VERB]", "Print what there is, or what a verb takes", run_help},
};

// Words that other tools use. They are not aliases: a script should read the same everywhere.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kElsewhere = {{
    {"set", "put"},
    {"store", "put"},
    {"insert", "put"},
    {"del", "erase"},
    {"delete", "erase"},
    {"rm", "erase"},
    {"remove", "erase"},
    {"has", "exists"},
    {"ls", "scan"},
    {"list", "scan"},
    {"keys", "scan --keys"},
    {"info", "stat"},
    {"stats", "stat"},
    {"verify", "check"},
    {"copy", "dump and load"},
    {"import", "load"},
}};

// How many letters to change, add or drop.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({changed, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

std::string_view suggestion_for(std::string_view name) {
    const auto word = std::find_if(kElsewhere.begin(), kElsewhere.end(), [&](auto& w) { return w.first == name; });
    if (word != kElsewhere.end()) {
        return word->second;
    }
    const auto near = std::min_element(kVerbs.begin(), kVerbs.end(), [&](const Verb& a, const Verb& b) {
        return distance(name, a.name) < distance(name, b.name);
    });
    return distance(name, near->name) <= 2 && name.size() > 2 ? near->name : std::string_view();
}

}  // namespace

std::span<const Verb> verbs() noexcept { return kVerbs; }

const Verb* find_verb(std::string_view name) noexcept {
    const auto found = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& verb) { return verb.name == name; });
    return found == kVerbs.end() ? nullptr : &*found;
}

Exit run(const Verb& verb, std::vector<std::string> words) {
    Command command(verb.name, verb.about, std::move(words));
    return verb.run(command);
}

std::string unknown_verb(std::string_view name) {
    std::string message = "no verb '" + on_one_line(std::string(name.substr(0, 40))) + "'";
    const std::string_view suggestion = name.size() > 40 ? std::string_view() : suggestion_for(name);
    message += suggestion.empty() ? "; see kvtool help" : "; did you mean " + std::string(suggestion) + "?";
    return message;
}

}  // namespace kvtool
