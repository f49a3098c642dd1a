// SPDX-License-Identifier: MIT
//
// Bytes as text: the tool's one escape syntax, hexadecimal, and JSON strings.
//
//   \t \n \r \\ \xHH     everywhere but in Berkeley text, which keeps its own \HH
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kvtool {

enum class Escape {
    record,    // all that a line of TSV cannot hold, the backslash included: unescape() gives the bytes back
    control,   // what would break or colour a line of a message; the backslash stays as it is
};

// UTF-8 passes; every byte that is not part of it becomes \xHH.
void append_escaped(std::string_view bytes, Escape kind, std::string& out);

// False: `text` has a backslash that begins no escape; `out` then holds what came before it.
bool append_unescaped(std::string_view text, std::string& out);

void append_hex(std::string_view bytes, std::string& out);
void append_hex_byte(unsigned char byte, std::string& out);
bool append_unhex(std::string_view digits, std::string& out);   // false: odd length or no digit
int hex_digit(char c) noexcept;                                 // its value, or -1

// How many bytes the UTF-8 character at the start of `bytes` takes; 0 if there is none.
std::size_t utf8_length(std::string_view bytes) noexcept;
bool is_utf8(std::string_view bytes) noexcept;

// A JSON string, or {"hex": "…"} for what is not UTF-8 or when `hex` asks for it.
void append_json(std::string_view bytes, bool hex, std::string& out);

}  // namespace kvtool
