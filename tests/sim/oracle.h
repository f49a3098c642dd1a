// SPDX-License-Identifier: MIT
//
// Whether a store is what it promises to be: opened from an image, looked at from every side, written to, killed and
// cut again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include <quire/store.h>

#include "sim/disk.h"
#include "sim/history.h"
#include "sim/image.h"
#include "store/tuning.h"

namespace quire::sim {

struct Setup {             // how the stores of a workload are opened
    Options options;
    store::Tuning tuning;
};

template <class T>
using Checked = std::expected<T, std::string>;   // or what is wrong

// An open store that remembers what its events complained of.
struct Subject {
    Store store;
    std::shared_ptr<std::string> complaint;
};
[[nodiscard]] Checked<Subject> open_subject(const Disk& disk, const Setup& setup);
[[nodiscard]] Checked<void> close_subject(Subject& subject);

// Everything that it holds, by a scan; and that get, count, digest and check agree with it.
[[nodiscard]] Checked<Records> inspect(const Subject& subject);

struct Case {
    const Image& image;
    const History& history;
    std::size_t durable;   // commits acknowledged as durable
    std::size_t started;   // commits begun, the one under way included
    std::uint64_t seed;    // of what recovery draws and of the second cut
};
// The prefix of the history that the image recovers to, after all that the oracle does to it.
[[nodiscard]] Checked<std::size_t> judge(const Case& question, const Setup& setup);

}  // namespace quire::sim
