// SPDX-License-Identifier: MIT
//
// What kvtool/lines.h promises, tried through it.
#include "kvtool/lines.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace kvtool;

namespace {

// Hands out one byte at a time: every boundary of a read is met.
class Drip final : public Source {
public:
    explicit Drip(std::string_view bytes) : rest_(bytes) {}
    std::size_t read(std::span<char> into) override {
        const std::size_t count = rest_.copy(into.data(), std::min<std::size_t>(1, into.size()));
        rest_.remove_prefix(count);
        return count;
    }

private:
    std::string_view rest_;
};

std::vector<std::string> all(Source& source, std::size_t line_bytes_max = kLineBytesMax) {
    Lines lines(source, line_bytes_max);
    std::vector<std::string> found;
    while (true) {
        const auto line = lines.next();
        if (!line) {
            found.push_back("!" + std::to_string(line.error().line));
        } else if (*line) {
            found.emplace_back(**line);
            CHECK(lines.number() == found.size());
        } else {
            return found;
        }
    }
}

}  // namespace

TEST_CASE("lines: with and without a last newline, LF and CR LF, empty ones count") {
    const std::string text = "a\n\nb\r\n\r\nc\rd\nlast";
    const std::vector<std::string> expected = {"a", "", "b", "", "c\rd", "last"};
    MemorySource whole(text);
    CHECK(all(whole) == expected);
    Drip drip(text);
    CHECK(all(drip) == expected);
    MemorySource nothing("");
    CHECK(all(nothing).empty());
}

TEST_CASE("lines: one that is too long is an error with its number, the next one is fine") {
    const std::string text = "ab\n" + std::string(2'000'000, 'x') + "\ncd\n" + std::string(50, 'y');
    const std::vector<std::string> expected = {"ab", "!2", "cd", "!4"};
    MemorySource whole(text);
    CHECK(all(whole, 40) == expected);
    Drip drip(text);
    CHECK(all(drip, 40) == expected);
}

TEST_CASE("lines: one longer than any buffer arrives whole") {
    const std::string longest(3'000'000, 'z');
    const std::string text = "a\n" + longest + "\nb";
    MemorySource source(text);
    CHECK(all(source) == std::vector<std::string>{"a", longest, "b"});
}

TEST_CASE("lines: an unread line comes again, under its number") {
    MemorySource source("a\nb\n");
    Lines lines(source);
    CHECK(**lines.next() == "a");
    lines.unread();
    CHECK(**lines.next() == "a");
    CHECK(lines.number() == 1);
    CHECK(**lines.next() == "b");
}
