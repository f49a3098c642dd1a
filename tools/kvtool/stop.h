// SPDX-License-Identifier: MIT
//
// How a verb ends before its end: with one line for people and a code for scripts.
#pragma once

#include <string>

#include "kvtool/exit_code.h"

namespace kvtool {

// Thrown; main prints "kvtool: " and the message.
struct Stop {
    Exit code;
    std::string message;   // "FILE: class: reason (detail)"
};

// Thrown when nobody reads our output any more: no reason to say anything.
struct ClosedPipe {};

// The command itself is wrong.
Stop usage_stop(std::string reason);

// A file that is not a store could not be opened, read or written; `error_number` is errno's.
Stop file_stop(const std::string& file, int error_number);

// `text` made fit for one line of a message.
std::string on_one_line(std::string text);

// The message's line, at once and whole, on stderr.
void say(const std::string& line) noexcept;

}  // namespace kvtool
