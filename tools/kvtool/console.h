// SPDX-License-Identifier: MIT
//
// What kvtool needs of the operating system beside the store itself. Twins: posix/console.cpp, win32/console.cpp.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace kvtool::console {

// From here on bytes pass all three streams unchanged, a closed pipe or a file-size limit is an error and not a signal,
// and a terminal shows UTF-8.
void prepare() noexcept;

// The words of the command line in UTF-8, without the program's own name.
std::vector<std::string> arguments(int argc, char** argv);

bool is_terminal(std::FILE* stream) noexcept;

// Does this errno of a failed write mean that nobody reads any more.
bool is_closed_pipe(int error_number) noexcept;

enum class Mode { read, write };

// `path` is UTF-8. Writing makes the file or empties it. Null: errno says why.
std::FILE* open_file(const std::string& path, Mode mode) noexcept;

std::string_view system_name() noexcept;   // "linux x86_64"

}  // namespace kvtool::console
