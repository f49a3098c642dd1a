// SPDX-License-Identifier: MIT
//
// kvtool version: release, format and system.
#include "kvtool/console.h"
#include "kvtool/output.h"
#include "kvtool/verbs.h"

namespace kvtool {

namespace {

constexpr std::string_view kRelease = KVTOOL_VERSION;   // the build says it
constexpr std::string_view kFormat = "0";               // format-spec, chapter 1; 0: not yet declared

}  // namespace

Exit run_version(Command& command) {
    command.parse();
    std::string text;
    if (command.globals().json) {
        text += R"({"release": ")";
        text += kRelease;
        text += R"(", "format": )";
        text += kFormat;
        text += R"(, "system": ")";
        text += console::system_name();
        text += "\"}\n";
    } else {
        text += "kvtool ";
        text += kRelease;
        text += ", format ";
        text += kFormat;
        text += ", ";
        text += console::system_name();
        text += '\n';
    }
    Output output;
    output.write(text);
    output.close();
    return Exit::done;
}

}  // namespace kvtool
