// SPDX-License-Identifier: MIT
//
// One open store in one process, shared by every handle and pin of it: the floors below, put together.
//
// Threads  Any, but for opening and closing, which the registry serialises. Which member serves what is grouped below.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <quire/check.h>
#include <quire/options.h>
#include <quire/read.h>
#include <quire/store.h>

#include "base/counters.h"
#include "epoch/pin.h"
#include "format/header.h"
#include "format/meta.h"
#include "index/editor.h"
#include "log/writer.h"
#include "platform/fault.h"
#include "platform/file.h"
#include "recovery/apply.h"
#include "runtime/attach.h"
#include "runtime/writer_word.h"
#include "space/extents.h"
#include "space/space.h"
#include "store/tuning.h"

namespace quire {

class Core : public std::enable_shared_from_this<Core> {
public:
    // ---- opening and closing (core.cpp) ----
    // What handles share: their use count counts handles alone; pins share the Core itself.
    [[nodiscard]] static Result<std::shared_ptr<Core>> open(std::string_view path, const Options& options,
                                                            const store::Tuning& tuning) noexcept;
    [[nodiscard]] static Result<void> close(std::shared_ptr<Core>& handle) noexcept;
    static const std::shared_ptr<Core>& of(const Store& store) noexcept { return store.core_; }
    static Store handle(std::shared_ptr<Core> core) noexcept;
    ~Core();

    // ---- reading (read.cpp, scan.cpp) ----
    [[nodiscard]] Result<bool> get(ByteView key, std::string* value) noexcept;
    [[nodiscard]] Result<Pin> pin() noexcept;
    [[nodiscard]] Lookup view(runtime::PinLine& line, ByteView key) noexcept;
    void view_many(runtime::PinLine& line, std::span<const ByteView> keys, std::span<Lookup> found) noexcept;
    struct Element {
        std::uint64_t hash = 0;
        Result<Record> record{std::unexpect};
    };
    // All records of the bucket that serves `cursor`, from that hash on, in hash order; moves `cursor` to the end of the
    // bucket's range, false at the end of all.
    bool next_bucket(runtime::PinLine& line, std::uint64_t& cursor, std::vector<Element>& elements) noexcept;
    void unpin(runtime::PinLine& line) noexcept;

    // ---- writing (write.cpp, batch.cpp) ----
    enum class Verb : std::uint8_t { put, insert, erase };
    [[nodiscard]] Result<bool> write(Verb verb, ByteView key, ByteView value) noexcept;
    [[nodiscard]] Result<Lsn> commit(const Batch& batch, Durability durability) noexcept;

    // ---- durability (durable.cpp, checkpoint.cpp) ----
    [[nodiscard]] Result<void> sync() noexcept;
    [[nodiscard]] Result<void> checkpoint() noexcept;

    // ---- looking at it (stats.cpp, check.cpp) ----
    [[nodiscard]] Result<format::Ledger> ledger() noexcept;
    [[nodiscard]] Result<Stats> stats() noexcept;
    [[nodiscard]] Result<Lsn> position() noexcept;
    [[nodiscard]] Result<CheckReport> check(const CheckOptions& options) noexcept;
    base::Counters counters() const noexcept;
    const Options& options() const noexcept { return options_; }

private:
    friend struct Pin::State;
    struct Frozen;              // what a freeze labelled (freeze.h)
    Core() noexcept = default;

    // core.cpp
    [[nodiscard]] Result<void> open_file(std::string_view path, const store::Tuning& tuning) noexcept;
    [[nodiscard]] Result<void> attach() noexcept;
    [[nodiscard]] Result<void> join_without_block() noexcept;
    void put_floors_together(runtime::RuntimeFile& runtime) noexcept;
    [[nodiscard]] Result<void> recover(const format::ChosenMeta& chosen) noexcept;
    [[nodiscard]] Result<void> shut_down() noexcept;
    [[nodiscard]] Result<void> leave() noexcept;
    static void give_up_inherited() noexcept;   // in a forked child: every Core that it knows of
    // Every call begins here: closed, forked, displaced; a reader without a block moves on to the newest checkpoint.
    [[nodiscard]] Result<void> enter() noexcept;
    [[nodiscard]] Result<void> refresh() noexcept;

    // read.cpp
    [[nodiscard]] Result<void> believable(std::uint64_t hash) noexcept;   // K7, once poisoned
    index::Found find(std::uint64_t hash, index::Bytes key) noexcept;
    Error fault_error(const platform::Fault& fault) const noexcept;

    // write.cpp: the writer word, held
    [[nodiscard]] Result<void> may_write(ByteView key) const noexcept;
    [[nodiscard]] Result<void> repair() noexcept;
    template <class Body>
    [[nodiscard]] Result<void> while_writing(Body&& body) noexcept;
    void walk_ahead(std::uint64_t hash, index::Bytes key) noexcept;
    [[nodiscard]] Result<void> probe_tail(std::uint64_t bytes) noexcept;
    // Room at the tail and everything that applying a frame of `bytes` needs of the log: where it goes.
    [[nodiscard]] Result<std::byte*> frame_room(std::uint64_t bytes) noexcept;
    // Header and durable position of a commit frame; where its first record goes.
    std::byte* begin_frame(std::byte* at, std::uint64_t bytes, bool durable, std::uint32_t records) noexcept;
    [[nodiscard]] Result<void> after_commit(std::uint64_t position, Durability durability) noexcept;
    std::uint64_t log_bytes() const noexcept;
    std::uint64_t log_bytes_max() const noexcept;

    // durable.cpp
    [[nodiscard]] Result<void> make_durable(std::uint64_t position) noexcept;
    [[nodiscard]] Result<void> flush_log(std::uint64_t from, std::uint64_t to) noexcept;
    [[nodiscard]] Result<void> flush_growth(platform::File& file) noexcept;
    Error poison(Error error) noexcept;
    void raise_durable(std::uint64_t position) noexcept;

    // freeze.cpp, seal.cpp, flush_set.cpp, checkpoint.cpp
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        bool log = false;
    };
    [[nodiscard]] Result<Frozen> freeze(bool rotate) noexcept;
    [[nodiscard]] Result<void> fold_live_counts() noexcept;
    [[nodiscard]] Result<std::uint32_t> seal(format::PageRef ref, format::PageKind kind, std::uint64_t since) noexcept;
    [[nodiscard]] Result<std::vector<Range>> flush_set(const format::Meta& since, const Frozen& frozen) noexcept;
    [[nodiscard]] Result<void> add_born(std::vector<Range>& ranges, format::PageRef ref, std::uint64_t since,
                                        const Frozen& frozen) noexcept;
    [[nodiscard]] Result<void> flush_ranges(const std::vector<Range>& ranges) noexcept;
    [[nodiscard]] Result<bool> store_meta(const Frozen& frozen, std::uint64_t flags, unsigned& slot) noexcept;
    [[nodiscard]] Result<void> flush_meta(unsigned slot) noexcept;
    [[nodiscard]] Result<void> publish(const Frozen& frozen, unsigned slot) noexcept;
    [[nodiscard]] Result<void> checkpoint_once(std::uint64_t flags, bool rotate) noexcept;
    void tell(Event::Kind kind, Error error, std::uint64_t count) const noexcept;

    // Constant after open.
    Options options_;
    std::string path_;
    platform::File file_;
    platform::File second_;                    // checkpoints flush through it: each description hears of an error once
    format::Identity identity_;
    std::unique_ptr<space::Extents> extents_;
    std::unique_ptr<space::Extents> flush_extents_;
    std::unique_ptr<runtime::Attachment> attachment_;        // null: a reader without a block
    std::unique_ptr<runtime::RuntimeFile> private_runtime_;  // then
    std::unique_ptr<runtime::LockTable> label_locks_;        // then
    runtime::Shared* shared_ = nullptr;
    space::Space space_;
    std::optional<index::Editor> editor_;
    std::optional<log::Writer> log_;
    std::optional<recovery::Applier> applier_;
    std::optional<runtime::WriterWord> writer_;
    std::optional<epoch::Pins> pins_;
    bool writable_ = false;
    std::uint64_t key_bytes_max_ = 0;          // the limits of this geometry
    std::uint64_t value_bytes_max_ = 0;
    std::uint64_t frame_bytes_max_ = 0;

    enum class State : std::uint8_t { open, closed, inherited };   // inherited: by fork(), of a parent that goes on with it
    std::atomic<State> state_{State::open};
    std::atomic<bool> wrote_{false};
    std::atomic<std::uint64_t> pin_count_{0};
    std::atomic<bool> adopted_{false};         // a first flush has dirtied again what others may have lost
    bool frame_pending_ = false;               // writer word held: a frame is valid and not yet wholly applied
    std::mutex sync_mutex_;                    // one flush at a time through file_
    std::mutex checkpoint_mutex_;              // and through second_
    std::mutex refresh_mutex_;
    base::Counters counters_;

    // The registry: one Core a file and process.
    platform::FileId registered_as_;
};

struct Core::Frozen {
    std::uint64_t label = 0;
    format::Meta meta{};                       // all that a meta of this label says
};

}  // namespace quire
