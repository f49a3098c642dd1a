// SPDX-License-Identifier: MIT
//
// An open store as a verb uses it: opened by the globals, every failure turned into the one line that says why.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <quire/store.h>

#include "kvtool/command_line.h"
#include "kvtool/figures.h"
#include "kvtool/stop.h"

namespace kvtool {

enum class Use {
    read,         // never makes a file; recovers an unclean one if it may write it
    write,        // the same, for writing
    create,       // makes the file if there is none
    create_new,   // makes the file
};

// What happened while the store was opened.
struct Opening {
    bool recovered = false;
    std::uint64_t replayed_records = 0;
    Clock::duration took{};
};

// "FILE: class: reason (detail)", and the code for it.
Stop store_stop(const std::string& file, const Globals& globals, const quire::Error& error);

class Session {
public:
    Session(const Command& command, Use use);
    Session(const Session&) = delete;   // the store tells this object of its events
    Session& operator=(const Session&) = delete;

    quire::Store& store() noexcept { return store_; }
    const std::string& file() const noexcept { return file_; }
    const Globals& globals() const noexcept { return globals_; }
    const Opening& opening() const noexcept { return opening_; }

    // The value, or the verb ends.
    template <class T>
    T must(quire::Result<T> result) const {
        if (!result) {
            throw stop(result.error());
        }
        if constexpr (!std::is_void_v<T>) {
            return *std::move(result);
        }
    }

    Stop stop(const quire::Error& error) const;

    // A line about this store that is no answer; silent with --quiet.
    void note(const std::string& line) const;
    // The line of a failure that does not end the verb.
    void report(const quire::Error& error) const;

    void close();

private:
    Globals globals_;
    std::string file_;
    Opening opening_;
    quire::Store store_;
};

}  // namespace kvtool
