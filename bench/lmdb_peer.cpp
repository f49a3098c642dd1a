// SPDX-License-Identifier: MIT
//
// LMDB at its fastest: MDB_WRITEMAP and MDB_NOSYNC, so that nothing is flushed while the clock runs and a power cut may
// damage the file. One read transaction serves a whole slice of reads, to its benefit. A single put is a transaction of
// its own, as it must be to be seen by others and to survive the process.
#include <cstring>
#include <filesystem>

#include <lmdb.h>

#include "peer.h"

#include "platform/file.h"

namespace quire::bench {

namespace {

void must(int code) {
    if (code != MDB_SUCCESS) [[unlikely]] {
        give_up(std::string("LMDB: ") + mdb_strerror(code));
    }
}

MDB_val as_val(std::string_view text) noexcept { return {text.size(), const_cast<char*>(text.data())}; }
std::string_view as_text(const MDB_val& val) noexcept { return {static_cast<const char*>(val.mv_data), val.mv_size}; }

class LmdbPeer final : public Peer {
public:
    explicit LmdbPeer(std::string path) : path_(std::move(path)) {}
    ~LmdbPeer() override { remove(); }

    std::string_view name() const override { return "LMDB"; }

    void begin_empty() override {
        remove();
        must(mdb_env_create(&environment_));
        must(mdb_env_set_mapsize(environment_, kMapBytes));
        must(mdb_env_open(environment_, path_.c_str(), MDB_NOSUBDIR | MDB_WRITEMAP | MDB_NOSYNC, 0644));
        MDB_txn* transaction = nullptr;
        must(mdb_txn_begin(environment_, nullptr, 0, &transaction));
        must(mdb_dbi_open(transaction, nullptr, 0, &table_));
        must(mdb_txn_commit(transaction));
    }
    void settle() override { must(mdb_env_sync(environment_, 1)); }

    void put(std::span<const Key> keys, const Values& values) override { put_batches(keys, values, 1); }
    void put_batches(std::span<const Key> keys, const Values& values, std::size_t at_once) override {
        std::uint64_t n = 0;
        for (; !keys.empty(); keys = keys.subspan(std::min(at_once, keys.size()))) {
            MDB_txn* transaction = nullptr;
            must(mdb_txn_begin(environment_, nullptr, 0, &transaction));
            for (const Key& key : keys.first(std::min(at_once, keys.size()))) {
                MDB_val name = as_val(key.text());
                MDB_val value = as_val(values.of(n++));
                must(mdb_put(transaction, table_, &name, &value, 0));
            }
            must(mdb_txn_commit(transaction));
        }
    }
    std::uint64_t get(std::span<const Key> keys) override {
        std::string copy;
        return read(keys, [&](std::string_view value) {
            copy = value;
            return look_at(copy);
        });
    }
    std::uint64_t get_many(std::span<const Key> keys, std::size_t) override { return read(keys, look_at); }
    std::uint64_t scan() override {
        MDB_txn* transaction = nullptr;
        must(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction));
        MDB_cursor* cursor = nullptr;
        must(mdb_cursor_open(transaction, table_, &cursor));
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        MDB_val key;
        MDB_val value;
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
            ++found;
            looked += look_at(as_text(value));
        }
        mdb_cursor_close(cursor);
        mdb_txn_abort(transaction);
        sink = looked;
        return found;
    }

    std::optional<std::uint64_t> disk_bytes() override {
        const auto file = platform::File::open(path_, platform::OpenMode::read);
        return file ? file->allocated_bytes().value_or(0) : 0;
    }

private:
    static constexpr std::size_t kMapBytes = std::size_t{32} << 30;

    template <class Look>
    std::uint64_t read(std::span<const Key> keys, Look look) {
        MDB_txn* transaction = nullptr;
        must(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction));
        std::uint64_t found = 0;
        std::uint64_t looked = 0;
        for (const Key& key : keys) {
            MDB_val name = as_val(key.text());
            MDB_val value;
            const int code = mdb_get(transaction, table_, &name, &value);
            if (code == MDB_SUCCESS) {
                ++found;
                looked += look(as_text(value));
            } else if (code != MDB_NOTFOUND) {
                must(code);
            }
        }
        mdb_txn_abort(transaction);
        sink = looked;
        return found;
    }
    void remove() {
        if (environment_ != nullptr) {
            mdb_env_close(environment_);
            environment_ = nullptr;
        }
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
        std::filesystem::remove(path_ + "-lock", ignored);
    }

    std::string path_;
    MDB_env* environment_ = nullptr;
    MDB_dbi table_ = 0;
};

const Registered registered([](const std::string& directory) -> std::unique_ptr<Peer> {
    return std::make_unique<LmdbPeer>(directory + "/lmdb");
});

}  // namespace

}  // namespace quire::bench
