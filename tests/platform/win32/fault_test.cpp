// SPDX-License-Identifier: MIT
//
// What platform/fault.h promises on this system alone.
#include "platform/fault.h"

#include "platform/win32/win32.h"
#include "platform/scratch.h"

using namespace quire::platform;

namespace {

// Reserved memory that nobody may touch, watched as a view is.
struct Reserved {
    Reserved() {
        install_fault_handler();
        data = static_cast<std::byte*>(::VirtualAlloc(nullptr, 65536, MEM_RESERVE, PAGE_NOACCESS));
        REQUIRE(data != nullptr);
        watch_faults(data, 65536);
    }
    Reserved(const Reserved&) = delete;
    Reserved& operator=(const Reserved&) = delete;
    ~Reserved() {
        unwatch_faults(data);
        ::VirtualFree(data, 0, MEM_RELEASE);
    }
    std::byte* data = nullptr;
};

int seen_by_others = 0;

LONG CALLBACK other_handler(EXCEPTION_POINTERS* exception) {
    if (exception->ExceptionRecord->ExceptionCode != static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR)) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    ++seen_by_others;
    return EXCEPTION_CONTINUE_EXECUTION;
}

// As the system does when the device cannot give a page.
void raise_in_page_error(const std::byte* at) {
    constexpr std::uint32_t kStatusIoDeviceError = 0xC0000185;
    const ULONG_PTR arguments[] = {0, reinterpret_cast<ULONG_PTR>(at), kStatusIoDeviceError};
    ::RaiseException(static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR), 0, 3, arguments);
}

}  // namespace

TEST_SUITE_BEGIN("platform/fault");

TEST_CASE("a load of lost memory is a fault") {
    const Reserved reserved;
    for (int i = 0; i < 100; ++i) {
        const auto fault =
            catch_faults([&] { static_cast<void>(*static_cast<volatile std::byte*>(reserved.data + 77)); });
        REQUIRE(fault.has_value());
        CHECK(fault->address == reserved.data + 77);
        CHECK(fault->os_code == 0xC0000005);
    }
}

TEST_CASE("an in-page error tells the status of the device") {
    const Reserved reserved;
    bool passed = false;
    const auto fault = catch_faults([&] {
        raise_in_page_error(reserved.data + 5);
        passed = true;
    });
    REQUIRE(fault.has_value());
    CHECK(fault->address == reserved.data + 5);
    CHECK(fault->os_code == 0xC0000185);
    CHECK_FALSE(passed);
}

TEST_CASE("other handlers see what is not ours: foreign memory, and our own when nobody waits") {
    const Reserved reserved;
    void* const other = ::AddVectoredExceptionHandler(0, other_handler);
    std::byte foreign{};
    seen_by_others = 0;
    CHECK_FALSE(catch_faults([&] { raise_in_page_error(&foreign); }).has_value());
    CHECK(seen_by_others == 1);
    raise_in_page_error(reserved.data);
    CHECK(seen_by_others == 2);
    CHECK(catch_faults([&] { raise_in_page_error(reserved.data); }).has_value());
    CHECK(seen_by_others == 2);
    ::RemoveVectoredExceptionHandler(other);
}

TEST_SUITE_END();
