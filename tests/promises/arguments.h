// SPDX-License-Identifier: MIT
//
// `--name value` pairs of a command line, for tests that start themselves again in another role.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

namespace quire::promises {

class Arguments {
public:
    Arguments(int count, char** words) {
        for (int i = 1; i + 1 < count; ++i) {
            const std::string word = words[i];
            if (word.starts_with("--")) {
                values_[word.substr(2)] = words[++i];
            }
        }
    }
    std::string text(const std::string& name, const std::string& otherwise = {}) const {
        const auto found = values_.find(name);
        return found == values_.end() ? otherwise : found->second;
    }
    std::uint64_t number(const std::string& name, std::uint64_t otherwise = 0) const {
        const auto found = values_.find(name);
        return found == values_.end() ? otherwise : std::strtoull(found->second.c_str(), nullptr, 0);
    }

private:
    std::map<std::string, std::string> values_;
};

}  // namespace quire::promises
