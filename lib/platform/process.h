// SPDX-License-Identifier: MIT
//
// This process, and whether it is still the one that opened a store.
//
// Facts  After fork() the child has neither our views (MADV_DONTFORK) nor our locks; a page that the kernel wipes in the
//        child (MADV_WIPEONFORK) is the witness, read without a system call. Windows has no fork.
#pragma once

#include <cstdint>

namespace quire::platform {

std::uint64_t process_id() noexcept;
std::uint64_t process_start_time() noexcept;      // system units; for display beside the id
std::uint64_t thread_hint() noexcept;             // spreads threads over lines; cheap, not unique

// True in a child that inherited this library by fork(), until restart_in_child().
bool forked() noexcept;
// In the child, once whatever was inherited has been let go of: stores may be opened again.
void restart_in_child() noexcept;
// Called once at library start, before the first store opens; `child` runs in every forked child.
void on_fork(void (*before)() noexcept, void (*parent)() noexcept, void (*child)() noexcept) noexcept;

}  // namespace quire::platform
