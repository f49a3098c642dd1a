// SPDX-License-Identifier: MIT
#include "kvtool/exit_code.h"

namespace kvtool {

Exit exit_of(quire::Errc code) noexcept {
    using enum quire::Errc;
    switch (code) {
    case conflict:
        return Exit::negative;
    case invalid_argument:
    case not_a_number:
    case out_of_range:
    case read_only:
        return Exit::usage;
    case not_found:
    case already_exists:
    case access_denied:
    case displaced:
    case io:
    case poisoned:
        return Exit::unusable;
    case truncated:
    case corrupt:
        return Exit::damage;
    case busy:
    case expired:
    case history_gone:
    case incompatible_opener:
    case in_use:
        return Exit::elsewhere;
    case key_too_large:
    case value_too_large:
    case batch_too_large:
    case full:
    case out_of_memory:
        return Exit::limit;
    case not_a_store:
    case unsupported_format:
    case unsupported_volume:
        return Exit::foreign;
    case closed:
    case forked:
    case internal:
        break;
    }
    return Exit::bug;   // codes of newer libraries included
}

}  // namespace kvtool
