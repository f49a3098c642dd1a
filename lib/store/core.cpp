// SPDX-License-Identifier: MIT
//
// Opening and closing: file, extents, attachment and floors, and the registry that gives one Core to a file and process.
#include "store/core.h"

#include <algorithm>
#include <map>
#include <new>

#include "base/shared_word.h"
#include "base/try.h"
#include "platform/process.h"
#include "platform/volume.h"
#include "recovery/format_store.h"
#include "recovery/recover.h"
#include "runtime/layout.h"

namespace quire {

namespace {

struct Registry {
    std::mutex mutex;   // held across the whole of an open and of a last close
    struct Entry {
        std::weak_ptr<Core> handles;   // counts handles
        std::weak_ptr<Core> core;      // counts pins and the handles' one share
    };
    std::map<platform::FileId, Entry> cores;
};

// A pointer whose use count is that of handles: it shares a box that holds the Core.
std::shared_ptr<Core> in_a_box(std::shared_ptr<Core> core) {
    const auto box = std::make_shared<std::shared_ptr<Core>>(std::move(core));
    return {box, box->get()};
}

Registry& registry() noexcept {
    static Registry* const one = new Registry;   // never destroyed: stores may close during exit
    return *one;
}

Result<void> check_options(const Options& options) noexcept {
    if (options.lock_wait.count() < 0 || options.checkpoint_interval.count() < 0) {
        return base::fail(Errc::invalid_argument, "a negative time");
    }
    return {};
}

}  // namespace

Store Core::handle(std::shared_ptr<Core> core) noexcept {
    Store store;
    store.core_ = std::move(core);
    return store;
}

Result<std::shared_ptr<Core>> Core::open(std::string_view path, const Options& options,
                                         const store::Tuning& tuning) noexcept {
    try {
        QUIRE_TRY(check_options(options));
        if (path.empty()) {
            return base::fail(Errc::invalid_argument, "an empty path");
        }
        static const bool prepared = [] {
            platform::on_fork([]() noexcept { registry().mutex.lock(); }, []() noexcept { registry().mutex.unlock(); },
                              []() noexcept {
                                  give_up_inherited();
                                  registry().mutex.unlock();
                              });
            return true;
        }();
        (void)prepared;
        const std::lock_guard lock(registry().mutex);
        if (platform::forked()) {
            give_up_inherited();
            platform::restart_in_child();
        }
        if (const auto id = platform::id_of(path)) {
            const auto known = registry().cores.find(*id);
            if (known != registry().cores.end()) {
                if (auto core = known->second.core.lock(); core && core->state_ == State::open) {
                    if (options.access == Access::create_new) {
                        return base::fail(Errc::already_exists, "a store is there already");
                    }
                    if (options.access != Access::read_only && !core->writable_) {
                        return base::fail(Errc::in_use, "this process has the store open read-only");
                    }
                    auto shared = known->second.handles.lock();
                    if (!shared) {   // only pins are left of it
                        shared = in_a_box(core);
                        known->second.handles = shared;
                    }
                    return shared;
                }
            }
        }
        std::shared_ptr<Core> core(new Core);
        core->options_ = options;
        core->path_ = path;
        core->writable_ = options.access != Access::read_only;
        if (options.catch_faults) {
            platform::install_fault_handler();
        }
        QUIRE_TRY(core->open_file(path, tuning));
        QUIRE_TRY(core->attach());
        core->registered_as_ = core->file_.id();
        auto shared = in_a_box(core);
        registry().cores[core->registered_as_] = {shared, core};
        return shared;
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to open the store");
    }
}

Result<void> Core::open_file(std::string_view path, const store::Tuning& tuning) noexcept {
    const platform::OpenMode mode = writable_ ? platform::OpenMode::read_write : platform::OpenMode::read;
    const bool may_create = options_.access == Access::create || options_.access == Access::create_new;
    if (options_.access == Access::create_new && platform::id_of(path)) {
        return base::fail(Errc::already_exists, "a file of that name exists");
    }
    auto opened = platform::File::open(path, mode);
    if (!opened && opened.error().code == Errc::not_found && may_create) {
        auto made = recovery::format_store(path, tuning.geometry);
        if (!made && !(made.error().code == Errc::already_exists && options_.access == Access::create)) {
            return made;
        }
        opened = platform::File::open(path, mode);
    }
    if (!opened) {
        return std::unexpected(opened.error());
    }
    file_ = *std::move(opened);
    QUIRE_TRY_AS(const platform::VolumeTraits volume, platform::volume_traits(file_));
    if (volume.remote) {
        return base::fail(Errc::unsupported_volume, "a network volume: its mappings and locks are not coherent");
    }
    QUIRE_TRY_AS(identity_, recovery::read_identity(file_));
    QUIRE_TRY(format::check_features(identity_, writable_));
    const format::Geometry& geometry = identity_.geometry;
    space_.probe_pages = volume.copy_on_write;
    // Limits scale down where extents are small; the longest key and the longest value fit one frame together.
    key_bytes_max_ = std::min<std::uint64_t>(kKeyBytesMax, geometry.run_bytes_max() / 8);
    value_bytes_max_ = std::min<std::uint64_t>(kValueBytesMax, geometry.run_bytes_max() - key_bytes_max_ - 512);
    frame_bytes_max_ = std::min<std::uint64_t>(kBatchBytesMax, geometry.run_bytes_max() - 256);
    if (writable_) {
        QUIRE_TRY_AS(second_, file_.reopen());
    }
    const platform::ViewMode view = writable_ ? platform::ViewMode::read_write : platform::ViewMode::read;
    extents_ = std::make_unique<space::Extents>(file_, geometry, view);
    if (writable_) {
        flush_extents_ = std::make_unique<space::Extents>(second_, geometry, view);
    }
    return {};
}

void Core::put_floors_together(runtime::RuntimeFile& runtime) noexcept {
    shared_ = &runtime.shared();
    space_.geometry = identity_.geometry;
    space_.store_word = format::store_word(identity_);
    space_.hash_seed = identity_.hash_seed;
    space_.file = &file_;
    space_.extents = extents_.get();
    space_.runtime = &runtime;
    space_.shared = shared_;
    space_.counters = &counters_;
    space_.size_bytes_max = identity_.geometry.file_bytes_max();
    if (options_.size_bytes_max != 0) {
        space_.size_bytes_max = std::min(space_.size_bytes_max, options_.size_bytes_max);
    }
    editor_.emplace(space_);
    log_.emplace(space_);
    applier_.emplace(space_, *editor_, *log_);
    pins_.emplace(runtime, attachment_.get());
    if (attachment_ && writable_) {
        writer_.emplace(*attachment_, shared_->writer, true);
    }
}

Result<void> Core::attach() noexcept {
    runtime::AttachRequest request;
    request.path = path_;
    request.name = {file_.id(), identity_.uuid};
    request.patience = options_.lock_wait;
    request.only_if_others = !writable_;
    auto attached = runtime::Attachment::attach(request);
    if (!writable_ && !attached && (attached.error().code == Errc::access_denied || attached.error().code == Errc::unsupported_volume)) {
        return join_without_block();
    }
    if (!attached) {
        return std::unexpected(attached.error());
    }
    if (!(*attached)->attached()) {
        return join_without_block();
    }
    attachment_ = *std::move(attached);
    QUIRE_TRY_AS(const std::uint64_t size, file_.size());
    if (!attachment_->first()) {
        put_floors_together(attachment_->runtime());
        // ORDER(growth): acquire - the file is that long; pairs with the release in grow_to().
        const std::uint64_t end = base::load_acquire(shared_->places.file_bytes);
        if (size < end) {
            return base::fail(Errc::truncated, "shorter than its attached processes say", size);
        }
        extents_->raise_end(end);
        extents_->ask_end_from(&shared_->places.file_bytes);
        if (flush_extents_) {
            flush_extents_->raise_end(end);
            flush_extents_->ask_end_from(&shared_->places.file_bytes);
        }
        return {};
    }
    // First: metas are read under OPEN, where nobody else can store one.
    const auto recovered = [&]() -> Result<void> {
        QUIRE_TRY_AS(const format::ChosenMeta chosen, recovery::read_metas(file_, identity_));
        put_floors_together(attachment_->runtime());
        extents_->raise_end(size);
        return recover(chosen);
    }();
    if (!recovered) {
        attachment_->give_up_open();
        attachment_.reset();
        return recovered;
    }
    extents_->ask_end_from(&shared_->places.file_bytes);
    // ORDER(growth): acquire - the file is that long; pairs with the release in grow_to().
    flush_extents_->raise_end(base::load_acquire(shared_->places.file_bytes));
    flush_extents_->ask_end_from(&shared_->places.file_bytes);
    attachment_->opened();
    return {};
}

Result<void> Core::recover(const format::ChosenMeta& chosen) noexcept {
    Result<std::uint64_t> records = 0;
    const auto replay = [&] { records = recovery::recover(space_, chosen, *applier_); };
    if (const auto fault = platform::catch_faults(replay)) {
        return std::unexpected(fault_error(*fault));
    }
    if (!records) {
        return std::unexpected(records.error());
    }
    if (*records > 0) {
        wrote_ = true;   // a checkpoint at close saves the next opening the replay
        tell(Event::Kind::recovered, {}, *records);
    }
    return {};
}

void Core::tell(Event::Kind kind, Error error, std::uint64_t count) const noexcept {
    if (options_.on_event) {
        try {
            options_.on_event({kind, error, count});
        } catch (...) {   // a callback's exception is not ours to pass on
            return;
        }
    }
}

Result<void> Core::enter() noexcept {
    const State state = state_.load(std::memory_order_relaxed);
    if (state == State::closed) [[unlikely]] {
        return base::fail(Errc::closed, "the store was closed");
    }
    if (state == State::inherited || platform::forked()) [[unlikely]] {
        return base::fail(Errc::forked, "opened before fork(): open the store again in this process");
    }
    if (attachment_) [[likely]] {
        return {};
    }
    const std::lock_guard lock(refresh_mutex_);
    return refresh();
}

// ---- closing ----

Result<void> Core::close(std::shared_ptr<Core>& handle) noexcept {
    if (!handle) {
        return base::fail(Errc::closed, "this handle holds no store");
    }
    const std::lock_guard lock(registry().mutex);
    if (handle.use_count() > 1) {
        handle.reset();   // other handles go on
        return {};
    }
    if (handle->pin_count_ > 0) {
        return base::fail(Errc::in_use, "pins or snapshots of this store are still held");
    }
    const auto done = handle->shut_down();
    registry().cores.erase(handle->registered_as_);
    handle.reset();
    return done;
}

// The views of an inherited store do not exist in the child, and where they were something else may lie by now: what would
// unmap them is left alone.
void Core::give_up_inherited() noexcept {
    for (auto& [id, entry] : registry().cores) {
        if (const auto core = entry.core.lock()) {
            core->state_ = State::inherited;
            if (core->attachment_) {
                core->attachment_->abandon_in_child();
            }
            if (core->label_locks_) {
                core->label_locks_->abandon_in_child();
            }
        }
    }
    registry().cores.clear();
}

Core::~Core() {
    if (state_ == State::inherited) {
        (void)extents_.release();
        (void)flush_extents_.release();
    } else if (shared_ != nullptr) {
        (void)shut_down();
    }
}

Result<void> Core::shut_down() noexcept {
    State open = State::open;
    if (!state_.compare_exchange_strong(open, State::closed) || !attachment_ || platform::forked()) {
        return {};
    }
    return leave();
}

// The last handle of a writing process checkpoints if the log has grown, before it takes OPEN; the last closer of all
// notes under OPEN that the log ends here.
Result<void> Core::leave() noexcept {
    Result<void> done;
    // ORDER(poison): acquire - an error that another flusher was told of counts here too; pairs with poison().
    const bool poisoned = base::load_acquire(shared_->durable.poison) != 0;
    if (writable_ && !poisoned && wrote_ && log_bytes() > 0) {
        done = checkpoint_once(0, false);
    }
    auto last = attachment_->begin_leaving(options_.lock_wait);
    if (!last) {
        attachment_.reset();
        return done ? std::unexpected(last.error()) : done;
    }
    if (*last && writable_ && !poisoned && done) {
        const format::Meta* const meta = extents_->as<format::Meta>(
            identity_.geometry.meta_at(static_cast<unsigned>(shared_->checkpoints.published_slot)));
        if (meta != nullptr && (log_bytes() > 0 || (meta->flags & format::kMetaLogEnds) == 0)) {
            done = checkpoint_once(format::kMetaLogEnds, false);
        }
    }
    attachment_->finish_leaving(*last);
    attachment_.reset();
    return done;
}

}  // namespace quire
