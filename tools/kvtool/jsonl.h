// SPDX-License-Identifier: MIT
//
// An object a line: {"key": …, "value": …}, each a string or, for bytes that are not UTF-8, {"hex": "…"}.
#pragma once

#include <string>
#include <string_view>

#include "kvtool/text_record.h"

namespace kvtool::jsonl {

void append_record(std::string_view key, std::string_view value, bool hex, std::string& out);

class Reader final : public TextReader {
public:
    explicit Reader(Lines& lines) noexcept : lines_(lines) {}

    Parsed<bool> next(TextRecord& record) override;

private:
    Lines& lines_;
    std::string key_;
    std::string value_;
};

}  // namespace kvtool::jsonl
