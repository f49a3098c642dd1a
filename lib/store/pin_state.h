// SPDX-License-Identifier: MIT
//
// What a Pin and a Scan hold: the store, and a pin line that says so to every process.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <quire/read.h>

#include "store/core.h"

namespace quire {

struct Pin::State {
    State(std::shared_ptr<Core> store, runtime::PinLine& pinned) noexcept : core(std::move(store)), line(pinned) {}
    ~State() { core->unpin(line); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    std::shared_ptr<Core> core;
    runtime::PinLine& line;
};

struct Scan::State {
    Core* core = nullptr;                 // both outlive the scan: Pin::scan is bound to its Pin
    runtime::PinLine* line = nullptr;
    std::uint64_t cursor = 0;             // where the next bucket's range begins
    bool more = true;                     // there is one
    std::vector<Core::Element> elements;  // of the bucket last looked at, in hash order
    std::size_t next = 0;                 // behind the current one
    Result<Record> current{std::unexpect};
    bool at_end = false;
    std::uint64_t resume = 0;             // ScanPosition

    void advance() noexcept;
};

}  // namespace quire
