// SPDX-License-Identifier: MIT
#include "kvtool/tsv.h"

#include "kvtool/bytes_text.h"

namespace kvtool::tsv {

void append_record(std::string_view key, std::string_view value, std::string& out) {
    append_escaped(key, Escape::record, out);
    out += '\t';
    append_escaped(value, Escape::record, out);
    out += '\n';
}

Parsed<bool> Reader::next(TextRecord& record) {
    const auto line = lines_.next();
    if (!line) {
        return std::unexpected(line.error());
    }
    if (!*line) {
        return false;
    }
    const auto fail = [&](const char* reason) { return std::unexpected(TextError{lines_.number(), reason}); };
    const std::string_view text = **line;
    const std::size_t tab = text.find('\t');
    if (tab == text.npos) {
        return fail("no tab between key and value");
    }
    if (text.find('\t', tab + 1) != text.npos) {
        return fail("a second tab; within a value it is written \\t");
    }
    key_.clear();
    value_.clear();
    if (!append_unescaped(text.substr(0, tab), key_) || !append_unescaped(text.substr(tab + 1), value_)) {
        return fail(R"(a backslash that begins none of \t \n \r \\ \xHH)");
    }
    record = {key_, value_, lines_.number()};
    return true;
}

}  // namespace kvtool::tsv
