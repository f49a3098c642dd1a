// SPDX-License-Identifier: MIT
//
// As on Linux: a turn costs nothing. Sleepers of all stores share one condition; a wake-up too many is allowed.
#include "platform/writer_queue.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/shared_word.h"
#include "sim/state.h"

namespace quire::platform {
namespace {

struct Bed {
    std::mutex mutex;
    std::condition_variable woken;
};
Bed& bed() {
    static Bed* const bed = new Bed;
    return *bed;
}

}  // namespace

Result<WriterQueue> WriterQueue::open(std::string_view name, const File*) noexcept {
    WriterQueue queue;
    queue.handle_ = 1;
    queue.kernel_name_ = name;
    return queue;
}

bool WriterQueue::take_turn(Nanoseconds) noexcept { return true; }
void WriterQueue::give_turn() noexcept {}

void WriterQueue::sleep_on(const std::uint32_t& word, std::uint32_t seen, Nanoseconds slice) noexcept {
    std::unique_lock lock(bed().mutex);
    // Sleeping decides nothing: the caller looks at the word again.
    if (base::load_acquire(word) == seen) {
        bed().woken.wait_for(lock, std::min<Nanoseconds>(slice, std::chrono::milliseconds(1)));
    }
    lock.unlock();
    sleep_for(slice);   // simulated time passes even if nobody was there to wake us
}

void WriterQueue::wake_one(std::uint32_t&) noexcept {
    const std::lock_guard lock(bed().mutex);
    bed().woken.notify_all();
}

std::string_view WriterQueue::kind() const noexcept { return "simulated"; }

WriterQueue::WriterQueue(WriterQueue&& other) noexcept
    : handle_(std::exchange(other.handle_, 0)), kernel_name_(std::move(other.kernel_name_)) {}

WriterQueue& WriterQueue::operator=(WriterQueue&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(kernel_name_, other.kernel_name_);
    return *this;
}

WriterQueue::~WriterQueue() = default;

}  // namespace quire::platform
