// SPDX-License-Identifier: MIT
//
// Reads the tables of format-spec/ for tests that hold the code against them. A table belongs to the `###` heading
// above it; the source tree is named by QUIRE_SOURCE_DIR, the environment's before the compile definition's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace quire::test {

struct SpecTable {
    std::string heading;                            // "struct Meta (4096 bytes)"
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
};

inline std::filesystem::path source_dir() {
    if (const char* given = std::getenv("QUIRE_SOURCE_DIR")) {
        return given;
    }
#ifdef QUIRE_SOURCE_DIR
    return QUIRE_SOURCE_DIR;
#else
    return ".";
#endif
}

inline std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r`");
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(" \t\r`") - first + 1));
}

inline std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const auto to = std::min(text.find(at, from), text.size());
        parts.push_back(trimmed(text.substr(from, to - from)));
        from = to + 1;
    }
    return parts;
}

inline std::vector<std::string> table_cells(std::string_view line) {
    auto cells = split(line, '|');
    cells.erase(cells.begin());
    cells.pop_back();
    return cells;
}

// All tables under `###` headings, in the order of the chapters. Empty: the folder was not found.
inline std::vector<SpecTable> read_spec_tables() {
    std::vector<std::filesystem::path> chapters;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "format-spec", failed)) {
        if (entry.path().extension() == ".md") {
            chapters.push_back(entry.path());
        }
    }
    std::sort(chapters.begin(), chapters.end());
    std::vector<SpecTable> tables;
    for (const auto& chapter : chapters) {
        std::ifstream in(chapter, std::ios::binary);
        bool under_heading = false;
        for (std::string line; std::getline(in, line);) {
            if (line.starts_with('#')) {
                under_heading = line.starts_with("### ");
                if (under_heading) {
                    tables.push_back({trimmed(line.substr(4)), {}, {}});
                }
            } else if (under_heading && line.starts_with('|')) {
                SpecTable& table = tables.back();
                if (table.columns.empty()) {
                    table.columns = table_cells(line);
                } else if (!line.starts_with("|-")) {
                    table.rows.push_back(table_cells(line));
                }
            } else if (under_heading && !tables.back().columns.empty()) {
                under_heading = false;
            }
        }
    }
    return tables;
}

// The one table whose heading is `heading`, or one without columns if there is none or a second.
inline SpecTable spec_table(std::string_view heading) {
    std::vector<SpecTable> found;
    for (auto& table : read_spec_tables()) {
        if (table.heading == heading) {
            found.push_back(std::move(table));
        }
    }
    return found.size() == 1 ? found.front() : SpecTable{};
}

// "0x…" or decimal; everything else is 2^64 - 1.
inline std::uint64_t number(std::string_view text) {
    char* end = nullptr;
    const std::string copy(text);
    const auto value = std::strtoull(copy.c_str(), &end, copy.starts_with("0x") ? 16 : 10);
    return copy.empty() || *end != '\0' ? ~std::uint64_t{0} : value;
}

}  // namespace quire::test
