// SPDX-License-Identifier: MIT
//
// Text input line by line, from any bytes: numbered, and bounded in length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kvtool {

// Where bytes come from.
class Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;
    virtual std::size_t read(std::span<char> into) = 0;   // 0: the end
};

// Bytes that are in memory already.
class MemorySource final : public Source {
public:
    explicit MemorySource(std::string_view bytes) noexcept : rest_(bytes) {}
    std::size_t read(std::span<char> into) override;

private:
    std::string_view rest_;
};

// What is wrong with a text, and in which line.
struct TextError {
    std::uint64_t line = 0;     // counted from 1
    const char* reason = "";    // static English text
};

template <class T>
using Parsed = std::expected<T, TextError>;

// The longest line that a record can need: the greatest key and value, every byte as JSON's \u00HH, and what is between.
inline constexpr std::size_t kLineBytesMax = 6 * ((std::size_t{32} << 20) + 65'535) + 4'096;

class Lines {
public:
    explicit Lines(Source& source, std::size_t line_bytes_max = kLineBytesMax);

    // The next line without its newline and a carriage return before that; nothing at the end. A line that is too long is
    // an error, and the next call goes on behind it. The view is good until the next call.
    Parsed<std::optional<std::string_view>> next();

    // The next call of next() answers the same line again. Only after a line was answered.
    void unread() noexcept { again_ = true; }

    std::uint64_t number() const noexcept { return number_; }   // of the line last answered

private:
    bool fill();   // false: the source has ended
    void skip_line();

    Source& source_;
    std::size_t line_bytes_max_;
    std::string buffer_;
    std::size_t begin_ = 0;   // of what was not yet answered
    std::size_t end_ = 0;     // of what was read
    bool ended_ = false;
    bool again_ = false;
    std::uint64_t number_ = 0;
    std::string_view line_;
};

}  // namespace kvtool
