// SPDX-License-Identifier: MIT
//
// Bytes that make parsers stumble, from a seed that the failing test prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace kvtool {

class RandomBytes {
public:
    explicit RandomBytes(std::uint64_t seed) : engine_(seed) {}

    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }

    // Any bytes, but often those that text forms give a meaning.
    std::string bytes(std::size_t count_max) {
        constexpr std::string_view kSpecial("\0\t\n\r \"\\/{}[]:,=x0aF\x7f\x80\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xff", 31);
        std::string out(below(count_max + 1), '\0');
        for (char& c : out) {
            c = below(2) == 0 ? kSpecial[below(kSpecial.size())] : static_cast<char>(below(256));
        }
        return out;
    }

    // A few bytes of `text` changed, dropped or doubled.
    std::string mutated(std::string text) {
        for (std::size_t i = 1 + below(4); i > 0 && !text.empty(); --i) {
            const std::size_t at = below(text.size());
            switch (below(3)) {
            case 0:
                text[at] = bytes(1).append(1, ' ')[0];
                break;
            case 1:
                text.erase(at, 1 + below(8));
                break;
            default:
                text.insert(at, text.substr(at, 1 + below(8)));
            }
        }
        return text;
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace kvtool
