// SPDX-License-Identifier: MIT
//
// Batches: collected in the log's own encoding, then committed as one frame.
//
// Before the frame becomes valid, every key's bucket is young and has room for it *beside the batch's other keys*: planned
// inserts are promised slots, and a bucket whose structure changes on the way gives its promises back and is planned again.
// While the batch is applied its erases may free slots earlier than planned; first-fit with more room in a line never fails
// where first-fit with less did not (by induction no line ever has less room than planned).
#include <quire/batch.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <unordered_map>

#include "base/try.h"
#include "format/record.h"
#include "store/core.h"
#include "store/hold.h"

namespace quire {

using format::RecordHeader;
using format::RecordView;
using index::Bytes;

namespace {

// In a batch's memory only, never in the log.
constexpr std::uint16_t kExpectValue = 1u << 15;
constexpr std::uint16_t kExpectAbsent = 1u << 14;

struct Operation {
    RecordView record;
    std::uint64_t hash = 0;
    std::uint64_t number = 0;    // in the batch
};

std::uint16_t try_append(std::vector<std::byte>& encoded, ByteView key, ByteView value, std::uint16_t flags) noexcept {
    if (key.size() > kKeyBytesMax) {
        return static_cast<std::uint16_t>(Errc::key_too_large);
    }
    if (value.size() > kValueBytesMax) {
        return static_cast<std::uint16_t>(Errc::value_too_large);
    }
    const std::uint64_t bytes = format::record_bytes(key.size(), value.size());
    if (encoded.size() + bytes > 2 * kBatchBytesMax) {
        return static_cast<std::uint16_t>(Errc::batch_too_large);
    }
    try {
        const std::size_t at = encoded.size();
        encoded.resize(at + bytes);
        format::encode_record(encoded.data() + at, key.bytes(), value.bytes(), flags);
        return 0;
    } catch (const std::bad_alloc&) {
        return static_cast<std::uint16_t>(Errc::out_of_memory);
    }
}

Error limit_error(Errc code) noexcept {
    switch (code) {
    case Errc::key_too_large: return {code, 0, 0, kKeyBytesMax, "a key of the batch is too large"};
    case Errc::value_too_large: return {code, 0, 0, kValueBytesMax, "a value of the batch is too large"};
    case Errc::batch_too_large: return {code, 0, 0, kBatchBytesMax, "the batch is too large"};
    default: return {Errc::out_of_memory, 0, 0, 0, "no memory for the batch"};
    }
}

// Which slots of which pages earlier operations of the batch were promised.
class Promises {
public:
    explicit Promises(std::size_t operations) { pages_.reserve(operations); }

    static const index::Promised* of(void* self, format::Offset page) noexcept {
        const auto& pages = static_cast<Promises*>(self)->pages_;
        const auto found = pages.find(page.value);
        return found == pages.end() ? nullptr : &found->second;
    }
    void promise(std::uint64_t bucket, const index::Target& target, std::uint32_t operation) {
        ++pages_[target.page.value].slots[target.group];
        Bucket& planned = buckets_[bucket];
        planned.operations.push_back(operation);
        if (planned.pages.empty() || planned.pages.back() != target.page.value) {
            planned.pages.push_back(target.page.value);
        }
    }
    // The bucket's structure changed: what was planned for it is to be planned again.
    void take_back(std::uint64_t bucket, std::vector<std::uint32_t>& queue) {
        const auto found = buckets_.find(bucket);
        if (found == buckets_.end()) {
            return;
        }
        for (const std::uint64_t page : found->second.pages) {
            pages_.erase(page);
        }
        queue.insert(queue.end(), found->second.operations.begin(), found->second.operations.end());
        buckets_.erase(found);
    }

private:
    struct Bucket {
        std::vector<std::uint32_t> operations;
        std::vector<std::uint64_t> pages;
    };
    std::unordered_map<std::uint64_t, index::Promised> pages_;
    std::unordered_map<std::uint64_t, Bucket> buckets_;
};

}  // namespace

Batch& Batch::put(ByteView key, ByteView value) noexcept {
    if (failed_ == 0 && (failed_ = try_append(encoded_, key, value, 0)) == 0) {
        ++count_;
    }
    return *this;
}

Batch& Batch::erase(ByteView key) noexcept {
    if (failed_ == 0 && (failed_ = try_append(encoded_, key, {}, format::kRecordErase)) == 0) {
        ++count_;
    }
    return *this;
}

Batch& Batch::expect(ByteView key, ByteView value) noexcept {
    if (failed_ == 0 && (failed_ = try_append(encoded_, key, value, kExpectValue)) == 0) {
        ++count_;
    }
    return *this;
}

Batch& Batch::expect_absent(ByteView key) noexcept {
    if (failed_ == 0 && (failed_ = try_append(encoded_, key, {}, kExpectAbsent)) == 0) {
        ++count_;
    }
    return *this;
}

void Batch::clear() noexcept {
    encoded_.clear();
    count_ = 0;
    failed_ = 0;
}

std::size_t Batch::count() const noexcept { return count_; }
std::size_t Batch::size_bytes() const noexcept { return encoded_.size() + format::frame_overhead(true); }

namespace {

// The batch's writes, the last one of each key, in order; and its expectations.
void sort_out(std::span<const std::byte> encoded, std::uint64_t seed, std::vector<Operation>& writes,
              std::vector<Operation>& expectations) {
    std::vector<Operation> all;
    std::uint64_t number = 0;
    for (std::size_t at = 0; at < encoded.size(); ++number) {
        const RecordView record{reinterpret_cast<const RecordHeader*>(encoded.data() + at)};
        const Operation operation{record, format::key_hash(record.key(), seed), number};
        (record.header->flags & (kExpectValue | kExpectAbsent)) != 0 ? expectations.push_back(operation)
                                                                      : all.push_back(operation);
        at += record.bytes();
    }
    std::vector<std::uint32_t> order(all.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return all[a].hash != all[b].hash ? all[a].hash < all[b].hash : a < b;
    });
    std::vector<bool> overtaken(all.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t k = i + 1; k < order.size() && all[order[k]].hash == all[order[i]].hash; ++k) {
            if (index::equal(all[order[k]].record.key(), all[order[i]].record.key())) {
                overtaken[order[i]] = true;
                break;
            }
        }
    }
    writes.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!overtaken[i]) {
            writes.push_back(all[i]);
        }
    }
}

Result<void> check_expectation(const index::Editor& editor, const Operation& expectation) noexcept {
    QUIRE_TRY_AS(const index::Found found, editor.look(expectation.hash, expectation.record.key()));
    const bool holds = (expectation.record.header->flags & kExpectAbsent) != 0
                           ? found.answer == index::Answer::absent
                           : found.answer == index::Answer::found &&
                                 index::equal(found.record.value(), expectation.record.value());
    if (!holds) {
        return base::fail(Errc::conflict, "an expectation does not hold", expectation.number);
    }
    return {};
}

Result<void> plan(space::Space& space, index::Editor& editor, const std::vector<Operation>& writes) {
    Promises promises(writes.size());
    std::vector<std::uint32_t> queue(writes.size());
    for (std::uint32_t i = 0; i < queue.size(); ++i) {
        queue[i] = i;
    }
    for (std::size_t next = 0; next < queue.size(); ++next) {
        const std::uint32_t number = queue[next];
        const Operation& write = writes[number];
        const auto bucket = [&] {
            return index::walk(space, {base::load_relaxed(space.shared->readers.root)}, write.hash).bucket.page().value;
        };
        const std::uint64_t before = bucket();
        const std::uint64_t structure = editor.structure_version();
        QUIRE_TRY_AS(const auto target, editor.make_ready(write.hash, write.record.key(), write.record.erases(),
                                                          &Promises::of, &promises));
        if (editor.structure_version() != structure) {
            promises.take_back(before, queue);
        }
        if (target && target->exists) {
            QUIRE_TRY(space.runtime->delta(space.geometry.segment_of(target->old_at).value));
        } else if (target) {
            promises.promise(bucket(), *target, number);
        }
    }
    return {};
}

}  // namespace

Result<Lsn> Core::commit(const Batch& batch, Durability durability) noexcept {
    try {
        QUIRE_TRY(enter());
        QUIRE_TRY(may_write({}));
        if (batch.failed_ != 0) {
            return std::unexpected(limit_error(static_cast<Errc>(batch.failed_)));
        }
        std::vector<Operation> writes;
        std::vector<Operation> expectations;
        sort_out(batch.encoded_, space_.hash_seed, writes, expectations);
        const bool durable = durability == Durability::durable;
        std::uint64_t frame_bytes = format::frame_overhead(durable);
        for (const Operation& write : writes) {
            if (write.record.header->key_bytes > key_bytes_max_) {
                return base::fail(Errc::key_too_large, "a key of the batch is too large", key_bytes_max_);
            }
            if (write.record.header->value_bytes > value_bytes_max_) {
                return base::fail(Errc::value_too_large, "a value of the batch is too large", value_bytes_max_);
            }
            frame_bytes += write.record.bytes();
        }
        if (frame_bytes > frame_bytes_max_ || writes.size() > format::kFrameRecordsMax) {
            return base::fail(Errc::batch_too_large, "the batch is too large", frame_bytes_max_);
        }
        if (log_bytes() > 2 * log_bytes_max()) {
            QUIRE_TRY(checkpoint_once(0, true));
        }
        for (const Operation& write : writes) {
            walk_ahead(write.hash, write.record.key());
        }
        std::uint64_t position = 0;
        QUIRE_TRY(while_writing([&]() noexcept -> Result<void> {
            for (const Operation& expectation : expectations) {
                QUIRE_TRY(check_expectation(*editor_, expectation));
            }
            position = log_->position().value;
            if (writes.empty()) {
                return {};
            }
            try {
                QUIRE_TRY(plan(space_, *editor_, writes));
            } catch (const std::bad_alloc&) {
                return base::fail(Errc::out_of_memory, "no memory to plan the batch");
            }
            QUIRE_TRY_AS(std::byte* const at, frame_room(frame_bytes));
            std::byte* to = begin_frame(at, frame_bytes, durable, static_cast<std::uint32_t>(writes.size()));
            for (const Operation& write : writes) {
                std::memcpy(to, write.record.header, write.record.bytes());
                to += write.record.bytes();
            }
            const auto frame = format::FrameView::bounded(at, frame_bytes);
            format::seal_frame(*reinterpret_cast<format::FrameHeader*>(at), log_->place());   // the commit point
            frame_pending_ = true;
            QUIRE_TRY(applier_->apply(*frame));
            frame_pending_ = false;
            position = log_->position().value;
            return {};
        }));
        if (!writes.empty()) {
            QUIRE_TRY(after_commit(position, durability));
        } else if (durable) {
            QUIRE_TRY(make_durable(position));
        }
        return Lsn{position};
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory for the batch");
    }
}

}  // namespace quire
