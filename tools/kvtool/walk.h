// SPDX-License-Identifier: MIT
//
// All records of a store, for as long as that takes.
#pragma once

#include <concepts>
#include <cstdint>

#include "kvtool/session.h"

namespace kvtool {

// A pin holds memory that was freed meanwhile, so a long walk takes a new one now and then.
inline constexpr std::uint64_t kRecordsPerPin = 4'096;

// Calls visit(const quire::Result<quire::Record>&) for each element of a scan until it answers false, and returns the
// position behind the last. What is not about one record (closed, forked) ends the verb.
template <std::predicate<const quire::Result<quire::Record>&> Visit>
quire::ScanPosition walk(Session& session, quire::ScanPosition from, Visit visit) {
    while (true) {
        const quire::Pin pin = session.must(session.store().pin());
        quire::Scan scan = pin.scan(from);
        std::uint64_t count = 0;
        bool go_on = true;
        for (const quire::Result<quire::Record>& element : scan) {
            if (!element && exit_of(element.error().code) != Exit::damage &&
                element.error().code != quire::Errc::io) {
                throw session.stop(element.error());
            }
            go_on = visit(element);
            if (!go_on || ++count == kRecordsPerPin) {
                break;
            }
        }
        from = scan.position();
        if (!go_on || count < kRecordsPerPin) {
            return from;
        }
    }
}

}  // namespace kvtool
