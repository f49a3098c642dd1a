// SPDX-License-Identifier: MIT
//
// This process on Linux, and the page that the kernel wipes when it forks.
#include "platform/process.h"

#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/abort.h"

namespace quire::platform {

namespace {

// The kernel changes it behind the compiler's back. Null until on_fork().
constinit volatile std::uint32_t* witness = nullptr;

void wipe_witness() noexcept { *witness = 0; }   // for kernels before 4.14, which do not

}  // namespace

std::uint64_t process_id() noexcept { return static_cast<std::uint64_t>(::getpid()); }

std::uint64_t process_start_time() noexcept {
    const int descriptor = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (descriptor == -1) {
        return 0;
    }
    char line[1024];
    const ssize_t got = ::read(descriptor, line, sizeof line - 1);
    ::close(descriptor);
    line[got < 0 ? 0 : got] = '\0';
    // Field 2, the name, may contain anything but ends at the last ")"; the start is field 22, in clock ticks since boot.
    const char* at = std::strrchr(line, ')');
    for (int field = 2; at != nullptr && field < 22; ++field) {
        at = std::strchr(at + 1, ' ');
    }
    return at == nullptr ? 0 : std::strtoull(at + 1, nullptr, 10);
}

std::uint64_t thread_hint() noexcept {
    // Threads lie at distances of their stack size: the multiplication spreads what differs into the upper half.
    [[gnu::tls_model("initial-exec")]] static constinit thread_local char here = 0;
    return (reinterpret_cast<std::uintptr_t>(&here) * 0x9E37'79B9'7F4A'7C15u) >> 32;
}

bool forked() noexcept { return witness != nullptr && *witness == 0; }

void restart_in_child() noexcept {
    if (witness != nullptr) {
        *witness = 1;
    }
}

void on_fork(void (*before)() noexcept, void (*parent)() noexcept, void (*child)() noexcept) noexcept {
    if (witness == nullptr) {
        const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        void* const page = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        base::require(page != MAP_FAILED, "no memory for a page at library start");
        ::madvise(page, bytes, MADV_WIPEONFORK);
        witness = static_cast<std::uint32_t*>(page);
        *witness = 1;
        ::pthread_atfork(nullptr, nullptr, wipe_witness);   // before `child`, which may look
    }
    ::pthread_atfork(before, parent, child);
}

}  // namespace quire::platform
