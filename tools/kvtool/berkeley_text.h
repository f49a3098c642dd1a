// SPDX-License-Identifier: MIT
//
// The text that db_dump and mdb_dump write and db_load and mdb_load read: a header, then a line for each key and each
// value, each after one space.
//
//   VERSION=3               ends with HEADER=END
//    6b6579                 bytevalue: hexadecimal
//    a\5cb                  print: printable ASCII as it is, \\ and \HH for the rest
//   DATA=END                only if nothing is missing
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kvtool/text_record.h"

namespace kvtool::berkeley {

enum class Form {
    bytevalue,
    print,
    print_for_lmdb,   // a backslash as \5c: mdb_load up to 0.9.24 reads \\ wrong, all others read both
};

// `lmdb_map_bytes` 0: as Berkeley DB writes it for a hash table. Otherwise the header that mdb_load accepts, which must
// say how large a map to make.
void append_header(Form form, std::uint64_t lmdb_map_bytes, std::string& out);
void append_record(Form form, std::string_view key, std::string_view value, std::string& out);
void append_end(std::string& out);

// Is this the first line of such a text.
bool begins(std::string_view line) noexcept;

class Reader final : public TextReader {
public:
    // Reads the header with the first call of next().
    explicit Reader(Lines& lines) noexcept : lines_(lines) {}

    Parsed<bool> next(TextRecord& record) override;

private:
    enum class State { header, records, ended };

    Parsed<void> read_header();
    Parsed<void> read_header_line(std::string_view line);
    Parsed<bool> read_end();
    const char* decode(std::string_view line, std::string& bytes) const;   // null, or what is wrong
    std::unexpected<TextError> fail(const char* reason) const noexcept;
    std::unexpected<TextError> give_up(const char* reason) noexcept;

    Lines& lines_;
    State state_ = State::header;
    Form form_ = Form::bytevalue;
    bool has_keys_ = true;
    std::string key_;
    std::string value_;
};

}  // namespace kvtool::berkeley
