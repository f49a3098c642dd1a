// SPDX-License-Identifier: MIT
//
// The table beside the kernel's: what is in it is never asked of the kernel again.
#include "runtime/lock_table.h"

#include <new>

#include "base/try.h"

namespace quire::runtime {

using platform::LockMode;

Result<std::unique_ptr<LockTable>> LockTable::open(std::string_view path, bool writable) noexcept {
    QUIRE_TRY_AS(platform::LockFile file, platform::LockFile::open(path, writable));
    std::unique_ptr<LockTable> table(new (std::nothrow) LockTable);
    if (!table) {
        return base::fail(Errc::out_of_memory, "no memory for the table of locks");
    }
    table->file_ = std::move(file);
    return table;
}

Result<bool> LockTable::try_lock(std::uint64_t byte, LockMode mode) noexcept {
    const std::lock_guard alone(mutex_);
    if (const auto own = held_.find(byte); own != held_.end()) {
        const bool both_shared = own->second.mode == LockMode::shared && mode == LockMode::shared;
        own->second.count += both_shared ? 1 : 0;
        return both_shared;
    }
    auto entry = held_.end();
    try {
        entry = held_.emplace(byte, Held{mode, 1}).first;   // before the lock: nothing may fail once it is taken
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to note a lock");
    }
    const Result<bool> taken = file_.try_lock(byte, 1, mode);
    if (!taken || !*taken) {
        held_.erase(entry);
    }
    return taken;
}

void LockTable::unlock(std::uint64_t byte) noexcept {
    const std::lock_guard alone(mutex_);
    const auto own = held_.find(byte);
    if (own == held_.end() || --own->second.count > 0) {
        return;
    }
    held_.erase(own);
    (void)file_.unlock(byte, 1);   // fails only for a descriptor that is gone, and the lock with it
}

bool LockTable::holds(std::uint64_t byte) const noexcept {
    const std::lock_guard alone(mutex_);
    return held_.contains(byte);
}

Result<bool> LockTable::held_elsewhere(std::uint64_t first, std::uint64_t count) noexcept {
    const std::lock_guard alone(mutex_);
    const std::uint64_t end = first + count;
    auto own = held_.lower_bound(first);
    for (std::uint64_t gap = first; gap < end; ++own) {
        const std::uint64_t gap_end = own == held_.end() || own->first >= end ? end : own->first;
        if (gap < gap_end) {
            QUIRE_TRY_AS(const bool held, file_.held_elsewhere(gap, gap_end - gap));
            if (held) {
                return true;
            }
        }
        if (gap_end == end) {
            break;
        }
        gap = gap_end + 1;
    }
    return false;
}

bool LockTable::still_is(const platform::FileId& id) const noexcept {
    const std::lock_guard alone(mutex_);
    return file_.still_is(id);
}

void LockTable::abandon_in_child() noexcept {
    file_.abandon_in_child();
}

}  // namespace quire::runtime
