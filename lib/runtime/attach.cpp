// SPDX-License-Identifier: MIT
//
// How processes come and go: OPEN, WORLD, LIVE, blocks, burials. Over 400 lines, because both sides of each rule about
// a LIVE byte (who takes it, what its holder may do, who lets it go) belong before one pair of eyes.
// Long because joining, leaving and burying are one protocol over the same bytes.
#include "runtime/attach.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "base/shared_word.h"
#include "base/try.h"
#include "platform/process.h"
#include "platform/view.h"

namespace quire::runtime {

using namespace std::chrono_literals;
using platform::Deadline;
using platform::LockMode;
using platform::Nanoseconds;

namespace {

constexpr Nanoseconds kAddingPatience = 1s;   // another process needs microseconds between LIVE and the raised count

// Sleeps of 1, 2, 4, 8, 10, 10 … ms, the last of them up to the deadline.
class Backoff {
public:
    // False: the deadline has passed.
    bool wait(Deadline deadline) noexcept {
        if (deadline.passed()) {
            return false;
        }
        platform::sleep_for(std::min(next_, deadline.left()));
        next_ = std::min<Nanoseconds>(2 * next_, 10ms);
        return true;
    }

private:
    Nanoseconds next_ = 1ms;
};

std::string hex_of(const StoreName& name) {
    std::string text;
    const auto append = [&text](std::uint8_t byte) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    };
    for (int shift = 56; shift >= 0; shift -= 8) {
        append(static_cast<std::uint8_t>(name.file.volume >> shift));
    }
    std::ranges::for_each(name.file.file, append);
    std::ranges::for_each(name.uuid, append);
    return text;
}

// A file that was removed keeps its name while somebody has it mapped, on systems that also refuse views past the end.
bool may_be_still_mapped(const Error& error) noexcept {
    return !platform::maps_past_end() && (error.code == Errc::access_denied || error.code == Errc::already_exists ||
                                          error.code == Errc::io);
}

BlockState state_of(const Block& page) noexcept {
    // Only who holds the block's LIVE byte may believe it; for others it is a hint.
    return static_cast<BlockState>(base::load_relaxed(page.header.state));
}

void clear_pins(Block& page) noexcept {
    for (PinLine& line : page.pins) {
        base::store_relaxed(line.started, std::uint64_t{0});
        // ORDER(unpin): release - in the order of a reader's end of pin, after all that its owner loaded; pairs with the
        // acquires of the scan for pins.
        base::store_release(line.until, std::uint64_t{0});
        base::store_release(line.since, std::uint64_t{0});
    }
    base::store_release(page.header.waiters, 0u);
}

}  // namespace

std::uint64_t world_byte(std::string_view lock_kind) noexcept {
    std::uint32_t hash = 0x811c9dc5u;   // FNV-1a, 32 bits: all versions must agree (format-spec/07)
    const auto add = [&hash](std::uint32_t byte) { hash = (hash ^ (byte & 0xff)) * 0x01000193u; };
    for (const char c : lock_kind) {
        add(static_cast<unsigned char>(c));
    }
    for (unsigned shift = 0; shift < 32; shift += 8) {
        add(kRuntimeLayout >> shift);
    }
    add(sizeof(void*));
    return kWorldBase + hash;
}

// ---- coming ----

Result<std::unique_ptr<Attachment>> Attachment::attach(const AttachRequest& request) noexcept try {
    std::unique_ptr<Attachment> joining(new Attachment);
    if (const auto entered = joining->enter(request); !entered) {
        if (joining->first_ && joining->runtime_) {
            joining->runtime_->remove();
        }
        return std::unexpected(entered.error());
    }
    return joining;
} catch (const std::bad_alloc&) {
    return base::fail(Errc::out_of_memory, "no memory to attach to a store");
}

Result<void> Attachment::enter(const AttachRequest& request) {
    const Deadline deadline = Deadline::in(request.patience);
    path_ = request.path;
    name_ = request.name;
    QUIRE_TRY_AS(locks_, LockTable::open(path_, true));
    if (!locks_->still_is(name_.file)) {
        return base::fail(Errc::displaced, "another file took this path while it was opened");
    }
    QUIRE_TRY_AS(queue_, platform::WriterQueue::open(hex_of(name_)));
    world_byte_ = world_byte(queue_.kind());

    QUIRE_TRY(take_open(deadline));
    QUIRE_TRY(refuse_other_worlds(deadline));
    QUIRE_TRY_AS(const bool others, locks_->held_elsewhere(kLiveBase, kLiveBytes));
    if (!others && request.only_if_others) {
        locks_->unlock(kOpenByte);
        return {};
    }
    QUIRE_TRY_AS(const bool in_world, locks_->try_lock(world_byte_, LockMode::shared));
    if (!in_world) {
        return base::fail(Errc::incompatible_opener, "another program holds our lock byte for itself");
    }
    first_ = !others;
    QUIRE_TRY(open_runtime(deadline));
    QUIRE_TRY(take_block(deadline));
    if (!first_) {
        locks_->unlock(kOpenByte);
    }
    return {};
}

Result<void> Attachment::take_open(Deadline deadline) noexcept {
    for (Backoff backoff;;) {
        QUIRE_TRY_AS(const bool taken, locks_->try_lock(kOpenByte, LockMode::exclusive));
        if (taken) {
            return {};
        }
        if (!backoff.wait(deadline)) {
            return base::fail(Errc::busy, "another process is opening or closing this store");
        }
    }
}

Result<void> Attachment::refuse_other_worlds(Deadline deadline) noexcept {
    for (Backoff backoff;;) {
        QUIRE_TRY_AS(bool foreign, locks_->held_elsewhere(kWorldBase, world_byte_ - kWorldBase));
        if (!foreign) {
            QUIRE_TRY_AS(foreign, locks_->held_elsewhere(world_byte_ + 1, kWorldBase + kWorlds - world_byte_ - 1));
        }
        if (!foreign) {
            return {};
        }
        QUIRE_TRY_AS(const bool live, locks_->held_elsewhere(kLiveBase, kLiveBytes));
        if (live || !backoff.wait(deadline)) {   // WORLD without LIVE: a dead process whose locks go one by one
            return base::fail(Errc::incompatible_opener, "open elsewhere under locks or a layout that differ from ours");
        }
    }
}

Result<void> Attachment::open_runtime(Deadline deadline) noexcept {
    for (Backoff backoff;;) {
        auto opened = first_ ? RuntimeFile::create(path_, name_) : RuntimeFile::join(path_, name_);
        if (opened) {
            runtime_ = *std::move(opened);
            return {};
        }
        if (!may_be_still_mapped(opened.error())) {
            return std::unexpected(opened.error());
        }
        if (!backoff.wait(deadline)) {
            return base::fail(Errc::busy, "the runtime file of an earlier opener is still in use", 0,
                              opened.error().os_code);
        }
    }
}

void Attachment::opened() noexcept {
    locks_->unlock(kOpenByte);
}

void Attachment::give_up_open() noexcept {
    finish_leaving(true);   // OPEN was held throughout: nobody has joined
}

// ---- blocks ----

Result<std::uint32_t> Attachment::add_block() noexcept {
    const std::lock_guard alone(adding_);
    if (own_block_count() == blocks_.size()) {
        return base::fail(Errc::out_of_memory, "too many pins in one process");
    }
    return take_block(Deadline::in(kAddingPatience));
}

// A block that was given back or, if there is none, a new one behind the last. Buries whom it finds dead on the way.
Result<std::uint32_t> Attachment::take_block(Deadline deadline) noexcept {
    for (Backoff backoff;;) {
        // ORDER(blocks): seq_cst - blocks below the count exist; pairs with the store in settle().
        const std::uint32_t count = base::load_seq_cst(runtime_->shared().sequence.block_count);
        for (std::uint32_t block = 0; block < count; ++block) {
            QUIRE_TRY_AS(const bool taken, reuse_block(block));
            if (taken) {
                return block;
            }
        }
        if (count == kBlocksMax) {
            return base::fail(Errc::out_of_memory, "no block is left: too many processes and pins, or too many deaths");
        }
        QUIRE_TRY_AS(const bool appended, append_block(count));
        if (appended) {
            return count;
        }
        if (!backoff.wait(deadline)) {   // skipping it instead would count a block that nobody has cleared yet
            return base::fail(Errc::busy, "another process is adding a block to this store");
        }
    }
}

// False: its owner lives.
Result<bool> Attachment::take_live(std::uint32_t block) noexcept {
    QUIRE_TRY_AS(const bool taken, locks_->try_lock(live_byte(block), LockMode::exclusive));
    if (taken && !locks_->still_is(name_.file)) {   // a lock on whatever took our descriptor's number proves nothing
        locks_->unlock(live_byte(block));
        return base::fail(Errc::displaced, "the descriptor of the lock bytes was closed");
    }
    return taken;
}

Result<bool> Attachment::reuse_block(std::uint32_t block) noexcept {
    const Block& page = runtime_->block(block);
    if (state_of(page) == BlockState::owned) {
        (void)try_bury(block);
        return false;
    }
    if (state_of(page) == BlockState::buried) {
        return false;
    }
    QUIRE_TRY_AS(const bool taken, take_live(block));
    if (!taken) {
        return false;
    }
    if (state_of(page) != BlockState::free) {
        locks_->unlock(live_byte(block));
        return false;
    }
    settle(block);
    return true;
}

Result<bool> Attachment::append_block(std::uint32_t block) noexcept {
    QUIRE_TRY_AS(const bool taken, take_live(block));
    if (!taken) {
        return false;
    }
    const bool still_next = base::load_seq_cst(runtime_->shared().sequence.block_count) == block;   // ORDER(blocks)
    const Result<void> made = still_next ? runtime_->allocate_block(block) : Result<void>{};
    if (!still_next || !made) {
        locks_->unlock(live_byte(block));
    }
    QUIRE_TRY(made);
    if (still_next) {
        settle(block);
    }
    return still_next;
}

// LIVE+block held, and the block is free.
void Attachment::settle(std::uint32_t block) noexcept {
    BlockHeader& header = runtime_->block(block).header;
    // ORDER(generation): seq_cst - an earlier tenant that still thinks to be one is displaced; pairs with mine().
    const std::uint32_t generation = base::add_seq_cst(header.generation, 1u) + 1;
    base::store_relaxed(header.pid, platform::process_id());
    base::store_relaxed(header.start_time, platform::process_start_time());
    base::store_relaxed(header.snapshot_lag_bytes_max, ~std::uint64_t{0});
    base::store_relaxed(header.log_bytes_max, ~std::uint64_t{0});
    base::store_relaxed(header.state, static_cast<std::uint32_t>(BlockState::owned));
    std::uint32_t& count = runtime_->shared().sequence.block_count;
    if (block == base::load_relaxed(count)) {   // ours alone to raise: it takes the LIVE byte of this block
        // ORDER(blocks): seq_cst - before the first pin in the block; pairs with the fence and load of the scan for pins,
        // and with the loads here and in bury_dead().
        base::store_seq_cst(count, block + 1);
    }
    const std::uint32_t own = own_count_.load(std::memory_order_relaxed);
    blocks_[own] = {block, generation};
    // ORDER(own): release - the entry above; pairs with the acquire in own_block_count().
    own_count_.store(own + 1, std::memory_order_release);
}

bool Attachment::mine() const noexcept {
    if (abandoned_ || platform::forked()) {
        return false;
    }
    const std::uint32_t count = own_block_count();
    for (std::uint32_t i = 0; i < count; ++i) {
        // ORDER(generation): seq_cst - unchanged means not buried so far; pairs with the raises in bury() and settle().
        if (base::load_seq_cst(runtime_->block(blocks_[i].number).header.generation) != blocks_[i].generation) {
            return false;
        }
    }
    return true;
}

// ---- the dead ----

bool Attachment::try_bury(std::uint32_t block) noexcept {
    const std::lock_guard alone(reaping_);   // two threads of ours would both be granted the byte
    // ORDER(blocks): seq_cst - blocks below the count exist; pairs with the store in settle().
    if (!runtime_ || block >= base::load_seq_cst(runtime_->shared().sequence.block_count)) {
        return false;
    }
    const Result<bool> taken = take_live(block);   // any error counts as alive
    if (!taken || !*taken) {
        return false;
    }
    const bool buries = state_of(runtime_->block(block)) != BlockState::free;
    if (buries) {
        bury(block);
    }
    locks_->unlock(live_byte(block));
    return buries;
}

std::uint32_t Attachment::bury_dead() noexcept {
    std::uint32_t buried = 0;
    // ORDER(blocks): seq_cst - blocks below the count exist; pairs with the store in settle().
    const std::uint32_t count = runtime_ ? base::load_seq_cst(runtime_->shared().sequence.block_count) : 0;
    for (std::uint32_t block = 0; block < count; ++block) {
        if (state_of(runtime_->block(block)) == BlockState::owned && try_bury(block)) {
            ++buried;
        }
    }
    return buried;
}

// LIVE+block held. Whoever dies in here leaves `owned`, and the next reaper begins again. A block is buried once more if
// a word still names it: one who is buried alive may claim, and die before it looks at its generation.
void Attachment::bury(std::uint32_t block) noexcept {
    Block& page = runtime_->block(block);
    // ORDER(generation): seq_cst - first, so that one who is buried alive does not get in again; pairs with mine().
    base::add_seq_cst(page.header.generation, 1u);
    clear_pins(page);
    Shared& shared = runtime_->shared();
    for (std::uint32_t* const word : {&shared.writer.word, &shared.flusher.word}) {
        std::uint32_t seen = base::load_relaxed(*word);
        while (owner_of(seen) == word_naming(block)) {
            // ORDER(bury): acq_rel - hands on what the dead one stored; pairs with the acquire in WriterWord::try_claim().
            if (base::swap_acq_rel(*word, seen, kOrphan | (seen & kWaiters))) {
                queue_.wake_one(*word);
                break;
            }
        }
    }
    base::store_relaxed(page.header.state, static_cast<std::uint32_t>(BlockState::buried));
}

// ---- going ----

Result<bool> Attachment::begin_leaving(Nanoseconds patience) noexcept {
    QUIRE_TRY(take_open(Deadline::in(patience)));
    const Result<bool> others = locks_->held_elsewhere(kLiveBase, kLiveBytes);
    if (!others) {
        locks_->unlock(kOpenByte);
        return others;
    }
    return !*others;
}

void Attachment::finish_leaving(bool last) noexcept {
    const std::uint32_t count = own_block_count();
    for (std::uint32_t i = 0; i < count; ++i) {
        give_back(blocks_[i].number);
    }
    if (runtime_ && last) {
        runtime_->remove();
    }
    runtime_.reset();   // before LIVE: a first opener on Windows cannot remove what is mapped
    own_count_.store(0, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < count; ++i) {
        locks_->unlock(live_byte(blocks_[i].number));
    }
    locks_->unlock(world_byte_);
    locks_->unlock(kOpenByte);
}

void Attachment::give_back(std::uint32_t block) noexcept {
    Block& page = runtime_->block(block);
    clear_pins(page);
    // By exchange, for one who has lost its LIVE byte without knowing: what a reaper has marked stays buried.
    std::uint32_t owned = static_cast<std::uint32_t>(BlockState::owned);
    (void)base::swap_relaxed(page.header.state, owned, static_cast<std::uint32_t>(BlockState::free));
}

void Attachment::abandon_in_child() noexcept {
    abandoned_ = true;
    if (locks_) {
        locks_->abandon_in_child();
    }
}

Attachment::~Attachment() {
    if (abandoned_ || platform::forked()) {
        (void)locks_.release();     // its mutex and table are as some other thread left them
        (void)runtime_.release();   // its views did not come along: other memory may lie there now
    }
}

}  // namespace quire::runtime
