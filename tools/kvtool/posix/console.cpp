// SPDX-License-Identifier: MIT
#include "kvtool/console.h"

#include <cerrno>
#include <csignal>

#include <unistd.h>

namespace kvtool::console {

void prepare() noexcept {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

std::vector<std::string> arguments(int argc, char** argv) {
    return argc > 1 ? std::vector<std::string>(argv + 1, argv + argc) : std::vector<std::string>();
}

bool is_terminal(std::FILE* stream) noexcept { return ::isatty(::fileno(stream)) == 1; }

bool is_closed_pipe(int error_number) noexcept { return error_number == EPIPE; }

std::FILE* open_file(const std::string& path, Mode mode) noexcept {
    return std::fopen(path.c_str(), mode == Mode::read ? "rbe" : "wbe");
}

std::string_view system_name() noexcept {
#if defined(__x86_64__)
    return "linux x86_64";
#elif defined(__aarch64__)
    return "linux aarch64";
#else
    return "linux";
#endif
}

}  // namespace kvtool::console
