// SPDX-License-Identifier: MIT
//
// Stores the records of a text, a batch at a time. Whatever stops it, everything before is in.
#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "kvtool/input.h"
#include "kvtool/output.h"
#include "kvtool/session.h"
#include "kvtool/text_format.h"
#include "kvtool/verbs.h"

namespace kvtool {

namespace {

constexpr std::size_t kBatchBytes = std::size_t{16} << 20;   // a batch is closed beyond this, however few its records

struct Plan {
    std::string input = "-";
    std::uint64_t records_per_batch = 1'000;
    bool overwrite = true;
    bool acks = false;
    bool rescue = false;
};

std::string digits_in_short(const std::string& digest) {
    return digest.size() < 32 ? digest : digest.substr(0, 8) + "…" + digest.substr(digest.size() - 6);
}

// Records that wait for their commit, in one piece of memory.
class Pending {
public:
    void add(const TextRecord& record) {
        entries_.push_back({bytes_.size(), record.key.size(), record.value.size(), record.line});
        bytes_ += record.key;
        bytes_ += record.value;
    }

    void clear() noexcept {
        entries_.clear();
        bytes_.clear();
    }

    std::size_t count() const noexcept { return entries_.size(); }
    std::size_t size_bytes() const noexcept { return bytes_.size(); }

    TextRecord operator[](std::size_t i) const noexcept {
        const Entry& e = entries_[i];
        const std::string_view all = bytes_;
        return {all.substr(e.offset, e.key_bytes), all.substr(e.offset + e.key_bytes, e.value_bytes), e.line};
    }

private:
    struct Entry {
        std::size_t offset;
        std::size_t key_bytes;
        std::size_t value_bytes;
        std::uint64_t line;
    };

    std::vector<Entry> entries_;
    std::string bytes_;
};

class Load {
public:
    Load(Session& session, const Plan& plan, std::string input_name)
        : session_(session), plan_(plan), input_name_(std::move(input_name)) {}

    void take(const TextRecord& record) {
        if (pending_.count() > 0 && pending_.size_bytes() + record.key.size() + record.value.size() > kBatchBytes) {
            commit();
        }
        pending_.add(record);
        bytes_ += record.key.size() + record.value.size();
        if (pending_.count() >= plan_.records_per_batch) {
            commit();
        }
    }

    void take(const TextError& error) {
        if (!plan_.rescue) {
            commit();
            session_.close();
            throw malformed(error);
        }
        say("kvtool: " + malformed(error).message);
        ++skipped_;
    }

    // Also at the end, for what is left.
    void commit() {
        if (pending_.count() == 0) {
            return;
        }
        const auto committed = commit_range(0, pending_.count());
        if (committed) {
            acknowledge(pending_.count());
        } else if (is_about_size(committed.error()) && pending_.count() > 1) {
            commit_one_by_one();
        } else {
            throw refused(committed.error(), pending_[0]);
        }
        pending_.clear();
    }

    std::uint64_t records() const noexcept { return records_; }
    std::uint64_t skipped() const noexcept { return skipped_; }

    void summarize(Clock::duration took) const {
        const std::uint64_t file_bytes = session_.must(session_.store().stats()).file_bytes;
        const std::string digest = quire::to_string(session_.must(session_.store().digest()));
        std::string line = with_commas(records_) + " records, " + bytes_for_people(bytes_) + " in " +
                           seconds_for_people(took) + " · file " + bytes_for_people(file_bytes) + " · digest " +
                           digits_in_short(digest);
        if (kept_ != 0) {
            line += " · " + with_commas(kept_) + " were there already";
        }
        if (skipped_ != 0) {
            line += " · " + with_commas(skipped_) + " skipped";
        }
        say(line);
    }

private:
    static bool is_about_size(const quire::Error& error) noexcept {
        return error.code == quire::Errc::key_too_large || error.code == quire::Errc::value_too_large ||
               error.code == quire::Errc::batch_too_large;
    }

    Stop malformed(const TextError& error) const {
        return {Exit::usage, input_name_ + ": malformed: " + error.reason + where(error.line)};
    }

    Stop refused(const quire::Error& error, const TextRecord& record) const {
        Stop stop = session_.stop(error);
        stop.message += ", " + input_name_ + where(record.line);
        return stop;
    }

    std::string where(std::uint64_t line) const {
        return " (line " + std::to_string(line) + "; " + std::to_string(records_) + " records before it are in)";
    }

    quire::Result<void> commit_range(std::size_t first, std::size_t count) {
        return plan_.overwrite ? put(first, count) : insert(first, count);
    }

    quire::Result<void> put(std::size_t first, std::size_t count) {
        batch_.clear();
        for (std::size_t i = first; i < first + count; ++i) {
            const TextRecord record = pending_[i];
            batch_.put(record.key, record.value);
        }
        const auto committed = session_.store().commit(batch_);
        return committed ? quire::Result<void>() : std::unexpected(committed.error());
    }

    // Looks first and then insists on what it saw, so that no other writer's record is lost either.
    quire::Result<void> insert(std::size_t first, std::size_t count) {
        while (true) {
            batch_.clear();
            std::unordered_set<std::string_view> taken;
            std::uint64_t kept = 0;
            for (std::size_t i = first; i < first + count; ++i) {
                const TextRecord record = pending_[i];
                if (!taken.insert(record.key).second || session_.must(session_.store().contains(record.key))) {
                    ++kept;
                    continue;
                }
                batch_.expect_absent(record.key).put(record.key, record.value);
            }
            if (kept < count) {
                const auto committed = session_.store().commit(batch_);
                if (!committed && committed.error().code == quire::Errc::conflict) {
                    continue;
                }
                if (!committed) {
                    return std::unexpected(committed.error());
                }
            }
            kept_ += kept;
            return {};
        }
    }

    // A batch over a limit does not say which record is at fault.
    void commit_one_by_one() {
        for (std::size_t i = 0; i < pending_.count(); ++i) {
            if (const auto committed = commit_range(i, 1); !committed) {
                throw refused(committed.error(), pending_[i]);
            }
            acknowledge(1);
        }
    }

    // At once: whoever reads it may rely on it from now on.
    void acknowledge(std::size_t count) {
        records_ += count;
        if (plan_.acks) {
            output_.write(std::to_string(records_) + "\n");
            output_.flush();
        }
    }

    Session& session_;
    const Plan& plan_;
    std::string input_name_;
    Output output_;
    Pending pending_;
    quire::Batch batch_;
    std::uint64_t records_ = 0;   // committed, or there before
    std::uint64_t kept_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t bytes_ = 0;
};

Exit load_from(const Command& command, const Plan& plan, Use use, const std::optional<TextFormat>& chosen) {
    FileSource source(plan.input);
    Lines lines(source);
    const auto stop_early = [&](const TextError& error) -> Stop {
        return {Exit::usage, source.name() + ": malformed: " + error.reason + " (line " + std::to_string(error.line) +
                                 "; nothing was stored)"};
    };
    const auto format = chosen ? Parsed<TextFormat>(*chosen) : detect_text_format(lines);
    if (!format) {
        throw stop_early(format.error());
    }
    const auto reader = make_text_reader(*format, lines);
    TextRecord record;
    Parsed<bool> read = reader->next(record);
    if (!read && !plan.rescue) {
        throw stop_early(read.error());   // before the store is made: a text that is none leaves no store behind
    }

    const Clock::time_point begin = Clock::now();
    Session session(command, use);
    Load load(session, plan, source.name());
    {
        Progress progress(!session.globals().quiet && !plan.acks);
        while (!read || *read) {
            if (read) {
                load.take(record);
                progress.show(load.records(), "records");
            } else {
                load.take(read.error());
            }
            read = reader->next(record);
        }
        load.commit();
    }
    if (!session.globals().quiet) {
        load.summarize(Clock::now() - begin);
    }
    session.close();
    return load.skipped() == 0 ? Exit::done : Exit::damage;
}

}  // namespace

Exit run_load(Command& command) {
    Plan plan;
    bool no_overwrite = false;
    bool no_create = false;
    command.take_file();
    const CLI::Option* input_word = command.take_optional("INPUT", "The text; standard input if - or not given");
    const CLI::Option* format_word = command.take_option("--format", "NAME", "auto (default), bdb, print, tsv or jsonl");
    command.take_number("--batch", plan.records_per_batch, 1, "Commit every N records, all or none of them (default 1000)");
    command.take_flag("--no-overwrite", no_overwrite, "Leave alone the keys that are there");
    command.take_flag("--acks", plan.acks, "Print the number of the last record after each commit");
    command.take_flag("--rescue", plan.rescue, "Skip malformed records and do without DATA=END; exit code 4 if it did");
    command.take_flag("--no-create", no_create, "Do not make a file that is not there");
    command.parse();
    plan.overwrite = !no_overwrite;
    if (Command::given(input_word)) {
        plan.input = Command::word(input_word);
    }
    std::optional<TextFormat> format;
    if (Command::given(format_word) && Command::word(format_word) != "auto") {
        format = text_format_of(Command::word(format_word));
        if (!format) {
            throw usage_stop("--format is one of auto, bdb, print, tsv and jsonl");
        }
    }
    if (plan.input != "-" && are_same_file(plan.input, command.file())) {
        throw usage_stop("a store cannot be loaded from itself");
    }
    try {
        return load_from(command, plan, no_create ? Use::write : Use::create, format);
    } catch (const ClosedPipe&) {
        return Exit::unusable;   // nobody reads the acknowledgements, and not all was loaded
    }
}

}  // namespace kvtool
