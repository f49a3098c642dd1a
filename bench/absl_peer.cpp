// SPDX-License-Identifier: MIT
//
// absl::flat_hash_map in memory: what a program would use that needs neither a file nor other processes.
#include <algorithm>

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include "peer.h"

namespace quire::bench {

namespace {

class AbslPeer final : public Peer {
public:
    std::string_view name() const override { return "absl::flat_hash_map"; }
    void begin_empty() override { map_ = Map(); }

    void put(std::span<const Key> keys, const Values& values) override {
        std::uint64_t n = 0;
        for (const Key& key : keys) {
            map_[name_of(key)] = values.of(n++);
        }
    }
    void put_batches(std::span<const Key> keys, const Values& values, std::size_t) override { put(keys, values); }
    std::uint64_t get(std::span<const Key> keys) override {
        std::string value;
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        for (const Key& key : keys) {
            const auto at = map_.find(name_of(key));
            if (at != map_.end()) {
                ++found;
                value = at->second;
            } else {
                value.clear();
            }
            looked += look_at(value);
        }
        sink = looked;
        return found;
    }
    std::uint64_t get_many(std::span<const Key> keys, std::size_t) override {
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        for (const Key& key : keys) {
            const auto at = map_.find(name_of(key));
            if (at != map_.end()) {
                ++found;
                looked += look_at(at->second);
            }
        }
        sink = looked;
        return found;
    }
    std::uint64_t scan() override {
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        for (const auto& [key, value] : map_) {
            ++found;
            looked += look_at(value);
        }
        sink = looked;
        return found;
    }

private:
    using Map = absl::flat_hash_map<std::string, std::string>;
    // Looked up without making a std::string, whichever string_view absl was built with.
    static absl::string_view name_of(const Key& key) noexcept { return {key.bytes.data(), key.bytes.size()}; }
    Map map_;
};

const Registered registered([](const std::string&) -> std::unique_ptr<Peer> { return std::make_unique<AbslPeer>(); });

}  // namespace

}  // namespace quire::bench
