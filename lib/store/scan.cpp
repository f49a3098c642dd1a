// SPDX-License-Identifier: MIT
//
// Scanning: a cursor over the hash space. The next position is the end of the range of the bucket as read, so every key
// that is present throughout is seen exactly once, across splits and copies.
//
// Costs  A bucket at a time: its records are prefetched 16 ahead, hashed and sorted by hash, so that a position can be
//        resumed inside it.
#include <algorithm>
#include <new>

#include "base/shared_word.h"
#include "base/try.h"
#include "format/checksum.h"
#include "store/pin_state.h"

namespace quire {

namespace {

constexpr std::size_t kAhead = 16;

// The end of the range of a page that serves `depth` bits of `hash`; 0 past the last.
std::uint64_t range_end(std::uint64_t hash, unsigned depth) noexcept {
    return depth == 0 ? 0 : ((hash >> (64 - depth)) + 1) << (64 - depth);
}

}  // namespace

bool Core::next_bucket(runtime::PinLine& line, std::uint64_t& cursor, std::vector<Element>& elements) noexcept {
    elements.clear();
    const auto damaged = [&](Error error) {
        Element element;
        element.hash = cursor;
        element.record = std::unexpected(error);
        elements.push_back(element);
    };
    unsigned depth = 0;
    try {
        if (const auto entered = enter(); !entered) {
            damaged(entered.error());
            return false;
        }
        elements.reserve(2 * std::size_t{space_.geometry.bucket_groups} * format::kGroupSlots);
        epoch::Pins::open(line);
        bool page_failed = false;
        const auto read_bucket = [&]() noexcept {
            elements.clear();
            page_failed = false;
            // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
            const format::PageRef root{base::load_seq_cst(shared_->readers.root)};
            format::PageRef ref = root;
            space::Parent parent;
            Error error;
            while (ref.level() > 0) {
                depth = ref.depth() + space_.geometry.fan_out_bits;   // a damaged page costs what it cannot lead to
                if (!index::step_down(space_, ref, parent, cursor, error)) {
                    depth = ref.depth();
                    page_failed = true;
                    damaged(error);
                    return;
                }
            }
            depth = ref.depth();
            const auto* page = space::page<format::BucketPage>(space_, ref, format::PageKind::bucket, parent);
            if (page == nullptr) {
                page_failed = true;
                damaged(space::refuse(space_, ref, format::PageKind::bucket, parent));
                return;
            }
            const unsigned bucket_depth = depth;
            while (page != nullptr) {
                std::uint64_t offsets[format::kBucketGroupsMax * format::kGroupSlots];
                std::size_t count = 0;
                for (unsigned group = 0; group < space_.geometry.bucket_groups; ++group) {
                    for (const std::uint64_t& word : page->slots[group]) {
                        // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
                        const format::Slot slot{base::load_seq_cst(word)};
                        if (!slot.empty()) {
                            offsets[count++] = slot.record().value;
                        }
                    }
                }
                for (std::size_t i = 0; i < count; ++i) {
                    if (i + kAhead < count) {
                        if (const auto* const ahead = extents_->at({offsets[i + kAhead]}, sizeof(format::RecordHeader))) {
                            __builtin_prefetch(ahead);
                            __builtin_prefetch(ahead + 64);
                        }
                    }
                    const format::RecordView record{index::record_at(space_, {offsets[i]})};
                    if (record.header == nullptr) {
                        damaged(extents_->why({offsets[i]}, sizeof(format::RecordHeader)));
                    } else if (options_.verify_reads && !record.intact()) {
                        damaged({Errc::corrupt, 0, 0, offsets[i], "a record's checksum differs"});
                    } else {
                        const auto text = [](std::span<const std::byte> bytes) {
                            return ByteView(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
                        };
                        Element element;
                        element.hash = format::key_hash(record.key(), space_.hash_seed);
                        if (element.hash >= cursor) {
                            element.record = Record{text(record.key()), text(record.value())};
                            elements.push_back(element);
                        }
                    }
                }
                const format::BucketPage* const before = page;
                page = index::next_page(space_, *before, bucket_depth, ref, error);
                if (page == nullptr && ref) {
                    page_failed = true;
                    damaged(error);
                }
            }
        };
        constexpr int kTriesMax = 3;   // as for a get: a page may have been judged by its successor's half seal
        auto fault = platform::catch_faults(read_bucket);
        for (int i = 1; i < kTriesMax && !fault && page_failed; ++i) {
            fault = platform::catch_faults(read_bucket);
        }
        epoch::Pins::close(line, shared_->readers);
        if (fault) {
            damaged(fault_error(*fault));
        }
    } catch (const std::bad_alloc&) {
        epoch::Pins::close(line, shared_->readers);
        elements.clear();
        return false;
    }
    std::sort(elements.begin(), elements.end(), [](const Element& a, const Element& b) { return a.hash < b.hash; });
    cursor = range_end(cursor, depth);
    return cursor != 0;
}

void Scan::State::advance() noexcept {
    while (next == elements.size()) {
        if (!more) {
            at_end = true;
            resume = ~std::uint64_t{0};
            return;
        }
        more = core->next_bucket(*line, cursor, elements);
        next = 0;
    }
    current = elements[next].record;
    ++next;
    // Behind the current one; between two of one hash a resumed scan repeats rather than skips.
    resume = next < elements.size() ? elements[next].hash : more ? cursor : ~std::uint64_t{0};
}

Scan::Scan(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Scan::Scan(Scan&&) noexcept = default;
Scan& Scan::operator=(Scan&&) noexcept = default;
Scan::~Scan() = default;

Scan::Iterator Scan::begin() noexcept {
    if (state_ && state_->next == 0 && !state_->at_end) {
        state_->advance();
    }
    return Iterator(this);
}
const Result<Record>& Scan::Iterator::operator*() const noexcept { return scan_->state_->current; }
Scan::Iterator& Scan::Iterator::operator++() noexcept {
    scan_->state_->advance();
    return *this;
}
bool Scan::Iterator::at_end() const noexcept { return !scan_->state_ || scan_->state_->at_end; }
ScanPosition Scan::position() const noexcept { return {state_ ? state_->resume : ~std::uint64_t{0}}; }

// ---- Pin ----

Pin::Pin(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Pin::Pin(Pin&&) noexcept = default;
Pin& Pin::operator=(Pin&&) noexcept = default;
Pin::~Pin() = default;

Lookup Pin::get(ByteView key) const& noexcept {
    if (!state_) {
        return base::fail(Errc::closed, "this pin was moved from");
    }
    return state_->core->view(state_->line, key);
}

void Pin::get_many(std::span<const ByteView> keys, std::span<Lookup> found) const& noexcept {
    if (state_) {
        state_->core->view_many(state_->line, keys, found);
        return;
    }
    std::fill(found.begin(), found.end(), base::fail(Errc::closed, "this pin was moved from"));
}

Scan Pin::scan(ScanPosition from) const& noexcept {
    std::unique_ptr<Scan::State> state(new (std::nothrow) Scan::State);
    if (state && state_) {
        state->core = state_->core.get();
        state->line = &state_->line;
        state->cursor = from.value;
        state->resume = from.value;
    } else if (state) {
        state->at_end = true;
    }
    return Scan(std::move(state));
}

}  // namespace quire
