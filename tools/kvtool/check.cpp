// SPDX-License-Identifier: MIT
//
// Verifies everything and writes nothing: neither a repair nor the recovery that opening for writing would do.
#include "kvtool/bytes_text.h"
#include "kvtool/output.h"
#include "kvtool/session.h"
#include "kvtool/verbs.h"

#include <quire/check.h>

namespace kvtool {

namespace {

void append_finding(const Globals& globals, const quire::Finding& finding, std::string& out) {
    if (globals.json) {
        out += R"({"offset": )" + std::to_string(finding.error.detail) + R"(, "errc": )" +
               std::to_string(static_cast<unsigned>(finding.error.code)) + R"(, "what": )";
        append_json(finding.error.what, false, out);
        if (!finding.key.empty()) {
            out += R"(, "key": )";
            append_json(finding.key, globals.hex, out);
        }
        out += "}\n";
        return;
    }
    out += std::to_string(finding.error.detail) + ": " + finding.error.what;
    if (!finding.key.empty()) {
        out += " (";
        if (globals.hex) {
            append_hex(finding.key, out);
        } else {
            append_escaped(finding.key, Escape::record, out);
        }
        out += ')';
    }
    out += '\n';
}

void append_verdict(const Globals& globals, const quire::CheckReport& report, std::uint64_t verified_bytes,
                    Clock::duration took, std::string& out) {
    if (globals.json) {
        out += R"({"clean": )" + std::string(report.clean() ? "true" : "false") + R"(, "findings": )" +
               std::to_string(report.finding_count) + R"(, "records": )" + std::to_string(report.record_count) +
               R"(, "pages": )" + std::to_string(report.page_count) + R"(, "leaked_bytes": )" +
               std::to_string(report.leaked_bytes) + "}\n";
        return;
    }
    if (report.clean()) {
        out += "clean: ";
    } else {
        out += "damaged: " + with_commas(report.finding_count) + " findings, ";
    }
    out += with_commas(report.record_count) + " records, " + with_commas(report.page_count) + " index pages";
    if (verified_bytes != 0) {
        out += ", " + bytes_for_people(verified_bytes) + " verified";
    }
    out += " in " + seconds_for_people(took) + "\n";
}

// Through an open store where it opens, since only then it is known who else is at work in it; else straight from the file.
quire::Result<quire::CheckReport> check_file(const Command& command, const quire::CheckOptions& options) {
    quire::Options opening;
    opening.access = quire::Access::read_only;
    opening.lock_wait = command.globals().wait;
    const auto store = quire::Store::open(command.file(), opening);
    if (store) {
        return store->check(options);
    }
    auto report = quire::check(command.file(), options);
    if (report && report->clean() && exit_of(store.error().code) == Exit::damage) {
        // Why it does not open is a finding too.
        report->finding_count = 1;
        report->findings.push_back({store.error(), {}});
    }
    return report;
}

}  // namespace

Exit run_check(Command& command) {
    command.take_file();
    command.parse();
    const Globals& globals = command.globals();
    std::uint64_t verified_bytes = 0;
    const Clock::time_point begin = Clock::now();
    quire::Result<quire::CheckReport> report;
    {
        Progress progress(!globals.quiet);
        quire::CheckOptions options;
        options.on_progress = [&](const quire::Progress& step) {
            verified_bytes = step.done_bytes;
            progress.show_bytes(step.done_bytes, step.total_bytes);
            return true;
        };
        report = check_file(command, options);
    }
    if (!report) {
        throw store_stop(command.file(), globals, report.error());
    }
    Output output;
    for (const quire::Finding& finding : report->findings) {
        append_finding(globals, finding, output.buffer());
        output.write_if_full();
    }
    append_verdict(globals, *report, verified_bytes, Clock::now() - begin, output.buffer());
    output.close();
    return report->clean() ? Exit::done : Exit::damage;
}

}  // namespace kvtool
