// SPDX-License-Identifier: MIT
//
// Figures under stable names: scripts rely on them; names are added, and none changes its meaning.
#include <string_view>
#include <utility>
#include <vector>

#include "kvtool/bytes_text.h"
#include "kvtool/output.h"
#include "kvtool/session.h"
#include "kvtool/verbs.h"

namespace kvtool {

namespace {

struct Figure {
    std::string_view name;
    std::string value;
    bool is_number = true;
};

std::string recovery_of(const Opening& opening, const quire::Stats& stats) {
    if (opening.recovered) {
        return "replayed " + with_commas(opening.replayed_records) + " records in " + time_for_people(opening.took);
    }
    return bytes_for_people(stats.log_bytes_since_checkpoint) + " of log to replay";
}

std::string oldest_pin_of(const quire::Stats& stats) {
    if (stats.oldest_pin_pid == 0) {
        return "none";
    }
    return "pid " + std::to_string(stats.oldest_pin_pid) + ", " + seconds_for_people(stats.oldest_pin_age);
}

std::vector<Figure> figures_of(const Session& session, const quire::Stats& stats, const quire::Digest& digest) {
    const auto number = [](std::uint64_t n) { return std::to_string(n); };
    return {
        {"file", session.file(), false},
        {"records", number(stats.record_count)},
        {"live_bytes", number(stats.live_bytes)},
        {"file_bytes", number(stats.file_bytes)},
        {"space_factor", ratio_for_people(stats.file_bytes, stats.live_bytes), stats.live_bytes != 0},
        {"index_bytes", number(stats.index_bytes)},
        {"reusable_bytes", number(stats.reusable_bytes)},
        {"held_bytes", number(stats.held_bytes)},
        {"lsn", number(stats.committed.value)},
        {"durable_lsn", number(stats.durable.value)},
        {"recovery", recovery_of(session.opening(), stats), false},
        {"processes", number(stats.process_count)},
        {"pins", number(stats.pin_count)},
        {"oldest_pin", oldest_pin_of(stats), false},
        {"snapshots", number(stats.snapshot_count)},
        {"digest", quire::to_string(digest), false},
    };
}

void append_lines(const std::vector<Figure>& figures, std::string& out) {
    for (const Figure& figure : figures) {
        out += figure.name;
        out += ": ";
        append_escaped(figure.value, Escape::control, out);
        out += '\n';
    }
}

void append_object(const std::vector<Figure>& figures, std::string& out) {
    const char* before = "{\"";
    for (const Figure& figure : figures) {
        out += std::exchange(before, ", \"");
        out += figure.name;
        out += "\": ";
        if (figure.is_number) {
            out += figure.value;
        } else {
            append_json(figure.value, false, out);
        }
    }
    out += "}\n";
}

}  // namespace

Exit run_stat(Command& command) {
    command.take_file();
    command.parse();
    Session session(command, Use::read);
    const quire::Stats stats = session.must(session.store().stats());
    const quire::Digest digest = session.must(session.store().digest());
    const std::vector<Figure> figures = figures_of(session, stats, digest);
    Output output;
    if (session.globals().json) {
        append_object(figures, output.buffer());
    } else {
        append_lines(figures, output.buffer());
    }
    output.close();
    session.close();
    return Exit::done;
}

}  // namespace kvtool
