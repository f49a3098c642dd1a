// SPDX-License-Identifier: MIT
//
// Bytes from files and from standard input.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>

#include "kvtool/lines.h"

namespace kvtool {

// A file, or standard input for `-`. Throws Stop when it cannot be opened or read.
class FileSource final : public Source {
public:
    explicit FileSource(const std::string& path);
    ~FileSource() override;

    std::size_t read(std::span<char> into) override;
    const std::string& name() const noexcept { return name_; }   // for messages

private:
    std::FILE* file_;
    std::string name_;
};

// Everything that the source has, but not more than it takes to see that there is more than `bytes_max`.
std::string read_all(Source& source, std::size_t bytes_max);

// Are both paths there, and the same file.
bool are_same_file(const std::string& a, const std::string& b) noexcept;

}  // namespace kvtool
