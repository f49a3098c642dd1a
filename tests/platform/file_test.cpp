// SPDX-License-Identifier: MIT
//
// What platform/file.h promises, tried through it.
#include "platform/file.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <vector>

#include "scratch.h"

using namespace quire;
using namespace quire::platform;
using quire::test::error_of;
using quire::test::must;
using quire::test::Scratch;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string read_text(const File& file, std::uint64_t offset, std::size_t length) {
    std::string text(length, '?');
    must(file.read_at(std::as_writable_bytes(std::span(text)), offset));
    return text;
}

}  // namespace

TEST_SUITE_BEGIN("platform/file");

TEST_CASE("open never creates, create_new never opens what exists") {
    const Scratch scratch;
    const std::string path = scratch.path("a");
    CHECK(error_of(File::open(path, OpenMode::read)) == Errc::not_found);
    CHECK(error_of(File::open(path, OpenMode::read_write)) == Errc::not_found);
    CHECK(error_of(File::open(scratch.path("no/such/folder"), OpenMode::create_new)) == Errc::not_found);
    must(File::open(path, OpenMode::create_new));
    CHECK(error_of(File::open(path, OpenMode::create_new)) == Errc::already_exists);
    CHECK(File::open(path, OpenMode::create_new).error().os_code != 0);
}

TEST_CASE("a directory is not a store") {
    const Scratch scratch;
    CHECK(error_of(File::open(scratch.path(""), OpenMode::read)) == Errc::not_a_store);
    CHECK(error_of(File::open(scratch.path(""), OpenMode::read_write)) == Errc::not_a_store);
    CHECK(error_of(id_of(scratch.path(""))) == Errc::not_a_store);
}

TEST_CASE("a path with a zero byte names no file, least of all the one before the zero") {
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    CHECK(error_of(File::open(scratch.path("a") + std::string("\0b", 2), OpenMode::read)) == Errc::invalid_argument);
    CHECK(error_of(File::open("", OpenMode::read)) == Errc::not_found);
}

TEST_CASE("paths are UTF-8") {
    const Scratch scratch;
    const std::string path = scratch.path("größe-数据-😀");
    File file = must(File::open(path, OpenMode::create_new));
    CHECK(file.path() == path);
    CHECK(must(id_of(path)) == file.id());
    const std::u8string expected = u8"größe-数据-😀";
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(
             std::filesystem::path(std::u8string(path.begin(), path.end())).parent_path())) {
        found = found || entry.path().filename().u8string() == expected;
    }
    CHECK(found);
}

TEST_CASE("a path longer than 260 characters opens") {
    const Scratch scratch;
    std::string folder = scratch.path("");
    for (int i = 0; i < 3; ++i) {
        folder += "/" + std::string(100, static_cast<char>('a' + i));
    }
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {   // the test library's own limit, not ours
        MESSAGE("SKIPPED: the standard library cannot make long folders here: " << error.message());
        return;
    }
    const std::string path = folder + "/file";
    REQUIRE(path.size() > 300);
    File file = must(File::open(path, OpenMode::create_new));
    CHECK(must(id_of(path)) == file.id());
    file = File();
    must(rename_new(path, folder + "/other"));
    must(remove(folder + "/other"));
}

TEST_CASE("what is written is read, at any offset") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.write_at(bytes_of("hello"), 100'000));
    must(file.write_at(bytes_of("HE"), 100'000));
    CHECK(read_text(file, 100'000, 5) == "HEllo");
    CHECK(must(file.size()) == 100'005);
    must(file.sync());
}

TEST_CASE("a short read is `truncated` and tells how much there was") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.write_at(bytes_of("hello"), 0));
    std::array<std::byte, 8> into{};
    const auto result = file.read_at(into, 2);
    CHECK(error_of(result) == Errc::truncated);
    CHECK(result.error().detail == 3);
    const auto beyond = file.read_at(into, 1000);
    CHECK(error_of(beyond) == Errc::truncated);
    CHECK(beyond.error().detail == 0);
    must(file.read_at({}, 1000));
}

TEST_CASE("a file opened for reading cannot be written") {
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    File file = must(File::open(scratch.path("a"), OpenMode::read));
    CHECK_FALSE(file.writable());
    CHECK_FALSE(file.write_at(bytes_of("x"), 0).has_value());
    CHECK_FALSE(file.resize(10).has_value());
    CHECK(must(file.size()) == 0);
}

TEST_CASE("allocation grows the file, and never shrinks it or changes what is there") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.write_at(bytes_of("kept"), 0));
    must(file.allocate(0, 1 << 20));
    CHECK(must(file.size()) == 1 << 20);
    must(file.allocate(4096, 4096));
    must(file.allocate(0, 0));
    CHECK(must(file.size()) == 1 << 20);
    CHECK(read_text(file, 0, 4) == "kept");
    must(file.allocate(1 << 20, 4096));
    CHECK(must(file.size()) == (1 << 20) + 4096);
}

TEST_CASE("an allocation that no disk can hold is `full`, names the bytes wanted and leaves the size alone") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, 65536));
    const std::uint64_t wanted = std::uint64_t{1} << 50;
    const auto result = file.allocate(0, wanted);
    CHECK(error_of(result) == Errc::full);
    CHECK(result.error().detail == wanted);
    CHECK(result.error().os_code != 0);
    CHECK(error_of(file.allocate(~std::uint64_t{0} - 10, 4096)) == Errc::full);
    CHECK(must(file.size()) == 65536);
}

TEST_CASE("resize sets the size, up and down") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.resize(1 << 20));
    CHECK(must(file.size()) == 1 << 20);
    must(file.resize(10));
    CHECK(must(file.size()) == 10);
    CHECK(error_of(file.resize(~std::uint64_t{0})) == Errc::full);
}

TEST_CASE("identity belongs to the file: the same by every path, link and handle, another for a copy") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    File other = must(File::open(scratch.path("b"), OpenMode::create_new));
    CHECK(file.id() != other.id());
    CHECK(must(File::open(scratch.path("./a"), OpenMode::read)).id() == file.id());
    CHECK(must(id_of(scratch.path("a"))) == file.id());
    std::error_code error;
    std::filesystem::create_hard_link(scratch.path("a"), scratch.path("link"), error);
    REQUIRE_FALSE(error);
    CHECK(must(id_of(scratch.path("link"))) == file.id());
    CHECK(error_of(id_of(scratch.path("none"))) == Errc::not_found);
}

TEST_CASE("reopen gives the same file through another handle, with the same access") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    File again = must(file.reopen());
    CHECK(again.id() == file.id());
    CHECK(again.handle() != file.handle());
    CHECK(again.path() == file.path());
    must(again.write_at(bytes_of("x"), 0));
    CHECK(read_text(file, 0, 1) == "x");
    const File reader = must(must(File::open(scratch.path("a"), OpenMode::read)).reopen());
    CHECK_FALSE(reader.writable());
    CHECK(read_text(reader, 0, 1) == "x");
}

TEST_CASE("a moved file is empty, and closes what it replaces once") {
    const Scratch scratch;
    File a = must(File::open(scratch.path("a"), OpenMode::create_new));
    File b = must(File::open(scratch.path("b"), OpenMode::create_new));
    const FileId id = b.id();
    a = std::move(b);
    CHECK(a.id() == id);
    CHECK(a.writable());
    must(a.write_at(bytes_of("x"), 0));
    must(remove(scratch.path("a")));   // Windows: only since its handle is closed
    File c = std::move(a);
    CHECK(read_text(c, 0, 1) == "x");
}

TEST_CASE("rename never replaces") {
    const Scratch scratch;
    must(must(File::open(scratch.path("a"), OpenMode::create_new)).write_at(bytes_of("a"), 0));
    must(must(File::open(scratch.path("b"), OpenMode::create_new)).write_at(bytes_of("b"), 0));
    CHECK(error_of(rename_new(scratch.path("a"), scratch.path("b"))) == Errc::already_exists);
    CHECK(read_text(must(File::open(scratch.path("b"), OpenMode::read)), 0, 1) == "b");
    must(rename_new(scratch.path("a"), scratch.path("c")));
    CHECK(error_of(File::open(scratch.path("a"), OpenMode::read)) == Errc::not_found);
    CHECK(read_text(must(File::open(scratch.path("c"), OpenMode::read)), 0, 1) == "a");
    CHECK(error_of(rename_new(scratch.path("a"), scratch.path("d"))) == Errc::not_found);
}

TEST_CASE("remove removes, and says when there was nothing") {
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    must(remove(scratch.path("a")));
    CHECK(error_of(remove(scratch.path("a"))) == Errc::not_found);
}

TEST_CASE("a directory is flushed by the name of a file in it") {
    const Scratch scratch;
    must(sync_directory_of(scratch.path("a")));
    must(sync_directory_of("relative"));
}

TEST_CASE("a wish for no copy-on-write harms no file") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    file.forbid_copy_on_write();
    must(file.write_at(bytes_of("x"), 0));
    CHECK(read_text(file, 0, 1) == "x");
}

TEST_SUITE_END();
