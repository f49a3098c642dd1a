// SPDX-License-Identifier: MIT
#include "kvtool/berkeley_text.h"

#include "kvtool/bytes_text.h"

namespace kvtool::berkeley {

namespace {

constexpr std::string_view kHeaderEnd = "HEADER=END";
constexpr std::string_view kDataEnd = "DATA=END";
constexpr std::string_view kVersion = "VERSION=";

bool is_printable(char c) noexcept { return c >= 0x20 && c <= 0x7E; }

void append_print(std::string_view bytes, bool backslash_as_hex, std::string& out) {
    for (const char c : bytes) {
        if (c == '\\' && !backslash_as_hex) {
            out += "\\\\";
        } else if (is_printable(c) && c != '\\') {
            out += c;
        } else {
            out += '\\';
            append_hex_byte(static_cast<unsigned char>(c), out);
        }
    }
}

bool append_unprint(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t backslash = text.find('\\', i);
        out += text.substr(i, backslash - i);
        if (backslash == text.npos) {
            return true;
        }
        if (text.substr(backslash + 1).starts_with('\\')) {
            out += '\\';
            i = backslash + 2;
        } else if (text.size() - backslash >= 3 && append_unhex(text.substr(backslash + 1, 2), out)) {
            i = backslash + 3;
        } else {
            return false;
        }
    }
    return true;
}

void append_line(Form form, std::string_view bytes, std::string& out) {
    out += ' ';
    if (form == Form::bytevalue) {
        append_hex(bytes, out);
    } else {
        append_print(bytes, form == Form::print_for_lmdb, out);
    }
    out += '\n';
}

}  // namespace

void append_header(Form form, std::uint64_t lmdb_map_bytes, std::string& out) {
    out += "VERSION=3\nformat=";
    out += form == Form::bytevalue ? "bytevalue\n" : "print\n";
    if (lmdb_map_bytes == 0) {
        out += "type=hash\n";
    } else {
        out += "type=btree\nmapsize=" + std::to_string(lmdb_map_bytes) + "\nmaxreaders=126\n";
    }
    out += kHeaderEnd;
    out += '\n';
}

void append_record(Form form, std::string_view key, std::string_view value, std::string& out) {
    append_line(form, key, out);
    append_line(form, value, out);
}

void append_end(std::string& out) {
    out += kDataEnd;
    out += '\n';
}

bool begins(std::string_view line) noexcept {
    return line.starts_with(kVersion) && line.size() == kVersion.size() + 1;
}

std::unexpected<TextError> Reader::fail(const char* reason) const noexcept {
    return std::unexpected(TextError{lines_.number(), reason});
}

std::unexpected<TextError> Reader::give_up(const char* reason) noexcept {
    state_ = State::ended;
    return fail(reason);
}

Parsed<void> Reader::read_header_line(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos) {
        return give_up("no NAME=VALUE in the header");
    }
    const std::string_view name = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (name == "VERSION") {
        if (value != "3" && value != "2" && value != "1") {
            return give_up("a version of the dump format that is not known");
        }
    } else if (name == "format") {
        if (value != "bytevalue" && value != "print") {
            return give_up("the format is neither bytevalue nor print");
        }
        form_ = value == "print" ? Form::print : Form::bytevalue;
    } else if (name == "type") {
        if (value == "recno" || value == "queue" || value == "heap") {
            has_keys_ = false;   // unless keys=1 follows
        } else if (value != "hash" && value != "btree") {
            return give_up("a type of database that is not known");
        }
    } else if (name == "keys") {
        has_keys_ = value == "1";
    } else if ((name == "duplicates" || name == "dupsort") && value != "0") {
        return give_up("the database has duplicate keys, a store holds each once");
    }
    return {};   // all others are about how the other database was built
}

Parsed<void> Reader::read_header() {
    while (true) {
        const auto line = lines_.next();
        if (!line) {
            state_ = State::ended;
            return std::unexpected(line.error());
        }
        if (!*line) {
            return give_up("the header has no HEADER=END");
        }
        if (**line == kHeaderEnd) {
            break;
        }
        if (auto read = read_header_line(**line); !read) {
            return read;
        }
    }
    if (!has_keys_) {
        return give_up("the dump has no keys");
    }
    state_ = State::records;
    return {};
}

const char* Reader::decode(std::string_view line, std::string& bytes) const {
    if (!line.starts_with(' ')) {
        return "a line that begins with no space";
    }
    line.remove_prefix(1);
    bytes.clear();
    if (form_ == Form::print) {
        return append_unprint(line, bytes) ? nullptr : R"(a backslash before neither \ nor two hex digits)";
    }
    return append_unhex(line, bytes) ? nullptr : "not an even number of hex digits";
}

// Another database behind the first is not ours to drop silently.
Parsed<bool> Reader::read_end() {
    state_ = State::ended;
    while (true) {
        const auto line = lines_.next();
        if (!line) {
            return std::unexpected(line.error());
        }
        if (!*line) {
            return false;
        }
        if (!(*line)->empty()) {
            return fail("more text behind DATA=END: a store holds one database");
        }
    }
}

Parsed<bool> Reader::next(TextRecord& record) {
    if (state_ == State::header) {
        if (auto header = read_header(); !header) {
            return std::unexpected(header.error());
        }
    }
    if (state_ == State::ended) {
        return false;
    }
    // An error with the key must not leave the value behind to be taken for the next key.
    const char* wrong = nullptr;
    std::uint64_t wrong_line = 0;
    std::uint64_t first_line = 0;
    for (std::string* part : {&key_, &value_}) {
        const auto line = lines_.next();
        const char* reason = nullptr;
        if (!line) {
            reason = line.error().reason;
        } else if (!*line) {
            return give_up("the dump has no DATA=END: it is not complete");
        } else if (**line == kDataEnd) {
            if (part == &key_) {
                return read_end();
            }
            state_ = State::ended;
            reason = "a key without a value";
        } else {
            reason = decode(**line, *part);
        }
        if (reason != nullptr && wrong == nullptr) {
            wrong = reason;
            wrong_line = line ? lines_.number() : line.error().line;
        }
        if (part == &key_) {
            first_line = lines_.number();
        }
    }
    if (wrong != nullptr) {
        return std::unexpected(TextError{wrong_line, wrong});
    }
    record = {key_, value_, first_line};
    return true;
}

}  // namespace kvtool::berkeley
