// SPDX-License-Identifier: MIT
//
// Where the answer goes: standard output or a file, buffered here, every failure noticed.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace kvtool {

// Throws Stop when it cannot write, ClosedPipe when nobody reads any more. What was not flushed when it is destroyed is
// dropped: call close().
class Output {
public:
    Output();                                   // standard output
    explicit Output(const std::string& path);   // a file, made or emptied; `-` is standard output
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();

    void write(std::string_view bytes);
    void flush();
    void close();
    bool is_terminal() const noexcept;

    // For those who append piece by piece; write_if_full() now and then.
    std::string& buffer() noexcept { return buffer_; }
    void write_if_full();

private:
    std::FILE* file_;
    std::string name_;
    std::string buffer_;
};

}  // namespace kvtool
