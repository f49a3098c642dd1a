// SPDX-License-Identifier: MIT
//
// Reading: get, pins and their views. No lock, no system call, no wait.
#include "store/core.h"

#include <algorithm>
#include <new>

#include "base/shared_word.h"
#include "base/try.h"
#include "format/checksum.h"
#include "platform/clock.h"
#include "platform/process.h"
#include "store/pin_state.h"

namespace quire {

using index::Answer;
using index::Found;

namespace {

// A reader that stalled through a checkpoint may hold a reference that was replaced meanwhile, and judge its page by the
// half seal of the page that took its place: only damage that is met again from the root is damage.
constexpr int kTriesMax = 3;

}  // namespace

Error Core::fault_error(const platform::Fault& fault) const noexcept {
    (void)fault.address;
    return {Errc::io, 0, fault.os_code, 0, "a mapped page could not be read or written"};
}

Found Core::find(std::uint64_t hash, index::Bytes key) noexcept {
    Found found;
    for (int i = 0; i < kTriesMax; ++i) {
        // ORDER(link): seq_cst - the root after the pin; pairs with Intent::run().
        const format::PageRef root{base::load_seq_cst(shared_->readers.root)};
        found = index::find(space_, root, hash, key, options_.verify_reads);
        if (found.answer != Answer::failed) [[likely]] {
            break;
        }
    }
    return found;
}

// K7: after a failed flush a page younger than the durable label may be lost from the cache at any time.
Result<void> Core::believable(std::uint64_t hash) noexcept {
    // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
    format::PageRef ref{base::load_seq_cst(shared_->readers.root)};
    // ORDER(publish): acquire - its pages are sealed and durable; pairs with the release in publish().
    const std::uint64_t durable = base::load_acquire(shared_->readers.published_label);
    space::Parent parent;
    for (;;) {
        const auto* const page = extents_->as<format::PageHeader>(ref.page());
        Error error;
        if (page == nullptr || page->born > durable) {
            return base::fail(Errc::poisoned, "a flush failed: this part of the store may not have reached the device");
        }
        if (ref.level() == 0) {
            return {};
        }
        if (!index::step_down(space_, ref, parent, hash, error)) {
            return std::unexpected(error);
        }
    }
}

Result<bool> Core::get(ByteView key, std::string* value) noexcept {
    QUIRE_TRY(enter());
    const index::Bytes bytes = key.bytes();
    const std::uint64_t hash = format::key_hash(bytes, space_.hash_seed);
    QUIRE_TRY_AS(runtime::PinLine* const line, pins_->claim());
    Found found;
    bool out_of_memory = false;
    Result<void> believed;
    const auto fault = platform::catch_faults([&]() noexcept {
        found = find(hash, bytes);
        if (base::load_relaxed(shared_->durable.poison) != 0) [[unlikely]] {
            believed = believable(hash);
        }
        if (found.answer == Answer::found && value != nullptr) {
            try {
                value->assign(reinterpret_cast<const char*>(found.record.value().data()), found.record.value().size());
            } catch (const std::bad_alloc&) {
                out_of_memory = true;
            }
        }
    });
    epoch::Pins::release(*line);
    if (fault) [[unlikely]] {
        return std::unexpected(fault_error(*fault));
    }
    QUIRE_TRY(believed);
    if (found.answer == Answer::failed) [[unlikely]] {
        return std::unexpected(found.error);
    }
    if (out_of_memory) [[unlikely]] {
        return base::fail(Errc::out_of_memory, "no memory for the value");
    }
    if (attachment_ && !attachment_->mine()) [[unlikely]] {
        return base::fail(Errc::displaced, "this process lost its locks on the store");
    }
    return found.answer == Answer::found;
}

Result<Pin> Core::pin() noexcept {
    QUIRE_TRY(enter());
    QUIRE_TRY_AS(runtime::PinLine* const line, pins_->claim());
    base::store_relaxed(line->started, static_cast<std::uint64_t>(platform::now().count()));
    epoch::Pins::close(*line, shared_->readers);
    auto state = std::unique_ptr<Pin::State>(new (std::nothrow) Pin::State(shared_from_this(), *line));
    if (state == nullptr) {
        epoch::Pins::release(*line);
        return base::fail(Errc::out_of_memory, "no memory for a pin");
    }
    pin_count_.fetch_add(1);
    return Pin(std::move(state));
}

void Core::unpin(runtime::PinLine& line) noexcept {
    if (state_ != State::inherited && !platform::forked()) {   // the line is not mapped in a forked child
        epoch::Pins::release(line);
    }
    pin_count_.fetch_sub(1);
}

Lookup Core::view(runtime::PinLine& line, ByteView key) noexcept {
    Lookup lookup;
    view_many(line, {&key, 1}, {&lookup, 1});
    return lookup;
}

// Stages of 64: hash and prefetch the bucket's line; match and prefetch the record; compare.
void Core::view_many(runtime::PinLine& line, std::span<const ByteView> keys, std::span<Lookup> found) noexcept {
    if (const auto entered = enter(); !entered) {
        std::fill(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(keys.size()), std::unexpected(entered.error()));
        return;
    }
    constexpr std::size_t kStage = 64;
    epoch::Pins::open(line);
    const auto fault = platform::catch_faults([&]() noexcept {
        for (std::size_t begin = 0; begin < keys.size(); begin += kStage) {
            const std::size_t count = std::min(kStage, keys.size() - begin);
            std::uint64_t hashes[kStage];
            if (count > 1) {
                index::Walked walked[kStage];
                // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
                const format::PageRef root{base::load_seq_cst(shared_->readers.root)};
                for (std::size_t i = 0; i < count; ++i) {
                    hashes[i] = format::key_hash(keys[begin + i].bytes(), space_.hash_seed);
                    walked[i] = index::walk_ahead(space_, root, hashes[i]);
                }
                for (std::size_t i = 0; i < count; ++i) {
                    index::prefetch_record(space_, walked[i], hashes[i]);
                }
            } else {
                hashes[0] = format::key_hash(keys[begin].bytes(), space_.hash_seed);
            }
            for (std::size_t i = 0; i < count; ++i) {
                const Found one = find(hashes[i], keys[begin + i].bytes());
                Lookup& into = found[begin + i];
                if (one.answer == Answer::found) {
                    const auto value = one.record.value();
                    into = ByteView(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
                } else if (one.answer == Answer::absent) {
                    into = std::optional<ByteView>{};
                } else {
                    into = std::unexpected(one.error);
                }
                if (base::load_relaxed(shared_->durable.poison) != 0) [[unlikely]] {
                    if (const auto believed = believable(hashes[i]); !believed) {
                        into = std::unexpected(believed.error());
                    }
                }
            }
        }
    });
    epoch::Pins::close(line, shared_->readers);
    Error lost{};
    if (fault) [[unlikely]] {
        lost = fault_error(*fault);
    } else if (attachment_ && !attachment_->mine()) [[unlikely]] {
        lost = {Errc::displaced, 0, 0, 0, "this process lost its locks on the store"};
    } else {
        return;
    }
    std::fill(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(keys.size()), std::unexpected(lost));
}

}  // namespace quire
