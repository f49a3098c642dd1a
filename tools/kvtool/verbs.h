// SPDX-License-Identifier: MIT
//
// Every verb, in the order in which help lists them. One file each.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kvtool/command_line.h"
#include "kvtool/exit_code.h"

namespace kvtool {

Exit run_create(Command& command);
Exit run_put(Command& command);
Exit run_get(Command& command);
Exit run_exists(Command& command);
Exit run_erase(Command& command);
Exit run_scan(Command& command);
Exit run_count(Command& command);
Exit run_load(Command& command);
Exit run_dump(Command& command);
Exit run_stat(Command& command);
Exit run_check(Command& command);
Exit run_checkpoint(Command& command);
Exit run_digest(Command& command);
Exit run_version(Command& command);
Exit run_help(Command& command);

struct Verb {
    std::string_view name;
    std::string_view arguments;
    std::string_view about;
    Exit (*run)(Command& command);
};

std::span<const Verb> verbs() noexcept;
const Verb* find_verb(std::string_view name) noexcept;

// Declares, parses, runs. Throws what they throw.
Exit run(const Verb& verb, std::vector<std::string> words);

// "no verb 'set'; did you mean put?"
std::string unknown_verb(std::string_view name);

}  // namespace kvtool
