// SPDX-License-Identifier: MIT
//
// What platform/view.h promises, tried through it.
#include "platform/view.h"

#include <cstring>

#include "scratch.h"

using namespace quire;
using namespace quire::platform;
using quire::test::error_of;
using quire::test::must;
using quire::test::Scratch;

namespace {

constexpr std::uint64_t kBytes = 256 << 10;

File new_file(const Scratch& scratch, std::uint64_t bytes = kBytes) {
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, bytes));
    return file;
}

char at(const View& view, std::uint64_t offset) { return static_cast<char>(view.data()[offset]); }
void set(const View& view, std::uint64_t offset, char to) { view.data()[offset] = static_cast<std::byte>(to); }

}  // namespace

TEST_SUITE_BEGIN("platform/view");

TEST_CASE("views of one file are coherent, whatever handle they came from") {
    const Scratch scratch;
    const File file = new_file(scratch);
    const File again = must(file.reopen());
    const View one = must(View::map(file, 0, kBytes, ViewMode::read_write));
    const View two = must(View::map(again, map_granularity(), map_granularity(), ViewMode::read_write));
    const View reader = must(View::map(file, 0, kBytes, ViewMode::read));
    set(one, map_granularity() + 5, 'x');
    CHECK(at(two, 5) == 'x');
    set(two, 5, 'y');
    CHECK(at(one, map_granularity() + 5) == 'y');
    CHECK(at(reader, map_granularity() + 5) == 'y');
}

TEST_CASE("what was flushed is in the file") {
    const Scratch scratch;
    File file = new_file(scratch);
    const View view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    set(view, 70'000, 'x');
    must(view.flush(70'000, 1));
    must(view.flush(0, kBytes));
    must(view.flush(kBytes, 0));
    must(file.sync());
    std::byte got{};
    must(file.read_at({&got, 1}, 70'000));
    CHECK(static_cast<char>(got) == 'x');
}

TEST_CASE("adopting changes nothing") {
    const Scratch scratch;
    const File file = new_file(scratch);
    const View view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    for (std::uint64_t i = 0; i < kBytes; ++i) {
        set(view, i, static_cast<char>(i * 7));
    }
    view.adopt(0, kBytes);
    view.adopt(5000, 1);
    bool same = true;
    for (std::uint64_t i = 0; i < kBytes; ++i) {
        same = same && at(view, i) == static_cast<char>(i * 7);
    }
    CHECK(same);
}

TEST_CASE("populating changes nothing, and prefetching neither") {
    const Scratch scratch;
    const File file = new_file(scratch);
    const View view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    set(view, 100'000, 'x');
    must(view.populate(0, kBytes));
    must(view.populate(100'000, 10));
    must(view.populate(10, 0));
    view.prefetch(0, kBytes);
    view.prefetch(10, 0);
    CHECK(at(view, 100'000) == 'x');
    CHECK(at(view, 100'001) == 0);
}

TEST_CASE("a write-copy view keeps its stores to itself, and follows the file where it has made none") {
    const Scratch scratch;
    const File file = new_file(scratch);
    const View shared = must(View::map(file, 0, kBytes, ViewMode::read_write));
    const View copy = must(View::map(file, 0, kBytes, ViewMode::write_copy));
    const View other = must(View::map(file, 0, kBytes, ViewMode::write_copy));
    set(copy, 10, 'c');
    CHECK(at(shared, 10) == 0);
    CHECK(at(other, 10) == 0);
    set(shared, 10, 's');
    set(shared, 8192, 's');
    CHECK(at(copy, 10) == 'c');
    CHECK(at(copy, 8192) == 's');   // why a write-copy view alone is no snapshot
}

TEST_CASE("adopting a page of a write-copy view makes it private") {
    const Scratch scratch;
    const File file = new_file(scratch);
    const View shared = must(View::map(file, 0, kBytes, ViewMode::read_write));
    const View copy = must(View::map(file, 0, kBytes, ViewMode::write_copy));
    set(shared, 0, '1');
    copy.adopt(0, 4096);
    set(shared, 0, '2');
    CHECK(at(copy, 0) == '1');
}

TEST_CASE("a file opened for reading maps for reading and write-copy, not for writing") {
    const Scratch scratch;
    { const File file = new_file(scratch); }
    const File file = must(File::open(scratch.path("a"), OpenMode::read));
    must(View::map(file, 0, kBytes, ViewMode::read));
    const View copy = must(View::map(file, 0, kBytes, ViewMode::write_copy));
    set(copy, 0, 'x');
    CHECK(error_of(View::map(file, 0, kBytes, ViewMode::read_write)) == Errc::access_denied);
}

TEST_CASE("a view past the file's end waits for the file to grow, or is refused, and never grows it") {
    const Scratch scratch;
    File file = new_file(scratch, map_granularity());
    const std::uint64_t longer = 4 * map_granularity();
    const auto view = View::map(file, 0, longer, ViewMode::read_write);
    CHECK(must(file.size()) == map_granularity());
    if (maps_past_end()) {
        REQUIRE(view.has_value());
        must(file.allocate(0, longer));
        set(*view, longer - 1, 'x');
        CHECK(at(*view, longer - 1) == 'x');
    } else {
        CHECK(error_of(view) == Errc::truncated);
        CHECK(view.error().detail == map_granularity());
    }
}

TEST_CASE("a mapped file grows, and what has grown is mapped beside it") {
    const Scratch scratch;
    File file = new_file(scratch);
    const View first = must(View::map(file, 0, kBytes, ViewMode::read_write));
    must(file.allocate(kBytes, kBytes));
    const View second = must(View::map(file, kBytes, kBytes, ViewMode::read_write));
    const View both = must(View::map(file, 0, 2 * kBytes, ViewMode::read_write));
    set(second, 3, 'x');
    set(first, 3, 'y');
    CHECK(at(both, kBytes + 3) == 'x');
    CHECK(at(both, 3) == 'y');
}

TEST_CASE("a view outlives the handle it was mapped from") {
    const Scratch scratch;
    View view;
    {
        const File file = new_file(scratch);
        view = must(View::map(file, 0, kBytes, ViewMode::read_write));
    }
    set(view, 0, 'x');
    must(view.flush(0, 1));
    View moved = std::move(view);
    CHECK(at(moved, 0) == 'x');
    CHECK(moved.size() == kBytes);
}

TEST_CASE("more address space than there is, is out_of_memory") {
    const Scratch scratch;
    const File file = new_file(scratch);
    const auto view = View::map(file, 0, std::uint64_t{1} << 50, ViewMode::read);
    CHECK(error_of(view) == (maps_past_end() ? Errc::out_of_memory : Errc::truncated));
}

TEST_SUITE_END();
