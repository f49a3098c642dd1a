// SPDX-License-Identifier: MIT
//
// The text forms by name, and how to tell which one a text is in.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "kvtool/text_record.h"

namespace kvtool {

enum class TextFormat { bytevalue, print, tsv, jsonl };

// As --format takes them. Both Berkeley forms are read alike: their header says which it is.
std::optional<TextFormat> text_format_of(std::string_view name) noexcept;

// From the first line, which stays unread. An empty text is TSV without records.
Parsed<TextFormat> detect_text_format(Lines& lines);

std::unique_ptr<TextReader> make_text_reader(TextFormat format, Lines& lines);

}  // namespace kvtool
