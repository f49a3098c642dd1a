// SPDX-License-Identifier: MIT
//
// Numbers for people, and a line on the terminal while something takes its time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kvtool {

using Clock = std::chrono::steady_clock;

std::string with_commas(std::uint64_t number);              // "63,667"
std::string bytes_for_people(std::uint64_t bytes);          // "58.9 MiB"
std::string time_for_people(Clock::duration duration);      // "31 ms", "2.1 s"
std::string seconds_for_people(Clock::duration duration);   // "0.05 s", "5.0 s"
std::string ratio_for_people(std::uint64_t a, std::uint64_t b);   // a / b: "1.22"; "-" if b is 0

// "63,667 records", rewritten in place on stderr if that is a terminal; gone when it is destroyed.
class Progress {
public:
    explicit Progress(bool wanted) noexcept;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();

    void show(std::uint64_t count, const char* of_what);   // cheap: looks at the clock every 1,024th time
    void show_bytes(std::uint64_t done, std::uint64_t total);

private:
    bool due() noexcept;

    bool wanted_;
    bool shown_ = false;
    std::uint32_t calls_ = 0;
    Clock::time_point last_;
};

}  // namespace kvtool
