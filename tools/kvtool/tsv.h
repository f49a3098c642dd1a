// SPDX-License-Identifier: MIT
//
// A record a line: key, tab, value, escaped as bytes_text.h says.
#pragma once

#include <string>
#include <string_view>

#include "kvtool/text_record.h"

namespace kvtool::tsv {

void append_record(std::string_view key, std::string_view value, std::string& out);

class Reader final : public TextReader {
public:
    explicit Reader(Lines& lines) noexcept : lines_(lines) {}

    Parsed<bool> next(TextRecord& record) override;

private:
    Lines& lines_;
    std::string key_;
    std::string value_;
};

}  // namespace kvtool::tsv
