// SPDX-License-Identifier: MIT
//
// What all text forms of a store have in common: records out of lines, one after the other.
#pragma once

#include <cstdint>
#include <string_view>

#include "kvtool/lines.h"

namespace kvtool {

struct TextRecord {
    std::string_view key;
    std::string_view value;
    std::uint64_t line = 0;   // where it begins
};

class TextReader {
public:
    TextReader() = default;
    TextReader(const TextReader&) = delete;
    TextReader& operator=(const TextReader&) = delete;
    virtual ~TextReader() = default;

    // True: `record` is the next one; its views are good until the next call. False: the end. An error is about one
    // record, and the next call goes on behind it. (Where nothing can be read behind it, the next call answers the end.)
    virtual Parsed<bool> next(TextRecord& record) = 0;
};

}  // namespace kvtool
