// SPDX-License-Identifier: MIT
#include "kvtool/stop.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "kvtool/bytes_text.h"

namespace kvtool {

namespace {

quire::Errc errc_of(int error_number) noexcept {
    switch (error_number) {
    case ENOENT:
        return quire::Errc::not_found;
    case EACCES:
    case EPERM:
        return quire::Errc::access_denied;
    case ENOSPC:
    case EFBIG:
        return quire::Errc::full;
    case ENOMEM:
        return quire::Errc::out_of_memory;
    default:
        return quire::Errc::io;
    }
}

}  // namespace

Stop usage_stop(std::string reason) { return {Exit::usage, "usage: " + std::move(reason)}; }

Stop file_stop(const std::string& file, int error_number) {
    const quire::Errc code = errc_of(error_number);
    return {exit_of(code), file + ": " + std::string(quire::name(code)) + ": " +
                               std::generic_category().message(error_number) + " (errno " +
                               std::to_string(error_number) + ")"};
}

std::string on_one_line(std::string text) {
    std::string line;
    append_escaped(text, Escape::control, line);
    return line;
}

void say(const std::string& line) noexcept {
    const std::string whole = line + "\n";
    std::fwrite(whole.data(), 1, whole.size(), stderr);
    std::fflush(stderr);
}

}  // namespace kvtool
