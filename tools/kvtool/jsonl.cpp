// SPDX-License-Identifier: MIT
#include "kvtool/jsonl.h"

#include <cstdint>

#include "kvtool/bytes_text.h"

namespace kvtool::jsonl {

namespace {

void append_utf8(std::uint32_t character, std::string& out) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xC0 | character >> 6);
        put(0x80 | (character & 0x3F));
    } else if (character < 0x10000) {
        put(0xE0 | character >> 12);
        put(0x80 | (character >> 6 & 0x3F));
        put(0x80 | (character & 0x3F));
    } else {
        put(0xF0 | character >> 18);
        put(0x80 | (character >> 12 & 0x3F));
        put(0x80 | (character >> 6 & 0x3F));
        put(0x80 | (character & 0x3F));
    }
}

// The two members are all that JSON is here, so the grammar is written out. Every function: false, or past what it read.
class Parser {
public:
    explicit Parser(std::string_view text) noexcept : rest_(text) {}

    bool record(std::string& key, std::string& value) {
        bool has_key = false;
        bool has_value = false;
        if (!take('{')) {
            return false;
        }
        do {
            name_.clear();
            if (!string(name_) || !take(':')) {
                return false;
            }
            bool& has = name_ == "key" ? has_key : has_value;
            if ((name_ != "key" && name_ != "value") || has || !bytes(name_ == "key" ? key : value)) {
                return false;
            }
            has = true;
        } while (take(','));
        return take('}') && at_end() && has_key && has_value;
    }

private:
    void skip_space() noexcept {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }

    bool at_end() noexcept {
        skip_space();
        return rest_.empty();
    }

    bool take(char c) noexcept {
        skip_space();
        if (!rest_.starts_with(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    bool bytes(std::string& out) {
        out.clear();
        if (!take('{')) {
            return string(out);
        }
        name_.clear();
        digits_.clear();
        return string(name_) && name_ == "hex" && take(':') && string(digits_) && take('}') &&
               append_unhex(digits_, out);
    }

    bool string(std::string& out) {
        if (!take('"')) {
            return false;
        }
        while (true) {
            const std::size_t special = rest_.find_first_of("\"\\");
            if (special == rest_.npos) {
                return false;
            }
            const std::string_view plain = rest_.substr(0, special);
            for (const char c : plain) {
                if (static_cast<unsigned char>(c) < 0x20) {
                    return false;
                }
            }
            if (!is_utf8(plain)) {
                return false;
            }
            out += plain;
            const bool closes = rest_[special] == '"';
            rest_.remove_prefix(special + 1);
            if (closes) {
                return true;
            }
            if (!escape(out)) {
                return false;
            }
        }
    }

    bool escape(std::string& out) {
        if (rest_.empty()) {
            return false;
        }
        const char letter = rest_.front();
        rest_.remove_prefix(1);
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        if (const std::size_t i = kLetters.find(letter); i != kLetters.npos) {
            out += kMeanings[i];
            return true;
        }
        std::uint32_t character = 0;
        if (letter != 'u' || !code_unit(character)) {
            return false;
        }
        if (character >= 0xD800 && character < 0xE000) {
            std::uint32_t low = 0;
            if (character >= 0xDC00 || !rest_.starts_with("\\u")) {
                return false;
            }
            rest_.remove_prefix(2);
            if (!code_unit(low) || low < 0xDC00 || low >= 0xE000) {
                return false;
            }
            character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(character, out);
        return true;
    }

    bool code_unit(std::uint32_t& unit) noexcept {
        if (rest_.size() < 4) {
            return false;
        }
        unit = 0;
        for (const char c : rest_.substr(0, 4)) {
            const int digit = hex_digit(c);
            if (digit < 0) {
                return false;
            }
            unit = unit * 16 + static_cast<std::uint32_t>(digit);
        }
        rest_.remove_prefix(4);
        return true;
    }

    std::string_view rest_;
    std::string name_;
    std::string digits_;
};

}  // namespace

void append_record(std::string_view key, std::string_view value, bool hex, std::string& out) {
    out += R"({"key": )";
    append_json(key, hex, out);
    out += R"(, "value": )";
    append_json(value, hex, out);
    out += "}\n";
}

Parsed<bool> Reader::next(TextRecord& record) {
    const auto line = lines_.next();
    if (!line) {
        return std::unexpected(line.error());
    }
    if (!*line) {
        return false;
    }
    if (!Parser(**line).record(key_, value_)) {
        return std::unexpected(TextError{lines_.number(), R"(not an object {"key": …, "value": …})"});
    }
    record = {key_, value_, lines_.number()};
    return true;
}

}  // namespace kvtool::jsonl
