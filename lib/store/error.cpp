// SPDX-License-Identifier: MIT
//
// Names of error codes, and errors and digests as text.
#include <quire/error.h>

#include <quire/store.h>

namespace quire {

std::string_view name(Errc code) noexcept {
    switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::key_too_large: return "key_too_large";
    case Errc::value_too_large: return "value_too_large";
    case Errc::batch_too_large: return "batch_too_large";
    case Errc::not_a_number: return "not_a_number";
    case Errc::out_of_range: return "out_of_range";
    case Errc::conflict: return "conflict";
    case Errc::read_only: return "read_only";
    case Errc::closed: return "closed";
    case Errc::in_use: return "in_use";
    case Errc::busy: return "busy";
    case Errc::expired: return "expired";
    case Errc::history_gone: return "history_gone";
    case Errc::forked: return "forked";
    case Errc::incompatible_opener: return "incompatible_opener";
    case Errc::displaced: return "displaced";
    case Errc::not_found: return "not_found";
    case Errc::already_exists: return "already_exists";
    case Errc::access_denied: return "access_denied";
    case Errc::not_a_store: return "not_a_store";
    case Errc::unsupported_format: return "unsupported_format";
    case Errc::unsupported_volume: return "unsupported_volume";
    case Errc::truncated: return "truncated";
    case Errc::corrupt: return "corrupt";
    case Errc::full: return "full";
    case Errc::out_of_memory: return "out_of_memory";
    case Errc::io: return "io";
    case Errc::poisoned: return "poisoned";
    case Errc::internal: return "internal";
    }
    return "internal";
}

namespace {

// What `detail` means for a code; empty: not worth showing.
std::string_view meaning_of_detail(Errc code) noexcept {
    switch (code) {
    case Errc::key_too_large:
    case Errc::value_too_large:
    case Errc::batch_too_large: return "limit in bytes";
    case Errc::conflict: return "expectation";
    case Errc::busy: return "pid";
    case Errc::history_gone: return "oldest position";
    case Errc::unsupported_format: return "found";
    case Errc::truncated: return "size";
    case Errc::corrupt:
    case Errc::io: return "offset";
    case Errc::full: return "bytes wanted";
    default: return "";
    }
}

}  // namespace

std::string to_string(const Error& error) {
    std::string text(name(error.code));
    if (error.what != nullptr && error.what[0] != '\0') {
        text.append(": ").append(error.what);
    }
    const std::string_view meaning = meaning_of_detail(error.code);
    const bool show_detail = !meaning.empty() && (error.detail != 0 || error.code == Errc::conflict || error.code == Errc::corrupt);
    if (show_detail || error.os_code != 0) {
        text += " (";
        if (show_detail) {
            text.append(meaning).append(" ").append(std::to_string(error.detail));
        }
        if (error.os_code != 0) {
            text.append(show_detail ? ", " : "").append("system error ").append(std::to_string(error.os_code));
        }
        text += ")";
    }
    return text;
}

std::string to_string(const Digest& digest) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint64_t word : digest.words) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            text += kDigits[word >> shift & 15];
        }
    }
    return text;
}

}  // namespace quire
