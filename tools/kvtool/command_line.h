// SPDX-License-Identifier: MIT
//
// A verb's words: declares what it takes, reads what was given, and resolves bytes.
//
// CLI11 finds options and positionals. What a key or value holds is then read from its raw results: its conversions would
// give words such as `{}` or `[a,b]` a meaning of their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace kvtool {

// What every verb takes.
struct Globals {
    bool read_only = false;
    bool durable = false;
    bool hex = false;
    bool null = false;
    bool json = false;
    bool quiet = false;
    std::chrono::milliseconds wait{5'000};
};

// Thrown by parse() for --help: the text to print.
struct HelpWanted {
    std::string text;
};

class Command {
public:
    Command(std::string_view verb, std::string_view about, std::vector<std::string> words);
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
    ~Command();

    // Before parse(). What is declared keeps its place in the help.
    void take_file();
    CLI::Option* take_one(const char* name, const char* about);
    CLI::Option* take_some(const char* name, const char* about);                    // at least one
    CLI::Option* take_optional(const char* name, const char* about);
    CLI::Option* take_option(const char* names, const char* what, const char* about);
    void take_flag(const char* names, bool& flag, const char* about);
    void take_number(const char* names, std::uint64_t& number, std::uint64_t least, const char* about);

    void parse();   // throws Stop and HelpWanted

    // After parse().
    const Globals& globals() const noexcept { return globals_; }
    const std::string& file() const noexcept { return file_; }
    static bool given(const CLI::Option* option);
    static std::string word(const CLI::Option* option);
    static std::vector<std::string> words(const CLI::Option* option);

    // A key or value as it is meant: `-` is standard input (once in a command), `@PATH` a file, `@@` a literal `@`, --hex
    // digits, or text. At most a byte more than a store accepts: it is the store that refuses it.
    std::string bytes(const std::string& word);

private:
    std::unique_ptr<CLI::App> app_;
    std::vector<std::string> words_;
    CLI::Option* file_option_ = nullptr;
    Globals globals_;
    std::string file_;
    bool standard_input_taken_ = false;
};

}  // namespace kvtool
