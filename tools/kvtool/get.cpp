// SPDX-License-Identifier: MIT
//
// kvtool get: the value of one or several keys.
#include "kvtool/bytes_text.h"
#include "kvtool/output.h"
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

namespace {

// One value alone is exact; of several each has an end.
void append_value(const Globals& globals, const std::string& key, const std::string* value, bool alone,
                  Output& output) {
    std::string& out = output.buffer();
    if (globals.json) {
        out += R"({"key": )";
        append_json(key, globals.hex, out);
        out += R"(, "value": )";
        if (value != nullptr) {
            append_json(*value, globals.hex, out);
        } else {
            out += "null";
        }
        out += "}\n";
    } else if (value != nullptr) {
        if (globals.hex) {
            append_hex(*value, out);
        } else {
            out += *value;
        }
        if (globals.null) {
            out += '\0';
        } else if (!alone || (output.is_terminal() && !out.ends_with('\n'))) {
            out += '\n';
        }
    }
    output.write_if_full();
}

}  // namespace

Exit run_get(Command& command) {
    command.take_file();
    const CLI::Option* key_words = command.take_some("KEY", "Text; - is standard input, @PATH a file's bytes, @@ an @");
    command.parse();
    std::vector<std::string> keys;
    for (const std::string& word : Command::words(key_words)) {
        keys.push_back(command.bytes(word));
    }
    Session session(command, Use::read);
    Output output;
    Exit code = Exit::done;
    std::string value;
    for (const std::string& key : keys) {
        const bool alone = keys.size() == 1;
        const quire::Result<bool> found = session.store().get(key, value);
        if (!found && !alone && exit_of(found.error().code) == Exit::damage) {
            session.report(found.error());   // the others are fine
            code = Exit::damage;
            continue;
        }
        const bool present = session.must(found);
        append_value(session.globals(), key, present ? &value : nullptr, alone, output);
        if (!present) {
            code = code == Exit::done ? Exit::negative : code;
            if (!alone) {
                session.note("absent: " + on_one_line(key));
            }
        }
    }
    output.close();
    session.close();
    return code;
}

}  // namespace kvtool
