// SPDX-License-Identifier: MIT
//
// The simulator itself: what a power cut may and may not take.
// Long because each fact of the simulated disk is a short case of its own.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "platform/clock.h"
#include "platform/file.h"
#include "platform/lock_file.h"
#include "platform/random.h"
#include "platform/view.h"
#include "platform/writer_queue.h"
#include "sim/disk.h"

using namespace quire;
using platform::File;
using platform::LockFile;
using platform::LockMode;
using platform::OpenMode;
using platform::View;
using platform::ViewMode;
using sim::Disk;
using sim::Image;
using sim::kPageBytes;

namespace {

constexpr std::uint64_t kFileBytes = 16 * kPageBytes;

File make(const Disk& disk, const char* name = "file", std::uint64_t bytes = kFileBytes) {
    auto file = File::open(disk.path_of(name), OpenMode::create_new);
    REQUIRE(file);
    REQUIRE(file->allocate(0, bytes));
    return std::move(*file);
}

View map(const File& file, std::uint64_t bytes = kFileBytes) {
    auto view = View::map(file, 0, bytes, ViewMode::read_write);
    REQUIRE(view);
    return std::move(*view);
}

void fill(const View& view, std::uint64_t page, char with) {
    std::memset(view.data() + page * kPageBytes, with, kPageBytes);
}

// A file of 16 pages of 'a', durable in every respect.
struct Durable {
    Disk disk;
    File file = make(disk);
    View view = map(file);

    Durable() {
        for (std::uint64_t page = 0; page < 16; ++page) {
            fill(view, page, 'a');
        }
        REQUIRE(file.sync());
        REQUIRE(platform::sync_directory_of(file.path()));
    }
};

// The first byte of each sector of a page after the cut; '-' past the end.
std::string sectors(const Image& image, std::uint64_t page, const std::string& name = "file") {
    const Disk disk(image);
    auto file = File::open(disk.path_of(name), OpenMode::read);
    REQUIRE(file);
    std::string text;
    for (std::uint64_t i = 0; i < sim::kSectors; ++i) {
        std::array<std::byte, sim::kSectorBytes> sector;
        if (!file->read_at(sector, page * kPageBytes + i * sim::kSectorBytes)) {
            text += '-';
            continue;
        }
        const auto first = sector[0];
        CHECK(std::ranges::all_of(sector, [&](std::byte b) { return b == first; }));
        text += static_cast<char>(first);
    }
    return text;
}

std::uint64_t size_in(const Image& image, const std::string& name = "file") { return image.files.at(name).size; }

}  // namespace

TEST_CASE("a store that was not flushed is lost when everything is lost, and kept when everything was written") {
    Durable d;
    fill(d.view, 3, 'b');
    const auto cut = d.disk.cut();
    CHECK(sectors(sim::lose_everything(cut), 3) == "aaaaaaaa");
    CHECK(sectors(sim::keep_everything(cut), 3) == "bbbbbbbb");
    CHECK(sim::lose_everything(cut).pages_old == 1);
    CHECK(sim::keep_everything(cut).pages_new == 1);
}

TEST_CASE("a flushed range survives every cut, its neighbours need not") {
    Durable d;
    for (std::uint64_t page = 2; page < 8; ++page) {
        fill(d.view, page, 'b');
    }
    REQUIRE(d.view.flush(4 * kPageBytes, 2 * kPageBytes));
    const auto cut = d.disk.cut();
    bool lost_a_neighbour = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Image image = sim::choose(cut, seed);
        CHECK(sectors(image, 4) == "bbbbbbbb");
        CHECK(sectors(image, 5) == "bbbbbbbb");
        CHECK(sectors(image, 1) == "aaaaaaaa");
        lost_a_neighbour |= sectors(image, 3) != "bbbbbbbb";
    }
    CHECK(lost_a_neighbour);
}

TEST_CASE("a store after the flush is a new version of its own") {
    Durable d;
    fill(d.view, 0, 'b');
    REQUIRE(d.view.flush(0, kPageBytes));
    fill(d.view, 0, 'c');
    CHECK(sectors(sim::lose_everything(d.disk.cut()), 0) == "bbbbbbbb");
}

TEST_CASE("torn pages mix old and new by sectors, and every mixture turns up") {
    Durable d;
    fill(d.view, 7, 'b');
    const auto cut = d.disk.cut();
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
        const Image image = sim::choose(cut, seed);
        REQUIRE(image.choices.size() == 1);
        std::string expected;
        for (const auto version : image.choices[0].sectors) {
            expected += version == 0 ? 'a' : 'b';
        }
        if (seen.insert(expected).second) {
            CHECK(sectors(image, 7) == expected);
        }
    }
    CHECK(seen.size() == 256);
}

TEST_CASE("one seed gives one image, and equal images have equal hashes") {
    Durable d;
    for (std::uint64_t page = 0; page < 16; ++page) {
        fill(d.view, page, 'b');
    }
    const auto cut = d.disk.cut();
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CHECK(sim::choose(cut, seed).hash({}) == sim::choose(cut, seed).hash({}));
        hashes.insert(sim::choose(cut, seed).hash({}));
    }
    CHECK(hashes.size() > 150);
    CHECK(sim::choose(cut, 1).hash("file") == sim::choose(cut, 2).hash("file"));   // it is left out
}

TEST_CASE("pages of all subsets turn up, not only prefixes of the file") {
    Durable d;
    for (std::uint64_t page = 0; page < 4; ++page) {
        fill(d.view, page, 'b');
    }
    const auto cut = d.disk.cut();
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        const Image image = sim::choose(cut, seed);
        std::string kept;
        for (const auto& choice : image.choices) {
            kept += std::ranges::count(choice.sectors, 1) == sim::kSectors ? 'b'
                    : std::ranges::count(choice.sectors, 0) == sim::kSectors ? 'a' : '?';
        }
        seen.insert(kept);
    }
    for (const char* subset : {"aaaa", "abab", "baba", "bbbb", "abba", "baab", "aaab", "baaa", "bbba"}) {
        CHECK(seen.contains(subset));
    }
}

TEST_CASE("a size is durable only after sync, and a flush beyond it does not help") {
    Durable d;
    REQUIRE(d.file.allocate(kFileBytes, kFileBytes));
    REQUIRE(d.file.allocate(2 * kFileBytes, kFileBytes));
    const View wide = map(d.file, 3 * kFileBytes);
    fill(wide, 20, 'n');
    REQUIRE(wide.flush(20 * kPageBytes, kPageBytes));
    const auto cut = d.disk.cut();
    CHECK(size_in(sim::lose_everything(cut)) == kFileBytes);
    CHECK(sectors(sim::lose_everything(cut), 20) == "--------");
    std::set<std::uint64_t> sizes;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const Image image = sim::choose(cut, seed);
        sizes.insert(size_in(image));
        if (size_in(image) > kFileBytes) {
            CHECK(sectors(image, 20) == "nnnnnnnn");
        }
    }
    CHECK(sizes == std::set<std::uint64_t>{kFileBytes, 2 * kFileBytes, 3 * kFileBytes});
    REQUIRE(d.file.sync());
    CHECK(size_in(sim::lose_everything(d.disk.cut())) == 3 * kFileBytes);
    CHECK(sectors(sim::lose_everything(d.disk.cut()), 20) == "nnnnnnnn");
}

TEST_CASE("new space is rubbish in the cache, and zero or rubbish after a cut") {
    Durable d;
    REQUIRE(d.file.allocate(kFileBytes, kPageBytes));
    std::array<std::byte, kPageBytes> page;
    REQUIRE(d.file.read_at(page, kFileBytes));
    CHECK(page.front() == sim::kUnwritten);
    CHECK(page.back() == sim::kUnwritten);
    std::set<std::string> seen;
    const auto cut = d.disk.cut();
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        const Image image = sim::choose(cut, seed);
        if (size_in(image) > kFileBytes) {
            seen.insert(sectors(image, 16));
        }
    }
    CHECK(seen.contains(std::string(8, '\0')));
    CHECK(seen.contains(std::string(8, '\xff')));
}

TEST_CASE("names are durable only after the directory was synced, and survive in the order in which they were made") {
    Disk disk;
    {
        File file = make(disk, "store-new");
        REQUIRE(file.sync());
        REQUIRE(platform::rename_new(disk.path_of("store-new"), disk.path_of("store")));
        CHECK(file.size());
    }
    CHECK(File::open(disk.path_of("store-new"), OpenMode::read).error().code == Errc::not_found);
    make(disk, "store-run");
    auto cut = disk.cut();
    CHECK(sim::lose_everything(cut).files.empty());
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        std::string names;
        for (const auto& [name, file] : sim::choose(cut, seed).files) {
            names += name + ' ';
        }
        seen.insert(names);
    }
    CHECK(seen == std::set<std::string>{"", "store-new ", "store ", "store store-run "});

    REQUIRE(platform::sync_directory_of(disk.path_of("store")));
    REQUIRE(platform::remove(disk.path_of("store-run")));
    cut = disk.cut();
    CHECK(sim::lose_everything(cut).files.contains("store"));
    CHECK(sim::lose_everything(cut).files.contains("store-run"));
    CHECK_FALSE(sim::keep_everything(cut).files.contains("store-run"));
}

TEST_CASE("names: an existing target, a missing source, a directory, another disk") {
    Disk disk;
    const Disk other;
    make(disk, "a");
    make(disk, "b");
    CHECK(platform::rename_new(disk.path_of("a"), disk.path_of("b")).error().code == Errc::already_exists);
    CHECK(platform::rename_new(disk.path_of("c"), disk.path_of("d")).error().code == Errc::not_found);
    CHECK(platform::rename_new(disk.path_of("a"), other.path_of("a")).error().code == Errc::io);
    CHECK(platform::remove(disk.path_of("c")).error().code == Errc::not_found);
    CHECK(File::open(disk.path(), OpenMode::read).error().code == Errc::not_a_store);
    CHECK(File::open(disk.path_of("a"), OpenMode::create_new).error().code == Errc::already_exists);
    CHECK(File::open("/nowhere/a", OpenMode::create_new).error().code == Errc::not_found);
    CHECK(platform::id_of(disk.path_of("a")).value() != platform::id_of(disk.path_of("b")).value());
    CHECK(File::open(disk.path_of("a"), OpenMode::read)->id() == platform::id_of(disk.path_of("a")).value());
}

TEST_CASE("views of one file are coherent, with each other and with reads and writes") {
    Durable d;
    const View second = map(*d.file.reopen());
    fill(d.view, 5, 'x');
    CHECK(static_cast<char>(second.data()[5 * kPageBytes]) == 'x');
    const std::array<std::byte, 3> three{std::byte{'1'}, std::byte{'2'}, std::byte{'3'}};
    REQUIRE(d.file.write_at(three, 5 * kPageBytes));
    CHECK(static_cast<char>(second.data()[5 * kPageBytes + 2]) == '3');
    auto copy = View::map(d.file, 0, kFileBytes, ViewMode::write_copy);
    REQUIRE(copy);
    copy->data()[0] = std::byte{'p'};
    CHECK(static_cast<char>(d.view.data()[0]) == 'a');
}

TEST_CASE("a short read says how much there was") {
    Durable d;
    std::vector<std::byte> into(2 * kPageBytes);
    const auto short_read = d.file.read_at(into, kFileBytes - kPageBytes);
    CHECK(short_read.error().code == Errc::truncated);
    CHECK(short_read.error().detail == kPageBytes);
}

TEST_CASE("a kill takes no store and no flush, but all locks; the dead go on unseen") {
    Durable d;
    auto lock = LockFile::open(d.file.path(), true);
    REQUIRE(lock);
    CHECK(lock->try_lock(1, 1, LockMode::exclusive).value());
    fill(d.view, 1, 'b');
    Disk after = d.disk.after_kill();
    d.disk.retire();
    auto file = File::open(after.path_of("file"), OpenMode::read_write);
    REQUIRE(file);
    CHECK(file->id() != d.file.id());
    CHECK(static_cast<char>(map(*file).data()[kPageBytes]) == 'b');
    CHECK(sectors(sim::lose_everything(after.cut()), 1) == "aaaaaaaa");
    CHECK(LockFile::open(after.path_of("file"), true)->try_lock(1, 1, LockMode::exclusive).value());
    fill(d.view, 1, 'z');
    REQUIRE(d.file.sync());
    CHECK(static_cast<char>(map(*file).data()[kPageBytes]) == 'b');
    CHECK(sectors(sim::lose_everything(d.disk.cut()), 1) == "aaaaaaaa");   // retired: flushes do nothing
}

TEST_CASE("locks exclude other handles, are shared where asked, and go with their handle") {
    Durable d;
    const auto open = [&](bool writable) { return std::move(LockFile::open(d.file.path(), writable).value()); };
    LockFile a = open(true);
    LockFile b = open(true);
    CHECK(a.try_lock(10, 1, LockMode::shared).value());
    CHECK(b.try_lock(10, 1, LockMode::shared).value());
    CHECK_FALSE(b.try_lock(10, 1, LockMode::exclusive).value());
    CHECK(b.try_lock(11, 5, LockMode::exclusive).value());
    CHECK_FALSE(a.try_lock(15, 1, LockMode::shared).value());
    CHECK(a.held_elsewhere(0, 100).value());
    CHECK_FALSE(a.held_elsewhere(16, 100).value());
    REQUIRE(b.unlock(12, 2));   // the middle of a range
    CHECK(a.try_lock(12, 2, LockMode::exclusive).value());
    CHECK_FALSE(a.try_lock(14, 1, LockMode::exclusive).value());
    CHECK(open(false).try_lock(40, 1, LockMode::exclusive).error().code == Errc::access_denied);
    { LockFile gone = std::move(b); }
    CHECK(a.try_lock(14, 1, LockMode::exclusive).value());
    CHECK(a.still_is(d.file.id()));
    CHECK_FALSE(a.still_is(platform::FileId{}));
}

TEST_CASE("cuts can be taken at every call, before and after; not on a retired disk, nor inside a hook") {
    Durable d;
    fill(d.view, 2, 'b');
    std::string seen;
    std::string before;
    std::string after;
    const auto previous = sim::set_cut_hook([&](const sim::CutPoint& point) {
        seen += std::string(sim::name(point.call)) + (point.done ? "+ " : " ");
        CHECK(point.disk == d.disk.path());
        if (point.call == sim::Call::flush) {
            (point.done ? after : before) = sectors(sim::lose_everything(d.disk.cut()), 2);
        }
    });
    REQUIRE(d.view.flush(0, kFileBytes));
    REQUIRE(d.file.sync());
    REQUIRE(d.file.allocate(kFileBytes, 1));
    d.disk.retire();
    REQUIRE(d.file.sync());
    sim::set_cut_hook(previous);
    CHECK(seen == "flush flush+ sync sync+ allocate allocate+ ");
    CHECK(before == "aaaaaaaa");
    CHECK(after == "bbbbbbbb");
}

TEST_CASE("as on Windows, a flush starts the pages adopted through its own view, and sync makes them durable") {
    sim::behave_like(sim::System::windows_like);
    Durable setup;   // allocate leaves rubbish: nothing was adopted, so the disk has only the size
    const View other = map(setup.file);
    fill(setup.view, 0, 'b');
    fill(setup.view, 1, 'b');
    setup.view.adopt(0, kPageBytes);
    REQUIRE(other.flush(0, kFileBytes));
    REQUIRE(setup.file.sync());
    CHECK(sectors(sim::lose_everything(setup.disk.cut()), 0) != "bbbbbbbb");   // dirty in a view that was not flushed
    REQUIRE(setup.view.flush(0, kFileBytes));
    CHECK(sectors(sim::lose_everything(setup.disk.cut()), 0) != "bbbbbbbb");   // started only
    fill(setup.view, 0, 'c');
    REQUIRE(setup.file.sync());
    CHECK(sectors(sim::lose_everything(setup.disk.cut()), 0) == "bbbbbbbb");
    CHECK(sectors(sim::keep_everything(setup.disk.cut()), 0) == "cccccccc");
    CHECK(sectors(sim::lose_everything(setup.disk.cut()), 1) != "bbbbbbbb");   // never adopted
    CHECK(View::map(setup.file, 0, 2 * kFileBytes, ViewMode::read).error().code == Errc::truncated);
    sim::behave_like(sim::System::linux_like);
}

TEST_CASE("random words and time come from a seed and do not leak out of a Chance") {
    std::uint64_t first = 0;
    std::uint64_t outside = 0;
    {
        const sim::Chance chance(42);
        first = platform::random_word();
        const sim::Chance inner(7);
        outside = platform::random_word();
    }
    const sim::Chance again(42);
    CHECK(platform::random_word() == first);
    const auto began = platform::now();
    CHECK(platform::now() > began);
    platform::sleep_for(std::chrono::hours(1));
    CHECK(platform::now() - began > std::chrono::hours(1));
    CHECK(outside != first);
    auto queue = platform::WriterQueue::open("q");
    REQUIRE(queue);
    const std::uint32_t word = 5;
    queue->sleep_on(word, 5, std::chrono::hours(1));   // simulated: ends at once
    CHECK(platform::now() - began > std::chrono::hours(2));
}
