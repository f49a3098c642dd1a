// SPDX-License-Identifier: MIT
#include "kvtool/bytes_text.h"

namespace kvtool {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

unsigned char byte_at(std::string_view bytes, std::size_t i) noexcept { return static_cast<unsigned char>(bytes[i]); }

char letter_of(unsigned char byte) noexcept {
    switch (byte) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    default:
        return 0;
    }
}

}  // namespace

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void append_hex_byte(unsigned char byte, std::string& out) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
}

void append_hex(std::string_view bytes, std::string& out) {
    const std::size_t start = out.size();
    out.resize(start + 2 * bytes.size());
    char* to = out.data() + start;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        *to++ = kDigits[byte >> 4];
        *to++ = kDigits[byte & 15];
    }
}

bool append_unhex(std::string_view digits, std::string& out) {
    if (digits.size() % 2 != 0) {
        return false;
    }
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const int high = hex_digit(digits[i]);
        const int low = hex_digit(digits[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out += static_cast<char>(high * 16 + low);
    }
    return true;
}

std::size_t utf8_length(std::string_view bytes) noexcept {
    if (bytes.empty()) {
        return 0;
    }
    const unsigned char lead = byte_at(bytes, 0);
    if (lead < 0x80) {
        return 1;
    }
    // No overlong form, no surrogate, nothing above U+10FFFF: the second byte's range depends on the first.
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    std::size_t length = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    }
    if (length == 0 || bytes.size() < length || byte_at(bytes, 1) < low || byte_at(bytes, 1) > high) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte_at(bytes, i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const std::size_t length = utf8_length(bytes);
        if (length == 0) {
            return false;
        }
        bytes.remove_prefix(length);
    }
    return true;
}

void append_escaped(std::string_view bytes, Escape kind, std::string& out) {
    std::size_t plain = 0;   // where the bytes begin that need no change and are not yet in `out`
    for (std::size_t i = 0; i < bytes.size();) {
        const unsigned char byte = byte_at(bytes, i);
        const bool special = byte < 0x20 || byte == 0x7F || (byte == '\\' && kind == Escape::record);
        const std::size_t length = special ? 0 : utf8_length(bytes.substr(i));
        if (length != 0) {
            i += length;
            continue;
        }
        out += bytes.substr(plain, i - plain);
        out += '\\';
        if (byte == '\\') {
            out += '\\';
        } else if (const char letter = letter_of(byte)) {
            out += letter;
        } else {
            out += 'x';
            append_hex_byte(byte, out);
        }
        plain = ++i;
    }
    out += bytes.substr(plain);
}

bool append_unescaped(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t backslash = text.find('\\', i);
        out += text.substr(i, backslash - i);
        if (backslash == text.npos) {
            return true;
        }
        const char letter = backslash + 1 < text.size() ? text[backslash + 1] : '\0';
        i = backslash + 2;
        switch (letter) {
        case 't':
            out += '\t';
            break;
        case 'n':
            out += '\n';
            break;
        case 'r':
            out += '\r';
            break;
        case '\\':
            out += '\\';
            break;
        case 'x':
            if (text.size() - i < 2 || !append_unhex(text.substr(i, 2), out)) {
                return false;
            }
            i += 2;
            break;
        default:
            return false;
        }
    }
    return true;
}

void append_json(std::string_view bytes, bool hex, std::string& out) {
    if (hex || !is_utf8(bytes)) {
        out += R"({"hex": ")";
        append_hex(bytes, out);
        out += R"("})";
        return;
    }
    out += '"';
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += c;
        } else if (const char letter = letter_of(byte)) {
            out += '\\';
            out += letter;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            append_hex_byte(byte, out);
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace kvtool
