// SPDX-License-Identifier: MIT
//
// Slices measured, and the tables and raw numbers that are made of them. A ratio is taken within a round, where both
// slices ran shortly after each other; the median of the rounds' ratios is reported, with the least and the greatest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quire::bench {

struct Slice {
    std::string measure;
    std::string peer;
    unsigned round = 0;
    double ns_per_operation = 0;
};

struct Spread {
    double median = 0;
    double least = 0;
    double greatest = 0;
};
Spread spread_of(std::vector<double> values);

class Figures {
public:
    void add(Slice slice);
    void note(const std::string& what, const std::string& peer, double value, const char* unit);
    void print(const std::string& subject) const;   // Markdown, on standard output
    bool write_json(const std::string& path, const std::string& command) const;

private:
    struct Note {
        std::string what;
        std::string peer;
        double value;
        std::string unit;
    };
    std::vector<double> of(const std::string& measure, const std::string& peer) const;
    std::optional<Spread> ratio(const std::string& measure, const std::string& over, const std::string& under) const;

    std::vector<std::string> measures_;   // in the order of their first slice
    std::vector<std::string> peers_;
    std::vector<Slice> slices_;
    std::vector<Note> notes_;
};

}  // namespace quire::bench
