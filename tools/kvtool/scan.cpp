// SPDX-License-Identifier: MIT
//
// kvtool scan: list records by prefix or pattern.
#include "kvtool/bytes_text.h"
#include "kvtool/glob.h"
#include "kvtool/jsonl.h"
#include "kvtool/output.h"
#include "kvtool/verbs.h"
#include "kvtool/walk.h"

namespace kvtool {

namespace {

struct Wanted {
    std::string prefix;
    std::string pattern;
    bool has_pattern = false;
    bool keys = true;
    bool values = true;

    bool matches(std::string_view key) const noexcept {
        return key.starts_with(prefix) && (!has_pattern || glob_matches(pattern, key));
    }
};

void append_item(const Globals& globals, std::string_view bytes, char end, std::string& out) {
    if (globals.hex) {
        append_hex(bytes, out);
    } else if (globals.null) {
        out += bytes;
    } else {
        append_escaped(bytes, Escape::record, out);
    }
    out += globals.null ? '\0' : end;
}

void append_json_item(const Globals& globals, const char* name, std::string_view bytes, std::string& out) {
    out += "{\"";
    out += name;
    out += "\": ";
    append_json(bytes, globals.hex, out);
    out += "}\n";
}

void append_record(const Globals& globals, const Wanted& wanted, const quire::Record& record, std::string& out) {
    const std::string_view key = record.key.text();
    const std::string_view value = record.value.text();
    if (globals.json && wanted.keys && wanted.values) {
        jsonl::append_record(key, value, globals.hex, out);
        return;
    }
    if (globals.json) {
        append_json_item(globals, wanted.keys ? "key" : "value", wanted.keys ? key : value, out);
        return;
    }
    if (wanted.keys) {
        append_item(globals, key, wanted.values ? '\t' : '\n', out);
    }
    if (wanted.values) {
        append_item(globals, value, '\n', out);
    }
}

}  // namespace

Exit run_scan(Command& command) {
    bool keys_only = false;
    bool values_only = false;
    std::uint64_t limit = UINT64_MAX;
    quire::ScanPosition from;
    command.take_file();
    const CLI::Option* prefix = command.take_option("--prefix", "P", "Only keys that begin with P");
    const CLI::Option* match = command.take_option("--match", "GLOB", "Only keys that match GLOB: * ? [a-z] [!a-z]");
    command.take_number("--limit", limit, 1, "Stop behind N records and say how to go on");
    command.take_flag("--keys", keys_only, "Print keys only");
    command.take_flag("--values", values_only, "Print values only");
    command.take_number("--from", from.value, 0, "Go on from where --limit stopped");
    command.parse();
    if (keys_only && values_only) {
        throw usage_stop("--keys and --values exclude each other");
    }
    const Wanted wanted{.prefix = Command::given(prefix) ? command.bytes(Command::word(prefix)) : std::string(),
                        .pattern = Command::word(match),
                        .has_pattern = Command::given(match),
                        .keys = !values_only,
                        .values = !keys_only};

    Session session(command, Use::read);
    Output output;
    std::uint64_t matched = 0;
    std::uint64_t damaged = 0;
    const quire::ScanPosition stopped = walk(session, from, [&](const quire::Result<quire::Record>& element) {
        if (!element) {
            session.report(element.error());
            ++damaged;
        } else if (wanted.matches(element->key.text())) {
            append_record(session.globals(), wanted, *element, output.buffer());
            output.write_if_full();
            ++matched;
        }
        return matched < limit;
    });
    output.close();
    if (matched == limit) {
        session.note("stopped at the limit; go on with --from " + std::to_string(stopped.value));
    }
    session.close();
    if (damaged != 0) {
        return Exit::damage;
    }
    return matched == 0 ? Exit::negative : Exit::done;
}

}  // namespace kvtool
