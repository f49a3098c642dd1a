// SPDX-License-Identifier: MIT
//
// What platform/file.h promises on this system alone.
#include "platform/file.h"

#include "platform/clock.h"
#include "platform/view.h"
#include "platform/scratch.h"
#include "platform/win32/wine.h"

using namespace quire;
using namespace quire::platform;
using namespace std::chrono_literals;
using quire::test::error_of;
using quire::test::must;
using quire::test::Scratch;

namespace {

std::wstring wide(const std::string& path) { return must(win32::wide_path(path)); }

}  // namespace

TEST_SUITE_BEGIN("platform/file");

TEST_CASE("allocated space is really taken") {
    if (test::on_wine()) {
        MESSAGE("SKIPPED: Wine grows files with holes");
        return;
    }
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, 1 << 20));
    CHECK(must(file.allocated_bytes()) >= 1 << 20);
}

TEST_CASE("a mapped file is not cut: allocation sees that it is long enough, resize says busy") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, 1 << 20));
    const View view = must(View::map(file, 0, 1 << 20, ViewMode::read_write));
    CHECK(error_of(file.resize(65536)) == Errc::busy);
    must(file.allocate(0, 65536));
    CHECK(must(file.size()) == 1 << 20);
}

TEST_CASE("a file that another program holds for a moment opens, one that it keeps is busy") {
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    const HANDLE alone = ::CreateFileW(wide(scratch.path("a")).c_str(), GENERIC_READ, 0, nullptr, OPEN_EXISTING, 0, nullptr);
    REQUIRE(alone != INVALID_HANDLE_VALUE);
    const Nanoseconds begin = now();
    CHECK(error_of(File::open(scratch.path("a"), OpenMode::read_write)) == Errc::busy);
    CHECK(now() - begin > 1s);
    static HANDLE held = alone;
    const HANDLE thread = ::CreateThread(
        nullptr, 0,
        [](void*) -> DWORD {
            ::Sleep(100);
            ::CloseHandle(held);
            return 0;
        },
        nullptr, 0, nullptr);
    must(File::open(scratch.path("a"), OpenMode::read_write));
    ::WaitForSingleObject(thread, INFINITE);
    ::CloseHandle(thread);
}

TEST_CASE("what is denied for good, a directory or a read-only file, is not waited for") {
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    REQUIRE(::SetFileAttributesW(wide(scratch.path("a")).c_str(), FILE_ATTRIBUTE_READONLY));
    const Nanoseconds begin = now();
    if (test::on_wine()) {
        MESSAGE("SKIPPED in part: root under Wine may write what is read-only");
    } else {
        CHECK(error_of(File::open(scratch.path("a"), OpenMode::read_write)) == Errc::access_denied);
    }
    CHECK(error_of(File::open(scratch.path(""), OpenMode::read_write)) == Errc::not_a_store);
    CHECK(now() - begin < 1s);
    must(File::open(scratch.path("a"), OpenMode::read));
    ::SetFileAttributesW(wide(scratch.path("a")).c_str(), FILE_ATTRIBUTE_NORMAL);
}

TEST_CASE("an open file is neither removed nor renamed by accident") {
    const Scratch scratch;
    const File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    CHECK(error_of(remove(scratch.path("a"))) == Errc::busy);
    CHECK(error_of(rename_new(scratch.path("a"), scratch.path("b"))) == Errc::busy);
    CHECK(must(id_of(scratch.path("a"))) == file.id());
}

TEST_CASE("a path that is no UTF-8 is an argument error") {
    const Scratch scratch;
    CHECK(error_of(File::open(scratch.path("") + "\xFF\xFE", OpenMode::create_new)) == Errc::invalid_argument);
    CHECK(error_of(File::open(std::string(70'000, 'a'), OpenMode::read)) == Errc::invalid_argument);
}

TEST_CASE("only long paths get the prefix") {
    CHECK(must(win32::wide_path("C:\\a")) == L"C:\\a");
    CHECK(must(win32::wide_path("a/b")) == L"a/b");
    CHECK(must(win32::wide_path("\\\\?\\C:\\a")) == L"\\\\?\\C:\\a");
    const std::string name(300, 'x');
    CHECK(must(win32::wide_path("C:/a/../" + name)) == L"\\\\?\\C:\\" + std::wstring(300, L'x'));
    CHECK(must(win32::wide_path("\\\\server\\share\\" + name)) == L"\\\\?\\UNC\\server\\share\\" + std::wstring(300, L'x'));
}

TEST_CASE("no handle is inherited by a program that this process starts") {
    const Scratch scratch;
    const File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    const File again = must(file.reopen());
    for (const File* const each : {&file, &again}) {
        DWORD flags = HANDLE_FLAG_INHERIT;
        CHECK(::GetHandleInformation(win32::handle_of(each->handle()), &flags));
        CHECK((flags & HANDLE_FLAG_INHERIT) == 0);
    }
}

TEST_SUITE_END();
