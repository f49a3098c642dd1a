// SPDX-License-Identifier: MIT
//
// The writers' queue on Linux: none but the word itself. Its futex is shared: processes meet by file and offset.
#include "platform/writer_queue.h"

#include <ctime>
#include <utility>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace quire::platform {

Result<WriterQueue> WriterQueue::open(std::string_view, const File*) noexcept { return WriterQueue(); }

bool WriterQueue::take_turn(Nanoseconds) noexcept { return true; }
void WriterQueue::give_turn() noexcept {}

void WriterQueue::sleep_on(const std::uint32_t& word, std::uint32_t seen, Nanoseconds slice) noexcept {
    if (slice <= Nanoseconds{0}) {
        return;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(slice);
    const timespec time{seconds.count(), (slice - seconds).count()};
    ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, &time, nullptr, 0);
}

void WriterQueue::wake_one(std::uint32_t& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

std::string_view WriterQueue::kind() const noexcept { return "futex"; }

WriterQueue::WriterQueue(WriterQueue&& other) noexcept
    : handle_(std::exchange(other.handle_, 0)), kernel_name_(std::move(other.kernel_name_)) {}

WriterQueue& WriterQueue::operator=(WriterQueue&& other) noexcept {
    handle_ = std::exchange(other.handle_, 0);
    kernel_name_ = std::move(other.kernel_name_);
    return *this;
}

WriterQueue::~WriterQueue() = default;

}  // namespace quire::platform
