// SPDX-License-Identifier: MIT
//
// What platform/view.h promises on this system alone.
#include "platform/view.h"

#include <fstream>

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "platform/posix/child.h"
#include "platform/fault.h"
#include "platform/scratch.h"

using namespace quire;
using namespace quire::platform;
using quire::test::error_of;
using quire::test::in_child;
using quire::test::must;
using quire::test::Scratch;

namespace {

constexpr std::uint64_t kBytes = 256 << 10;

// As the kernel counts it in this view's page table.
long dirty_kib(const View& view) {
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    char head[32];
    std::snprintf(head, sizeof head, "%lx-", reinterpret_cast<unsigned long>(view.data()));
    long dirty = -1;
    bool here = false;
    while (std::getline(maps, line)) {
        if (line.find('-') < line.find(' ')) {
            here = line.starts_with(head);
        }
        if (here && (line.starts_with("Shared_Dirty:") || line.starts_with("Private_Dirty:"))) {
            dirty = std::max(dirty, 0L) + std::stol(line.substr(line.find(':') + 1));
        }
    }
    return dirty;
}

View flushed(const File& file) {
    View view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    for (std::uint64_t at = 0; at < kBytes; at += 4096) {
        view.data()[at] = std::byte{1};
    }
    must(view.flush(0, kBytes));
    return view;
}

}  // namespace

TEST_SUITE_BEGIN("platform/view");

// A compiler may drop an atomic that changes nothing; after a failed write-back the pages would then never be written.
TEST_CASE("adopting dirties every page of the range, and no other") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, kBytes));
    const View view = flushed(file);
    if (dirty_kib(view) != 0) {
        MESSAGE("SKIPPED: on this volume pages are not clean after a flush");
        return;
    }
    view.adopt(8192 + 1, 4096);
    CHECK(dirty_kib(view) == 8);
    view.adopt(0, kBytes);
    CHECK(dirty_kib(view) == kBytes >> 10);
    must(view.flush(0, kBytes));
    CHECK(dirty_kib(view) == 0);
}

TEST_CASE("a forked child has no view") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, kBytes));
    for (const ViewMode mode : {ViewMode::read, ViewMode::read_write, ViewMode::write_copy}) {
        const View view = must(View::map(file, 0, kBytes, mode));
        unsigned char in_core[kBytes / 4096];
        CHECK(::mincore(view.data(), kBytes, in_core) == 0);
        const auto ended = in_child(
            [&] { return ::mincore(view.data(), kBytes, in_core) == -1 && errno == ENOMEM ? 0 : 1; });
        CHECK(ended.exited_with(0));
    }
}

TEST_CASE("populating behind the end of the file is an error, not a signal") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, 4096));
    const View view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    must(view.populate(0, 4096));
    CHECK(error_of(view.populate(0, kBytes)) == Errc::io);
}

TEST_CASE("a full disk is `full` for an allocation, an error for populate and a fault for a store into a hole") {
    install_fault_handler();
    const Scratch scratch;
    constexpr int kSkipped = 77;
    const auto ended = in_child([&] {
        const std::string folder = scratch.path("");
        if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", folder.c_str(), "tmpfs", 0, "size=64k") != 0) {
            return kSkipped;
        }
        auto file = File::open(scratch.path("a"), OpenMode::create_new);
        const auto allocated = file->allocate(0, kBytes);
        if (allocated || allocated.error().code != Errc::full || allocated.error().detail != kBytes) {
            return 1;
        }
        if (!file->resize(kBytes)) {
            return 2;
        }
        const auto view = View::map(*file, 0, kBytes, ViewMode::read_write);
        const auto populated = view->populate(0, kBytes);
        if (populated) {   // io: tmpfs needs space for a page that is only read, which tells full from broken elsewhere
            return 3;
        }
        const auto fault = catch_faults([&] { view->adopt(0, kBytes); });
        return fault ? 0 : 4;
    });
    if (ended.exited_with(kSkipped)) {
        MESSAGE("SKIPPED: this user may not mount a small volume");
        return;
    }
    CHECK(ended.exited_with(0));
}

TEST_CASE("a view longer than the file serves what the file grows by") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    const View view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    must(file.allocate(0, kBytes));
    must(view.populate(0, kBytes));
    view.data()[kBytes - 1] = std::byte{7};
    std::byte got{};
    must(file.read_at({&got, 1}, kBytes - 1));
    CHECK(got == std::byte{7});
}

TEST_SUITE_END();
