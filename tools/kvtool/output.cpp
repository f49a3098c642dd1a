// SPDX-License-Identifier: MIT
#include "kvtool/output.h"

#include <cerrno>
#include <utility>

#include "kvtool/console.h"
#include "kvtool/stop.h"

namespace kvtool {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

[[noreturn]] void throw_failure(const std::string& name, int error_number) {
    if (console::is_closed_pipe(error_number)) {
        throw ClosedPipe();
    }
    throw file_stop(name, error_number);
}

}  // namespace

Output::Output() : Output("-") {}

Output::Output(const std::string& path)
    : file_(path == "-" ? stdout : console::open_file(path, console::Mode::write)),
      name_(path == "-" ? "standard output" : on_one_line(path)) {
    if (file_ == nullptr) {
        throw file_stop(name_, errno);
    }
    std::setvbuf(file_, nullptr, _IONBF, 0);   // what flush() has written is with the system
}

Output::~Output() {
    if (file_ != stdout && file_ != nullptr) {
        std::fclose(file_);
    }
}

bool Output::is_terminal() const noexcept { return console::is_terminal(file_); }

void Output::write(std::string_view bytes) {
    buffer_ += bytes;
    write_if_full();
}

void Output::write_if_full() {
    if (buffer_.size() >= kBufferBytes) {
        flush();
    }
}

void Output::flush() {
    const std::string_view bytes = buffer_;
    errno = 0;
    if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
        throw_failure(name_, errno);
    }
    buffer_.clear();
}

void Output::close() {
    flush();
    std::FILE* file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0) {
        throw_failure(name_, errno);
    }
}

}  // namespace kvtool
