// SPDX-License-Identifier: MIT
//
// What kvtool/exit_code.h promises, tried through it.
#include "kvtool/exit_code.h"

#include <doctest/doctest.h>

using namespace kvtool;

TEST_CASE("exit codes: every error has the one that is documented") {
    using enum quire::Errc;
    const auto all_give = [](Exit expected, std::initializer_list<quire::Errc> codes) {
        for (const quire::Errc code : codes) {
            CAPTURE(static_cast<int>(code));
            CHECK(exit_of(code) == expected);
        }
    };
    all_give(Exit::negative, {conflict});
    all_give(Exit::usage, {invalid_argument, not_a_number, out_of_range, read_only});
    all_give(Exit::unusable, {not_found, already_exists, access_denied, displaced, io, poisoned});
    all_give(Exit::damage, {truncated, corrupt});
    all_give(Exit::elsewhere, {busy, expired, history_gone, incompatible_opener, in_use});
    all_give(Exit::limit, {key_too_large, value_too_large, batch_too_large, full, out_of_memory});
    all_give(Exit::foreign, {not_a_store, unsupported_format, unsupported_volume});
    all_give(Exit::bug, {internal, closed, forked, static_cast<quire::Errc>(12'345)});
}
