// SPDX-License-Identifier: MIT
#include "kvtool/glob.h"

#include <algorithm>
#include <cstddef>

#include "kvtool/bytes_text.h"

namespace kvtool {

namespace {

unsigned char byte_at(std::string_view bytes, std::size_t i) noexcept { return static_cast<unsigned char>(bytes[i]); }

// Where the set that begins at pattern[0] = '[' ends, past its ']'; 0 if it is never closed.
std::size_t set_length(std::string_view pattern) noexcept {
    std::size_t i = pattern.substr(1).starts_with('!') ? 2 : 1;
    const std::size_t close = pattern.find(']', i + 1);   // the first place may hold a ']' of the set
    return close == pattern.npos ? 0 : close + 1;
}

bool set_holds(std::string_view set, unsigned char byte) noexcept {
    set = set.substr(1, set.size() - 2);
    const bool negated = set.starts_with('!');
    set.remove_prefix(negated ? 1 : 0);
    bool found = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (i + 2 < set.size() && set[i + 1] == '-') {
            found = found || (byte >= byte_at(set, i) && byte <= byte_at(set, i + 2));
            i += 2;
        } else {
            found = found || byte == byte_at(set, i);
        }
    }
    return found != negated;
}

struct Step {
    std::size_t pattern = 0;
    std::size_t text = 0;   // 0: no match
};

// One element of the pattern, no star, against the start of the text.
Step match_one(std::string_view pattern, std::string_view text) noexcept {
    if (text.empty()) {
        return {};
    }
    if (pattern.front() == '?') {
        return {1, std::max<std::size_t>(1, utf8_length(text))};
    }
    if (pattern.front() == '[') {
        if (const std::size_t length = set_length(pattern)) {
            return {length, set_holds(pattern.substr(0, length), byte_at(text, 0)) ? std::size_t{1} : 0};
        }
    }
    const std::size_t quoted = pattern.front() == '\\' && pattern.size() > 1 ? 1 : 0;
    return {quoted + 1, pattern[quoted] == text.front() ? std::size_t{1} : 0};
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
    // Only the last star ever has to be tried again: what an earlier one took can be taken by it too.
    std::string_view behind_star;
    std::string_view star_took_up_to;
    bool starred = false;
    while (true) {
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            behind_star = pattern;
            star_took_up_to = text;
            starred = true;
            continue;
        }
        if (pattern.empty() && text.empty()) {
            return true;
        }
        const Step step = pattern.empty() ? Step{} : match_one(pattern, text);
        if (step.text != 0) {
            pattern.remove_prefix(step.pattern);
            text.remove_prefix(step.text);
        } else if (starred && !star_took_up_to.empty()) {
            star_took_up_to.remove_prefix(1);
            pattern = behind_star;
            text = star_took_up_to;
        } else {
            return false;
        }
    }
}

}  // namespace kvtool
