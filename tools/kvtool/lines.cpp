// SPDX-License-Identifier: MIT
#include "kvtool/lines.h"

#include <algorithm>
#include <cstring>

namespace kvtool {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

}  // namespace

std::size_t MemorySource::read(std::span<char> into) {
    const std::size_t count = rest_.copy(into.data(), into.size());
    rest_.remove_prefix(count);
    return count;
}

Lines::Lines(Source& source, std::size_t line_bytes_max) : source_(source), line_bytes_max_(line_bytes_max) {}

bool Lines::fill() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < kChunkBytes) {
        buffer_.resize(std::max(std::min(2 * buffer_.size(), line_bytes_max_), end_) + kChunkBytes);
    }
    const std::size_t count = source_.read(std::span(buffer_).subspan(end_));
    end_ += count;
    ended_ = count == 0;
    return !ended_;
}

// Forgets what is left of an overlong line, so that it never takes more memory than the bound.
void Lines::skip_line() {
    while (true) {
        const void* newline = std::memchr(buffer_.data() + begin_, '\n', end_ - begin_);
        if (newline != nullptr) {
            begin_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data()) + 1;
            return;
        }
        begin_ = end_;
        if (!fill()) {
            return;
        }
    }
}

Parsed<std::optional<std::string_view>> Lines::next() {
    if (again_) {
        again_ = false;
        return line_;
    }
    std::size_t looked_at = begin_;
    while (true) {
        const void* newline =
            looked_at < end_ ? std::memchr(buffer_.data() + looked_at, '\n', end_ - looked_at) : nullptr;
        std::size_t line_end = end_;
        if (newline != nullptr) {
            line_end = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data());
        }
        if (line_end - begin_ > line_bytes_max_) {
            ++number_;
            skip_line();
            return std::unexpected(TextError{number_, "the line is longer than any record"});
        }
        if (newline == nullptr && !ended_) {
            const std::size_t pending = end_ - begin_;
            fill();
            looked_at = begin_ + pending;
            continue;
        }
        if (newline == nullptr && begin_ == end_) {
            return std::nullopt;
        }
        line_ = std::string_view(buffer_).substr(begin_, line_end - begin_);
        begin_ = newline != nullptr ? line_end + 1 : line_end;
        if (line_.ends_with('\r')) {
            line_.remove_suffix(1);
        }
        ++number_;
        return line_;
    }
}

}  // namespace kvtool
