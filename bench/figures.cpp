// SPDX-License-Identifier: MIT
#include "figures.h"

#include <algorithm>
#include <cstdio>

namespace quire::bench {

namespace {

void remember(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {median, values.front(), values.back()};
}

void Figures::add(Slice slice) {
    remember(measures_, slice.measure);
    remember(peers_, slice.peer);
    std::fprintf(stderr, "  %-28s %-22s round %u  %10.1f ns\n", slice.measure.c_str(), slice.peer.c_str(), slice.round,
                 slice.ns_per_operation);
    slices_.push_back(std::move(slice));
}

void Figures::note(const std::string& what, const std::string& peer, double value, const char* unit) {
    notes_.push_back({what, peer, value, unit});
}

std::vector<double> Figures::of(const std::string& measure, const std::string& peer) const {
    std::vector<double> values;
    for (const Slice& slice : slices_) {
        if (slice.measure == measure && slice.peer == peer) {
            values.push_back(slice.ns_per_operation);
        }
    }
    return values;
}

std::optional<Spread> Figures::ratio(const std::string& measure, const std::string& over, const std::string& under) const {
    const std::vector<double> a = of(measure, over);
    const std::vector<double> b = of(measure, under);
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        ratios.push_back(a[i] / b[i]);
    }
    return ratios.empty() ? std::nullopt : std::optional(spread_of(ratios));
}

void Figures::print(const std::string& subject) const {
    std::printf("\n### %s\n\nMedian time of one operation, ns:\n\n| |", subject.c_str());
    for (const std::string& peer : peers_) {
        std::printf(" %s |", peer.c_str());
    }
    std::printf("\n|---|");
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        std::printf("---:|");
    }
    for (const std::string& measure : measures_) {
        std::printf("\n| %s |", measure.c_str());
        for (const std::string& peer : peers_) {
            const std::vector<double> values = of(measure, peer);
            values.empty() ? std::printf(" |") : std::printf(" %.1f |", spread_of(values).median);
        }
    }
    std::printf("\n\nRatios of times within a round, median (least … greatest); `A / B` under 1: A is faster:\n\n"
                "| | ratio | median | range |\n|---|---|---:|---|\n");
    for (const std::string& measure : measures_) {
        for (const std::string& quire : peers_) {
            for (const std::string& peer : peers_) {
                if (!quire.starts_with("Quire") || peer.starts_with("Quire")) {
                    continue;
                }
                if (const auto found = ratio(measure, quire, peer)) {
                    std::printf("| %s | %s / %s | **%.2f** | %.2f … %.2f |\n", measure.c_str(), quire.c_str(), peer.c_str(),
                                found->median, found->least, found->greatest);
                    const auto inverse = ratio(measure, peer, quire);
                    std::printf("| | %s / %s | %.2f | %.2f … %.2f |\n", peer.c_str(), quire.c_str(), inverse->median,
                                inverse->least, inverse->greatest);
                }
            }
        }
    }
    std::printf("\n| | peer | value |\n|---|---|---:|\n");
    for (const Note& note : notes_) {
        std::printf("| %s | %s | %.3f %s |\n", note.what.c_str(), note.peer.c_str(), note.value, note.unit.c_str());
    }
    std::fflush(stdout);
}

bool Figures::write_json(const std::string& path, const std::string& command) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) {
        return false;
    }
    std::fprintf(file, "{\n  \"command\": \"%s\",\n  \"slices\": [\n", escaped(command).c_str());
    for (std::size_t i = 0; i < slices_.size(); ++i) {
        const Slice& slice = slices_[i];
        std::fprintf(file, "    {\"measure\": \"%s\", \"peer\": \"%s\", \"round\": %u, \"ns_per_operation\": %.3f}%s\n",
                     escaped(slice.measure).c_str(), escaped(slice.peer).c_str(), slice.round, slice.ns_per_operation,
                     i + 1 < slices_.size() ? "," : "");
    }
    std::fprintf(file, "  ],\n  \"figures\": [\n");
    for (std::size_t i = 0; i < notes_.size(); ++i) {
        const Note& note = notes_[i];
        std::fprintf(file, "    {\"what\": \"%s\", \"peer\": \"%s\", \"value\": %.6f, \"unit\": \"%s\"}%s\n",
                     escaped(note.what).c_str(), escaped(note.peer).c_str(), note.value, escaped(note.unit).c_str(),
                     i + 1 < notes_.size() ? "," : "");
    }
    std::fprintf(file, "  ]\n}\n");
    return std::fclose(file) == 0;
}

}  // namespace quire::bench
