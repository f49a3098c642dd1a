// SPDX-License-Identifier: MIT
#include "kvtool/figures.h"

#include <array>
#include <cstdio>

#include "kvtool/console.h"

namespace kvtool {

namespace {

constexpr auto kProgressInterval = std::chrono::milliseconds(200);
constexpr int kProgressWidth = 40;   // overwritten by blanks, not by escape sequences: old Windows consoles have none

std::string decimal(double number, int places, const char* unit) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f%s", places, number, unit);
    return text.data();
}

double in_seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string with_commas(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t from_end = 3; from_end < text.size(); from_end += 4) {
        text.insert(text.size() - from_end, ",");
    }
    return text;
}

std::string bytes_for_people(std::uint64_t bytes) {
    constexpr std::array kUnits = {" KiB", " MiB", " GiB", " TiB"};
    if (bytes < 1024) {
        return std::to_string(bytes) + " B";
    }
    double size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (size >= 1023.95 && unit + 1 < kUnits.size()) {
        size /= 1024;
        ++unit;
    }
    return decimal(size, 1, kUnits[unit]);
}

std::string time_for_people(Clock::duration duration) {
    const double seconds = in_seconds(duration);
    return seconds < 1 ? decimal(seconds * 1'000, 0, " ms") : decimal(seconds, 1, " s");
}

std::string seconds_for_people(Clock::duration duration) {
    const double seconds = in_seconds(duration);
    return decimal(seconds, seconds < 0.1 ? 2 : 1, " s");
}

std::string ratio_for_people(std::uint64_t a, std::uint64_t b) {
    return b == 0 ? "-" : decimal(static_cast<double>(a) / static_cast<double>(b), 2, "");
}

Progress::Progress(bool wanted) noexcept : wanted_(wanted && console::is_terminal(stderr)), last_(Clock::now()) {}

Progress::~Progress() {
    if (shown_) {
        std::fprintf(stderr, "\r%*s\r", kProgressWidth, "");
    }
}

bool Progress::due() noexcept {
    const Clock::time_point now = Clock::now();
    if (now - last_ < kProgressInterval) {
        return false;
    }
    last_ = now;
    shown_ = true;
    return true;
}

void Progress::show(std::uint64_t count, const char* of_what) {
    if (wanted_ && ++calls_ % 1'024 == 0 && due()) {
        std::fprintf(stderr, "\r%-*s", kProgressWidth, (with_commas(count) + " " + of_what).c_str());
    }
}

void Progress::show_bytes(std::uint64_t done, std::uint64_t total) {
    if (wanted_ && due()) {
        const std::string text = bytes_for_people(done) + " of " + bytes_for_people(total);
        std::fprintf(stderr, "\r%-*s", kProgressWidth, text.c_str());
    }
}

}  // namespace kvtool
