// SPDX-License-Identifier: MIT
//
// Passing an error up: the one macro of its kind, with and without a value to keep.
#pragma once

#include <expected>
#include <utility>

#include <quire/error.h>

#define QUIRE_JOIN_(a, b) a##b
#define QUIRE_JOIN(a, b) QUIRE_JOIN_(a, b)

// QUIRE_TRY(file.sync());
#define QUIRE_TRY(...)                                                                       \
    if (auto QUIRE_JOIN(failed_, __LINE__) = (__VA_ARGS__); !QUIRE_JOIN(failed_, __LINE__)) [[unlikely]] \
    return std::unexpected(QUIRE_JOIN(failed_, __LINE__).error())

// QUIRE_TRY_AS(const auto size, file.size());
#define QUIRE_TRY_AS(declaration, ...)                         \
    auto QUIRE_JOIN(result_, __LINE__) = (__VA_ARGS__);        \
    if (!QUIRE_JOIN(result_, __LINE__)) [[unlikely]]           \
        return std::unexpected(QUIRE_JOIN(result_, __LINE__).error()); \
    declaration = *std::move(QUIRE_JOIN(result_, __LINE__))

namespace quire::base {

// An Error as what a Result-returning function returns.
inline std::unexpected<Error> fail(Errc code, const char* what, std::uint64_t detail = 0,
                                   std::uint32_t os_code = 0) noexcept {
    return std::unexpected(Error{code, 0, os_code, detail, what});
}

}  // namespace quire::base
