// SPDX-License-Identifier: MIT
//
// What platform/writer_queue.h promises on this system alone.
#include "platform/writer_queue.h"

#include "platform/random.h"
#include "platform/win32/security.h"
#include "platform/scratch.h"

#include <sddl.h>

using namespace quire;
using namespace quire::platform;
using namespace std::chrono_literals;
using quire::test::error_of;
using quire::test::must;
using quire::test::Scratch;

namespace {

std::string fresh_name() { return "test-" + std::to_string(random_word()); }

std::wstring access_list_of(const win32::QueueSecurity& security) {
    wchar_t* text = nullptr;
    REQUIRE(::ConvertSecurityDescriptorToStringSecurityDescriptorW(security.attributes().lpSecurityDescriptor,
                                                                   SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text,
                                                                   nullptr));
    std::wstring copy = text;
    ::LocalFree(text);
    return copy;
}

}  // namespace

TEST_SUITE_BEGIN("platform/writer_queue");

TEST_CASE("the mutex is one for all sessions, and two queues of a name are one") {
    const std::string name = fresh_name();
    WriterQueue a = must(WriterQueue::open(name));
    WriterQueue b = must(WriterQueue::open(name));
    CHECK(a.kernel_name() == "Global\\quire-" + name);
    REQUIRE(a.take_turn(1s));
    const HANDLE thread = ::CreateThread(
        nullptr, 0,
        [](void* queue) -> DWORD { return static_cast<WriterQueue*>(queue)->take_turn(10ms) ? 1 : 0; }, &b, 0, nullptr);
    ::WaitForSingleObject(thread, INFINITE);
    DWORD got = 9;
    ::GetExitCodeThread(thread, &got);
    ::CloseHandle(thread);
    CHECK(got == 0);
    a.give_turn();
}

TEST_CASE("a mutex that this user may not use is access_denied") {
    const std::string name = fresh_name();
    PSECURITY_DESCRIPTOR nobody = nullptr;
    REQUIRE(::ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:P", SDDL_REVISION_1, &nobody, nullptr));
    SECURITY_ATTRIBUTES attributes{sizeof attributes, nobody, FALSE};
    const std::wstring wide_name = must(win32::wide("Global\\quire-" + name));
    const HANDLE mutex = ::CreateMutexExW(&attributes, wide_name.c_str(), 0, SYNCHRONIZE);
    REQUIRE(mutex != nullptr);
    CHECK(error_of(WriterQueue::open(name)) == Errc::access_denied);
    ::CloseHandle(mutex);
    ::LocalFree(nobody);
}

TEST_CASE("a name that is something else's is access_denied") {
    const std::string name = fresh_name();
    const std::wstring wide_name = must(win32::wide("Global\\quire-" + name));
    const HANDLE event = ::CreateEventW(nullptr, FALSE, FALSE, wide_name.c_str());
    REQUIRE(event != nullptr);
    CHECK(error_of(WriterQueue::open(name)) == Errc::access_denied);
    ::CloseHandle(event);
}

TEST_CASE("this user, SYSTEM and Administrators may queue") {
    const std::wstring list = access_list_of(must(win32::QueueSecurity::of(nullptr)));
    CHECK(list.starts_with(L"D:P(A;;0x100001;;;"));
    CHECK(list.find(L";;;SY)") != std::wstring::npos);
    CHECK(list.find(L";;;BA)") != std::wstring::npos);
    CHECK(list.find(L";;;WD)") == std::wstring::npos);
}

TEST_CASE("whoever may write the store may queue, whoever may only read it may not") {
    const Scratch scratch;
    must(File::open(scratch.path("a"), OpenMode::create_new));
    const File file = must(File::open(scratch.path("a"), OpenMode::read_write));
    const HANDLE owner = ::CreateFileW(must(win32::wide_path(scratch.path("a"))).c_str(), WRITE_DAC | READ_CONTROL,
                                       FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_EXISTING, 0, nullptr);
    REQUIRE(owner != INVALID_HANDLE_VALUE);
    PSECURITY_DESCRIPTOR shared = nullptr;
    REQUIRE(::ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:(A;;FA;;;WD)", SDDL_REVISION_1, &shared, nullptr));
    REQUIRE(::SetKernelObjectSecurity(owner, DACL_SECURITY_INFORMATION, shared));
    ::LocalFree(shared);
    CHECK(access_list_of(must(win32::QueueSecurity::of(&file))).find(L"(A;;0x100001;;;WD)") != std::wstring::npos);
    REQUIRE(::ConvertStringSecurityDescriptorToSecurityDescriptorW(L"D:(A;;FA;;;SY)(A;;FR;;;WD)", SDDL_REVISION_1, &shared,
                                                                   nullptr));
    REQUIRE(::SetKernelObjectSecurity(owner, DACL_SECURITY_INFORMATION, shared));
    ::LocalFree(shared);
    CHECK(access_list_of(must(win32::QueueSecurity::of(&file))).find(L";;;WD)") == std::wstring::npos);
    ::CloseHandle(owner);
    must(WriterQueue::open(fresh_name(), &file));
}

TEST_SUITE_END();
