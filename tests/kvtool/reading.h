// SPDX-License-Identifier: MIT
//
// Reads a whole text at once, for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kvtool/text_record.h"

namespace kvtool {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Reading {
    Pairs records;
    std::vector<TextError> errors;
};

// Goes on behind errors, as load --rescue does. A reader that never ends would hang here.
template <class Reader>
Reading read_text(std::string_view text, std::size_t line_bytes_max = kLineBytesMax) {
    MemorySource source(text);
    Lines lines(source, line_bytes_max);
    Reader reader(lines);
    Reading reading;
    TextRecord record;
    while (true) {
        const Parsed<bool> read = reader.next(record);
        if (!read) {
            reading.errors.push_back(read.error());
        } else if (*read) {
            reading.records.emplace_back(record.key, record.value);
        } else {
            return reading;
        }
    }
}

}  // namespace kvtool
