// SPDX-License-Identifier: MIT
//
// Is it Wine: for tests of what Wine does not do, which must say that they were skipped.
#pragma once

#include "platform/win32/win32.h"

namespace quire::test {

inline bool on_wine() {
    using Version = const char*();
    return platform::win32::procedure<Version>(L"ntdll.dll", "wine_get_version") != nullptr;
}

}  // namespace quire::test
