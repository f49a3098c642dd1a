// SPDX-License-Identifier: MIT
//
// A store as the comparison sees it. Every member does one slice of work, long enough that the virtual call is nothing;
// the caller holds the clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "keys.h"

namespace quire::bench {

class Peer {
public:
    virtual ~Peer() = default;
    virtual std::string_view name() const = 0;

    virtual void begin_empty() = 0;      // drops everything
    virtual void settle() {}             // after a load: on the disk, if it has one. Not timed
    // One by one, each its own commit where there are commits; and so many at once.
    virtual void put(std::span<const Key> keys, const Values& values) = 0;
    virtual void put_batches(std::span<const Key> keys, const Values& values, std::size_t at_once) = 0;
    // Copies each value into one std::string. Returns how many were there.
    virtual std::uint64_t get(std::span<const Key> keys) = 0;
    // Looks at the first and the last byte of each value, `at_once` keys a call where a call takes many.
    virtual std::uint64_t get_many(std::span<const Key> keys, std::size_t at_once) = 0;
    // Looks at the first and last byte of every value. Returns how many.
    virtual std::uint64_t scan() = 0;

    virtual std::optional<std::uint64_t> disk_bytes() { return std::nullopt; }     // allocated
    virtual std::optional<std::uint64_t> flushed_bytes() { return std::nullopt; }  // since it was opened
};

// What keeps a compiler from leaving reads out.
inline volatile std::uint64_t sink = 0;
inline std::uint64_t look_at(std::string_view value) noexcept {
    return value.empty() ? 0
                         : static_cast<std::uint64_t>(static_cast<unsigned char>(value.front())) +
                               static_cast<unsigned char>(value.back());
}

// Peers register themselves, so that the comparison runs with whichever were found when it was built.
using MakePeer = std::unique_ptr<Peer> (*)(const std::string& directory);
std::vector<MakePeer>& peers();
struct Registered {
    explicit Registered(MakePeer make) { peers().push_back(make); }
};

[[noreturn]] void give_up(const std::string& what);

}  // namespace quire::bench
