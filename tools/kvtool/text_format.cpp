// SPDX-License-Identifier: MIT
#include "kvtool/text_format.h"

#include "kvtool/berkeley_text.h"
#include "kvtool/jsonl.h"
#include "kvtool/tsv.h"

namespace kvtool {

std::optional<TextFormat> text_format_of(std::string_view name) noexcept {
    if (name == "bdb") {
        return TextFormat::bytevalue;
    }
    if (name == "print") {
        return TextFormat::print;
    }
    if (name == "tsv") {
        return TextFormat::tsv;
    }
    if (name == "jsonl") {
        return TextFormat::jsonl;
    }
    return std::nullopt;
}

Parsed<TextFormat> detect_text_format(Lines& lines) {
    const auto line = lines.next();
    if (!line) {
        return std::unexpected(line.error());
    }
    if (!*line) {
        return TextFormat::tsv;
    }
    lines.unread();
    if (berkeley::begins(**line)) {
        return TextFormat::bytevalue;
    }
    return (*line)->starts_with("{\"") ? TextFormat::jsonl : TextFormat::tsv;
}

std::unique_ptr<TextReader> make_text_reader(TextFormat format, Lines& lines) {
    switch (format) {
    case TextFormat::bytevalue:
    case TextFormat::print:
        return std::make_unique<berkeley::Reader>(lines);
    case TextFormat::jsonl:
        return std::make_unique<jsonl::Reader>(lines);
    case TextFormat::tsv:
        break;
    }
    return std::make_unique<tsv::Reader>(lines);
}

}  // namespace kvtool
