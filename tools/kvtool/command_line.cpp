// SPDX-License-Identifier: MIT
#include "kvtool/command_line.h"

#include <algorithm>
#include <charconv>

#include <CLI/CLI.hpp>

#include <quire/store.h>

#include "kvtool/bytes_text.h"
#include "kvtool/input.h"
#include "kvtool/stop.h"

namespace kvtool {

namespace {

constexpr const char* kGlobals = "Every verb";

bool parse_number(const std::string& text, std::uint64_t& number) noexcept {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

// Where a positional may repeat, CLI11 takes a word in brackets apart into a list: it passes behind a mark.
constexpr char kMark = '\x01';

bool wants_mark(const std::string& word) noexcept { return word.starts_with('[') || word.starts_with(kMark); }

std::string without_mark(const std::string& word) {
    return word.starts_with(kMark) ? word.substr(1) : word;
}

const CLI::callback_t kKeepRaw = [](const CLI::results_t&) { return true; };

}  // namespace

Command::Command(std::string_view verb, std::string_view about, std::vector<std::string> words)
    : app_(std::make_unique<CLI::App>(std::string(about), "kvtool " + std::string(verb))), words_(std::move(words)) {
    app_->allow_windows_style_options(false);   // a key may begin with a slash
    app_->set_help_flag("--help", "Print this and exit")->group(kGlobals);
    app_->add_flag("-r,--read-only", globals_.read_only, "Write nothing, not even recovery")->group(kGlobals);
    app_->add_option("--wait", [this](const CLI::results_t& given) {
        std::uint64_t number = 0;
        // A year is for ever, and leaves room for arithmetic.
        const bool fits = parse_number(given.front(), number) && number <= 31'536'000'000;
        globals_.wait = std::chrono::milliseconds(number);
        return fits;
    }, "Milliseconds to wait for a lock; 0 fails at once (default 5000)")->type_name("MS")->group(kGlobals);
    app_->add_flag("--durable", globals_.durable, "Writes survive a power cut when they return")->group(kGlobals);
    app_->add_flag("--hex", globals_.hex, "Keys and values are hex digits, here and in the output")->group(kGlobals);
    app_->add_flag("-0,--null", globals_.null, "End items with NUL")->group(kGlobals);
    app_->add_flag("--json", globals_.json, "Answer with one JSON object a line")->group(kGlobals);
    app_->add_flag("-q,--quiet", globals_.quiet, "Say nothing on stderr but errors")->group(kGlobals);
}

Command::~Command() = default;

void Command::take_file() { file_option_ = take_one("FILE", "The store"); }

CLI::Option* Command::take_one(const char* name, const char* about) {
    return app_->add_option(name, kKeepRaw, about)->required()->type_name("");
}

CLI::Option* Command::take_some(const char* name, const char* about) {
    return take_one(name, about)->expected(1, -1)->allow_extra_args();
}

CLI::Option* Command::take_optional(const char* name, const char* about) {
    return app_->add_option(name, kKeepRaw, about)->type_name("");
}

CLI::Option* Command::take_option(const char* names, const char* what, const char* about) {
    return app_->add_option(names, kKeepRaw, about)->type_name(what);
}

void Command::take_flag(const char* names, bool& flag, const char* about) { app_->add_flag(names, flag, about); }

void Command::take_number(const char* names, std::uint64_t& number, std::uint64_t least, const char* about) {
    app_->add_option(names, [&number, least](const CLI::results_t& given) {
        return parse_number(given.front(), number) && number >= least;
    }, about)->type_name("N");
}

void Command::parse() {
    try {
        std::vector<std::string> reversed(words_.rbegin(), words_.rend());
        for (std::string& word : reversed) {
            word.insert(0, wants_mark(word) ? 1 : 0, kMark);
        }
        app_->parse(reversed);
    } catch (const CLI::CallForHelp&) {
        throw HelpWanted{app_->help()};
    } catch (const CLI::ParseError& error) {
        std::string what = error.what();
        std::erase(what, kMark);
        throw usage_stop(on_one_line(std::move(what)) + " (see " + app_->get_name() + " --help)");
    }
    if (file_option_ != nullptr) {
        file_ = word(file_option_);
    }
}

bool Command::given(const CLI::Option* option) { return option->count() > 0; }

std::string Command::word(const CLI::Option* option) {
    return given(option) ? without_mark(option->results().back()) : std::string();
}

std::vector<std::string> Command::words(const CLI::Option* option) {
    std::vector<std::string> words = option->results();
    std::transform(words.begin(), words.end(), words.begin(), without_mark);
    return words;
}

std::string Command::bytes(const std::string& word) {
    if (word == "-") {
        if (standard_input_taken_) {
            throw usage_stop("standard input can be taken once only");
        }
        standard_input_taken_ = true;
    }
    if (word == "-" || (word.starts_with('@') && !word.starts_with("@@"))) {
        FileSource source(word == "-" ? word : word.substr(1));
        std::string bytes = read_all(source, quire::kValueBytesMax);
        bytes.resize(std::min<std::size_t>(bytes.size(), quire::kValueBytesMax + 1));
        return bytes;
    }
    if (globals_.hex) {
        std::string bytes;
        if (!append_unhex(word, bytes)) {
            throw usage_stop("not an even number of hex digits: " + on_one_line(word));
        }
        return bytes;
    }
    return word.starts_with("@@") ? word.substr(1) : word;
}

}  // namespace kvtool
