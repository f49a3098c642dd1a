// SPDX-License-Identifier: MIT
#include "kvtool/input.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "kvtool/console.h"
#include "kvtool/stop.h"

namespace kvtool {

FileSource::FileSource(const std::string& path)
    : file_(path == "-" ? stdin : console::open_file(path, console::Mode::read)),
      name_(path == "-" ? "standard input" : on_one_line(path)) {
    if (file_ == nullptr) {
        throw file_stop(name_, errno);
    }
}

FileSource::~FileSource() {
    if (file_ != stdin) {
        std::fclose(file_);
    }
}

std::size_t FileSource::read(std::span<char> into) {
    errno = 0;
    const std::size_t count = std::fread(into.data(), 1, into.size(), file_);
    if (count == 0 && std::ferror(file_)) {
        throw file_stop(name_, errno);
    }
    return count;
}

std::string read_all(Source& source, std::size_t bytes_max) {
    constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
    std::string bytes;
    std::size_t count = 0;
    while (count <= bytes_max) {
        bytes.resize(std::max(count + kChunkBytes, 2 * count));
        const std::size_t read = source.read(std::span(bytes).subspan(count));
        if (read == 0) {
            break;
        }
        count += read;
    }
    bytes.resize(count);
    return bytes;
}

bool are_same_file(const std::string& a, const std::string& b) noexcept {
    try {
        const auto path = [](const std::string& s) { return std::filesystem::path(std::u8string(s.begin(), s.end())); };
        std::error_code failed;
        return std::filesystem::equivalent(path(a), path(b), failed) && !failed;
    } catch (const std::exception&) {
        return false;   // a name that no file can have
    }
}

}  // namespace kvtool
