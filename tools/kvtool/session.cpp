// SPDX-License-Identifier: MIT
#include "kvtool/session.h"

#include <system_error>

namespace kvtool {

namespace {

quire::Access access_of(Use use, const Globals& globals) {
    if (globals.read_only) {
        if (use == Use::create_new) {
            throw usage_stop("a new store cannot be read-only");
        }
        return quire::Access::read_only;
    }
    switch (use) {
    case Use::create:
        return quire::Access::create;
    case Use::create_new:
        return quire::Access::create_new;
    default:
        return quire::Access::read_write;
    }
}

}  // namespace

Stop store_stop(const std::string& file, const Globals& globals, const quire::Error& error) {
    std::string message = on_one_line(file) + ": " + on_one_line(quire::to_string(error));
    if (error.os_code != 0) {
        message += ", " + on_one_line(std::system_category().message(static_cast<int>(error.os_code)));
    }
    if (error.code == quire::Errc::busy) {
        message += ", waited " + seconds_for_people(globals.wait);
    }
    return {exit_of(error.code), std::move(message)};
}

Session::Session(const Command& command, Use use) : globals_(command.globals()), file_(command.file()) {
    quire::Options options;
    options.access = access_of(use, globals_);
    options.durability = globals_.durable ? quire::Durability::durable : quire::Durability::buffered;
    options.lock_wait = globals_.wait;
    options.upkeep = quire::Upkeep::caller;   // one verb is too short for a thread of its own
    options.on_event = [this](const quire::Event& event) {
        if (event.kind == quire::Event::Kind::recovered) {
            opening_.recovered = true;
            opening_.replayed_records = event.count;
        }
    };
    const Clock::time_point begin = Clock::now();
    auto opened = quire::Store::open(file_, options);
    if (!opened && use == Use::read && opened.error().code == quire::Errc::access_denied &&
        options.access != quire::Access::read_only) {
        options.access = quire::Access::read_only;   // somebody else's file
        opened = quire::Store::open(file_, options);
    }
    opening_.took = Clock::now() - begin;
    store_ = must(std::move(opened));
}

Stop Session::stop(const quire::Error& error) const {
    Stop stop = store_stop(file_, globals_, error);
    if (error.code == quire::Errc::full) {
        // What is dead stays while a reader may look at it: say who.
        const auto stats = store_.stats();
        if (stats && stats->oldest_pin_pid != 0 && stats->held_bytes != 0) {
            stop.message += ", " + bytes_for_people(stats->held_bytes) + " held by pid " +
                            std::to_string(stats->oldest_pin_pid) + " since " +
                            seconds_for_people(stats->oldest_pin_age);
        }
    }
    return stop;
}

void Session::note(const std::string& line) const {
    if (!globals_.quiet) {
        say("kvtool: " + on_one_line(file_) + ": " + line);
    }
}

void Session::report(const quire::Error& error) const { say("kvtool: " + stop(error).message); }

void Session::close() { must(store_.close()); }

}  // namespace kvtool
