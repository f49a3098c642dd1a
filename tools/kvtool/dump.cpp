// SPDX-License-Identifier: MIT
//
// All records as a text. What says that it is complete (DATA=END, exit code 0) comes only if every record was read and
// verified, and their number is the store's.
#include <optional>

#include "kvtool/berkeley_text.h"
#include "kvtool/input.h"
#include "kvtool/jsonl.h"
#include "kvtool/output.h"
#include "kvtool/text_format.h"
#include "kvtool/tsv.h"
#include "kvtool/verbs.h"
#include "kvtool/walk.h"

namespace kvtool {

namespace {

constexpr std::size_t kLmdbKeyBytesMax = 511;

class Dump {
public:
    Dump(Session& session, Output& output, TextFormat format, bool for_lmdb)
        : session_(session), output_(output), format_(format), for_lmdb_(for_lmdb) {}

    Exit run() {
        const quire::Lsn before = session_.must(session_.store().position());
        if (is_berkeley()) {
            berkeley::append_header(form(), for_lmdb_ ? lmdb_map_bytes() : 0, output_.buffer());
        }
        {
            Progress progress(!session_.globals().quiet);
            walk(session_, {}, [&](const quire::Result<quire::Record>& element) {
                take(element);
                progress.show(written_, "records");
                return true;
            });
        }
        if (skipped_ == 0 && is_short_of_the_store(before)) {
            ++skipped_;
        }
        if (is_berkeley() && skipped_ == 0) {
            berkeley::append_end(output_.buffer());
        }
        if (unfit_for_lmdb_ != 0) {
            session_.note(with_commas(unfit_for_lmdb_) + " keys are empty or longer than the 511 bytes LMDB takes");
        }
        return skipped_ == 0 ? Exit::done : Exit::damage;
    }

private:
    bool is_berkeley() const noexcept { return format_ == TextFormat::bytevalue || format_ == TextFormat::print; }
    berkeley::Form form() const noexcept {
        if (format_ == TextFormat::bytevalue) {
            return berkeley::Form::bytevalue;
        }
        return for_lmdb_ ? berkeley::Form::print_for_lmdb : berkeley::Form::print;
    }

    // Address space for mdb_load: pages may be half empty, and a value beyond a page takes whole ones.
    std::uint64_t lmdb_map_bytes() const {
        const quire::Stats stats = session_.must(session_.store().stats());
        const std::uint64_t wanted = 4 * stats.live_bytes + 256 * stats.record_count + (16u << 20);
        return (wanted + 4'095) / 4'096 * 4'096;
    }

    void take(const quire::Result<quire::Record>& element) {
        if (!element) {
            session_.report(element.error());
            ++skipped_;
            return;
        }
        const std::string_view key = element->key.text();
        const std::string_view value = element->value.text();
        std::string& out = output_.buffer();
        switch (format_) {
        case TextFormat::bytevalue:
        case TextFormat::print:
            berkeley::append_record(form(), key, value, out);
            break;
        case TextFormat::tsv:
            tsv::append_record(key, value, out);
            break;
        case TextFormat::jsonl:
            jsonl::append_record(key, value, session_.globals().hex, out);
            break;
        }
        output_.write_if_full();
        ++written_;
        unfit_for_lmdb_ += for_lmdb_ && (key.empty() || key.size() > kLmdbKeyBytesMax) ? 1 : 0;
    }

    // Only when nothing was written meanwhile can the number be compared.
    bool is_short_of_the_store(quire::Lsn before) const {
        const std::uint64_t count = session_.must(session_.store().count());
        if (session_.must(session_.store().position()) != before || count == written_) {
            return false;
        }
        say("kvtool: " + on_one_line(session_.file()) + ": corrupt: the scan met " + std::to_string(written_) +
            " records (the store counts " + std::to_string(count) + ")");
        return true;
    }

    Session& session_;
    Output& output_;
    TextFormat format_;
    bool for_lmdb_;
    std::uint64_t written_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t unfit_for_lmdb_ = 0;
};

}  // namespace

Exit run_dump(Command& command) {
    bool print = false;
    command.take_file();
    const CLI::Option* out_word = command.take_option("-o,--output", "OUT", "Write to this file, not to standard output");
    const CLI::Option* format_word = command.take_option("--format", "NAME", "bdb (default), print, tsv or jsonl");
    command.take_flag("-p", print, "The same as --format print");
    const CLI::Option* compat_word = command.take_option("--compat", "NAME", "lmdb: a header that mdb_load accepts");
    command.parse();

    std::optional<TextFormat> format = print ? TextFormat::print : TextFormat::bytevalue;
    if (Command::given(format_word)) {
        format = text_format_of(Command::word(format_word));
    } else if (command.globals().json) {
        format = TextFormat::jsonl;
    }
    if (!format || (print && *format != TextFormat::print)) {
        throw usage_stop("--format is one of bdb, print, tsv and jsonl; -p is print");
    }
    const bool for_lmdb = Command::given(compat_word);
    if (for_lmdb && (Command::word(compat_word) != "lmdb" || *format == TextFormat::tsv || *format == TextFormat::jsonl)) {
        throw usage_stop("--compat knows lmdb, with the formats bdb and print");
    }
    const std::string out = Command::given(out_word) ? Command::word(out_word) : "-";

    Session session(command, Use::read);
    if (out != "-" && are_same_file(out, command.file())) {
        throw usage_stop("a store cannot be dumped into itself");
    }
    Output output(out);
    const Exit code = Dump(session, output, *format, for_lmdb).run();
    output.close();
    session.close();
    return code;
}

}  // namespace kvtool
