// SPDX-License-Identifier: MIT
//
// What platform/fault.h promises on this system alone.
#include "platform/fault.h"

#include <csignal>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "platform/posix/child.h"
#include "platform/view.h"
#include "platform/scratch.h"

using namespace quire::platform;
using quire::test::in_child;
using quire::test::must;
using quire::test::Scratch;

namespace {

constexpr std::uint64_t kBytes = 256 << 10;

volatile sig_atomic_t expected = 0;
volatile sig_atomic_t passed_on = 0;
long page_bytes = 0;

// Stands for a handler that the program had before: mends the page, if a test expects that.
void earlier(int signal, siginfo_t* info, void*) {
    if (expected == 0) {
        ::signal(signal, SIG_DFL);
        return;
    }
    passed_on = passed_on + 1;
    auto* const page = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(info->si_addr) &
                                               ~static_cast<std::uintptr_t>(page_bytes - 1));
    ::mmap(page, static_cast<std::size_t>(page_bytes), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

// Before main(): ahead of the first install_fault_handler(), wherever that is.
[[maybe_unused]] const bool installed_earlier = [] {
    page_bytes = ::sysconf(_SC_PAGESIZE);
    struct sigaction action {};
    action.sa_sigaction = earlier;
    action.sa_flags = SA_SIGINFO;
    return ::sigaction(SIGBUS, &action, nullptr) == 0;
}();

struct Lost {
    explicit Lost(ViewMode mode = ViewMode::read_write) {
        install_fault_handler();
        file = must(File::open(scratch.path("a"), OpenMode::create_new));
        must(file.allocate(0, kBytes));
        view = must(View::map(file, 0, kBytes, mode));
        view.prefetch(0, kBytes);
        must(file.resize(4096));
    }
    volatile std::byte* at(std::uint64_t offset) const { return view.data() + offset; }
    Scratch scratch;
    File file;
    View view;
};

}  // namespace

TEST_SUITE_BEGIN("platform/fault");

TEST_CASE("a load behind the end of a truncated file is a fault, what is left of it is still there") {
    for (const ViewMode mode : {ViewMode::read, ViewMode::read_write, ViewMode::write_copy}) {
        const Lost lost(mode);
        const auto fault = catch_faults([&] { static_cast<void>(*lost.at(8192)); });
        REQUIRE(fault.has_value());
        CHECK(fault->address == lost.view.data() + 8192);
        CHECK(fault->os_code == BUS_ADRERR);
        CHECK_FALSE(catch_faults([&] { static_cast<void>(*lost.at(4095)); }).has_value());
    }
}

TEST_CASE("copying out of a truncated file is a fault") {
    const Lost lost;
    std::vector<std::byte> into(kBytes);
    const auto fault = catch_faults([&] { std::memcpy(into.data(), lost.view.data(), kBytes); });
    REQUIRE(fault.has_value());
    CHECK(fault->address >= lost.view.data() + 4096);
    CHECK(fault->address < lost.view.data() + kBytes);
}

TEST_CASE("signals that were blocked or not are so after a fault") {
    const Lost lost;
    sigset_t before;
    sigset_t after;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
    CHECK(catch_faults([&] { *lost.at(8192) = std::byte{1}; }).has_value());
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int signal = 1; signal < 32; ++signal) {
        CHECK(::sigismember(&before, signal) == ::sigismember(&after, signal));
    }
}

TEST_CASE("a fault in memory that is not ours goes to the earlier handler, even inside catch_faults") {
    const Lost lost;
    auto* const foreign = static_cast<volatile char*>(::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                                                             static_cast<int>(lost.file.handle()), 0));
    passed_on = 0;
    expected = 1;
    bool passed = false;
    const auto fault = catch_faults([&] {
        foreign[8192] = 1;
        passed = true;
    });
    CHECK(passed_on == 1);
    CHECK(passed);
    CHECK_FALSE(fault.has_value());
    foreign[16384] = 1;
    expected = 0;
    CHECK(passed_on == 2);
    ::munmap(const_cast<char*>(foreign), kBytes);
}

TEST_CASE("a fault that nobody waits for ends the process by its signal") {
    const auto ended = in_child([] {
        const Lost lost;
        *lost.at(8192) = std::byte{1};
        return 0;
    });
    CHECK(ended.killed_by(SIGBUS));
}

TEST_CASE("a view that is gone is not watched") {
    Lost lost;
    std::byte* const at = lost.view.data() + 8192;
    lost.view = View();
    const auto ended = in_child([&] {
        ::mmap(at, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, static_cast<int>(lost.file.handle()), 8192);
        const auto fault = catch_faults([&] { static_cast<void>(*static_cast<volatile std::byte*>(at)); });
        return fault ? 1 : 2;
    });
    CHECK(ended.killed_by(SIGBUS));
}

TEST_CASE("a signal that somebody sends is no fault") {
    const auto ended = in_child([] {
        const Lost lost;
        const auto fault = catch_faults([&] { ::raise(SIGBUS); });
        ::raise(SIGBUS);   // the earlier handler has gone back to the default
        return fault ? 1 : 2;
    });
    CHECK(ended.killed_by(SIGBUS));
}

TEST_CASE("a fault is caught on a thread with an alternate signal stack") {
    const Lost lost;
    std::vector<char> stack(1 << 16);
    const stack_t alternate{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
    stack_t before{};
    REQUIRE(::sigaltstack(&alternate, &before) == 0);
    for (int i = 0; i < 100; ++i) {
        CHECK(catch_faults([&] { *lost.at(8192) = std::byte{1}; }).has_value());
    }
    stack_t now{};
    ::sigaltstack(nullptr, &now);
    CHECK((now.ss_flags & SS_ONSTACK) == 0);
    ::sigaltstack(&before, nullptr);
}

TEST_SUITE_END();
