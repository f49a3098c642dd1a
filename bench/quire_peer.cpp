// SPDX-License-Identifier: MIT
#include "quire_peer.h"

#include <array>
#include <filesystem>
#include <utility>

#include <quire/store.h>

#include "platform/file.h"
#include "store/tuning.h"

namespace quire::bench {

namespace {

template <class T>
T must(Result<T> result) {
    if (!result) [[unlikely]] {
        give_up(to_string(result.error()));
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

class QuirePeer final : public Peer {
public:
    QuirePeer(std::string name, std::string path, Options options)
        : name_(std::move(name)), path_(std::move(path)), options_(std::move(options)) {}
    ~QuirePeer() override { remove(); }

    std::string_view name() const override { return name_; }

    void begin_empty() override {
        remove();
        store_ = must(Store::open(path_, options_));
    }
    void settle() override { must(store_.checkpoint()); }

    void put(std::span<const Key> keys, const Values& values) override {
        std::uint64_t n = 0;
        for (const Key& key : keys) {
            must(store_.put(key.text(), values.of(n++)));
        }
    }
    void put_batches(std::span<const Key> keys, const Values& values, std::size_t at_once) override {
        Batch batch;
        std::uint64_t n = 0;
        for (; !keys.empty(); keys = keys.subspan(std::min(at_once, keys.size()))) {
            batch.clear();
            for (const Key& key : keys.first(std::min(at_once, keys.size()))) {
                batch.put(key.text(), values.of(n++));
            }
            must(store_.commit(batch));
        }
    }
    std::uint64_t get(std::span<const Key> keys) override {
        std::string value;
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        for (const Key& key : keys) {
            found += must(store_.get(key.text(), value));
            looked += look_at(value);
        }
        sink = looked;
        return found;
    }
    std::uint64_t get_many(std::span<const Key> keys, std::size_t at_once) override {
        const Pin pin = must(store_.pin());
        std::vector<ByteView> views(at_once);
        std::vector<Lookup> lookups(at_once);
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        for (; keys.size() >= at_once; keys = keys.subspan(at_once)) {
            for (std::size_t i = 0; i < at_once; ++i) {
                views[i] = keys[i].text();
            }
            pin.get_many(views, lookups);
            for (const Lookup& lookup : lookups) {
                if (!lookup) {
                    give_up(to_string(lookup.error()));
                }
                if (*lookup) {
                    ++found;
                    looked += look_at((*lookup)->text());
                }
            }
        }
        sink = looked;
        return found;
    }
    std::uint64_t scan() override {
        const Pin pin = must(store_.pin());
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        auto scan = pin.scan();
        for (const Result<Record>& record : scan) {
            if (!record) {
                give_up(to_string(record.error()));
            }
            ++found;
            looked += look_at(record->value.text());
        }
        sink = looked;
        return found;
    }

    std::optional<std::uint64_t> disk_bytes() override {
        return must(must(platform::File::open(path_, platform::OpenMode::read)).allocated_bytes());
    }
    std::optional<std::uint64_t> flushed_bytes() override { return store::counters(store_).bytes_flushed; }

private:
    void remove() {
        store_ = Store();
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
        std::filesystem::remove(path_ + "-run", ignored);
    }

    std::string name_;
    std::string path_;
    Options options_;
    Store store_;
};

}  // namespace

std::unique_ptr<Peer> make_quire(const std::string& directory) {
    return std::make_unique<QuirePeer>("Quire", directory + "/quire", Options{});
}

std::unique_ptr<Peer> make_quire_without_checkpoints(const std::string& directory) {
    Options options;
    options.checkpoint_log_bytes_max = std::uint64_t{1} << 40;
    options.checkpoint_interval = std::chrono::milliseconds(0);
    return std::make_unique<QuirePeer>("Quire, no checkpoint", directory + "/quire-no-checkpoint", options);
}

}  // namespace quire::bench
