// SPDX-License-Identifier: MIT
//
// A folder of its own for each test case, gone at its end; and what every test of this floor asks of a Result.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <system_error>

#include <doctest/doctest.h>

#include <quire/error.h>

namespace quire::test {

class Scratch {
public:
    Scratch() {
        std::random_device seed;
        const std::string name = "quire-test-" + std::to_string(seed()) + "-" + std::to_string(seed());
        folder_ = std::filesystem::temp_directory_path() / name;
        std::filesystem::create_directory(folder_);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    // UTF-8, on every system.
    std::string path(std::string_view name) const {
        const std::u8string text = (folder_ / std::filesystem::path(to_u8(name))).generic_u8string();
        return std::string(text.begin(), text.end());
    }

private:
    static std::u8string to_u8(std::string_view text) { return std::u8string(text.begin(), text.end()); }
    std::filesystem::path folder_;
};

// The value, or the end of this test case with the reason.
template <class T>
T must(Result<T> result) {
    if (!result) {
        FAIL("error " << static_cast<int>(result.error().code) << ", system " << result.error().os_code << ": "
                      << result.error().what);
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

// The code of an error that has to be there, and has to tell what failed.
template <class T>
Errc error_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    CHECK_FALSE(std::string_view(result.error().what).empty());
    return result.error().code;
}

}  // namespace quire::test
