// SPDX-License-Identifier: MIT
//
// The writers' queue on Windows: a named mutex. Sleeping on a word is waking by address within this process, and looking
// again every millisecond for the others.
#include "platform/writer_queue.h"

#include <algorithm>
#include <utility>

#include "base/math.h"
#include "base/shared_word.h"
#include "platform/win32/security.h"
#include "platform/win32/win32.h"

namespace quire::platform {

namespace {

// Rounded up: a slice of some microseconds must not become a busy loop.
DWORD milliseconds_of(Nanoseconds slice) noexcept {
    constexpr std::uint64_t kLongest = 86'400'000;
    const auto count = static_cast<std::uint64_t>(std::max(slice, Nanoseconds{0}).count());
    return static_cast<DWORD>(std::min(base::divide_up(count, 1'000'000), kLongest));
}

}  // namespace

Result<WriterQueue> WriterQueue::open(std::string_view name, const File* store) noexcept try {
    WriterQueue queue;
    // Global, or two sessions would have two mutexes. Needs no privilege: that is for sections.
    (queue.kernel_name_ = "Global\\quire-") += name;
    QUIRE_TRY_AS(const std::wstring wide_name, win32::wide(queue.kernel_name_));
    QUIRE_TRY_AS(const win32::QueueSecurity security, win32::QueueSecurity::of(store));
    SECURITY_ATTRIBUTES attributes = security.attributes();
    // Ex, and few rights: CreateMutexW asks for all, which the list above grants nobody but administrators.
    const HANDLE handle = ::CreateMutexExW(&attributes, wide_name.c_str(), 0, win32::kQueueRights);
    if (handle == nullptr) {
        const DWORD error = ::GetLastError();
        if (error == ERROR_INVALID_HANDLE) {
            return base::fail(Errc::access_denied, "the name of the writers' mutex is taken by something else", 0, error);
        }
        return win32::fail(error, "cannot open the writers' mutex");
    }
    queue.handle_ = win32::number_of(handle);
    return queue;
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory for a name");
}

bool WriterQueue::take_turn(Nanoseconds slice) noexcept {
    const DWORD result = ::WaitForSingleObject(win32::handle_of(handle_), milliseconds_of(slice));
    return result == WAIT_OBJECT_0 || result == WAIT_ABANDONED;   // abandoned: the word tells what its owner left
}

void WriterQueue::give_turn() noexcept { ::ReleaseMutex(win32::handle_of(handle_)); }

void WriterQueue::sleep_on(const std::uint32_t& word, std::uint32_t seen, Nanoseconds slice) noexcept {
    const Deadline deadline = Deadline::in(slice);
    while (!deadline.passed() && base::load_relaxed(word) == seen) {
        ::WaitOnAddress(const_cast<std::uint32_t*>(&word), &seen, sizeof word, 1);
    }
}

void WriterQueue::wake_one(std::uint32_t& word) noexcept { ::WakeByAddressSingle(&word); }

std::string_view WriterQueue::kind() const noexcept { return "named mutex"; }

WriterQueue::WriterQueue(WriterQueue&& other) noexcept
    : handle_(std::exchange(other.handle_, 0)), kernel_name_(std::move(other.kernel_name_)) {}

WriterQueue& WriterQueue::operator=(WriterQueue&& other) noexcept {
    if (this != &other) {
        WriterQueue old(std::move(*this));
        handle_ = std::exchange(other.handle_, 0);
        kernel_name_ = std::move(other.kernel_name_);
    }
    return *this;
}

WriterQueue::~WriterQueue() {
    if (handle_ != 0) {
        ::CloseHandle(win32::handle_of(handle_));
    }
}

}  // namespace quire::platform
