// SPDX-License-Identifier: MIT
//
// The public verbs, handed to the core.
#include <quire/store.h>

#include <quire/check.h>

#include "base/try.h"
#include "store/core.h"
#include "store/tuning.h"

namespace quire {

namespace {

std::unexpected<Error> no_store() noexcept { return base::fail(Errc::closed, "this handle holds no store"); }

}  // namespace

namespace store {

Result<Store> open_with(std::string_view path, const Options& options, const Tuning& tuning) noexcept {
    QUIRE_TRY_AS(auto core, Core::open(path, options, tuning));
    return Core::handle(std::move(core));
}

Counters counters(const Store& store) noexcept {
    const auto& core = Core::of(store);
    return core ? core->counters() : Counters{};
}

}  // namespace store

Result<Store> Store::open(std::string_view path, const Options& options) noexcept {
    return store::open_with(path, options, {});
}

Result<Store> Store::open(std::u8string_view path, const Options& options) noexcept {
    return open(std::string_view(reinterpret_cast<const char*>(path.data()), path.size()), options);
}

Result<void> Store::close() noexcept { return Core::close(core_); }

Result<std::optional<std::string>> Store::get(ByteView key) const noexcept {
    std::string value;
    QUIRE_TRY_AS(const bool found, get(key, value));
    return found ? std::optional(std::move(value)) : std::nullopt;
}

Result<bool> Store::get(ByteView key, std::string& value) const noexcept {
    if (!core_) [[unlikely]] {
        return no_store();
    }
    auto found = core_->get(key, &value);
    if (!found || !*found) {
        value.clear();
    }
    return found;
}

Result<bool> Store::contains(ByteView key) const noexcept { return core_ ? core_->get(key, nullptr) : no_store(); }
Result<Pin> Store::pin() const noexcept { return core_ ? core_->pin() : no_store(); }

Result<void> Store::put(ByteView key, ByteView value) noexcept {
    if (!core_) [[unlikely]] {
        return no_store();
    }
    QUIRE_TRY(core_->write(Core::Verb::put, key, value));
    return {};
}

Result<bool> Store::erase(ByteView key) noexcept { return core_ ? core_->write(Core::Verb::erase, key, {}) : no_store(); }
Result<bool> Store::insert(ByteView key, ByteView value) noexcept {
    return core_ ? core_->write(Core::Verb::insert, key, value) : no_store();
}

Result<Lsn> Store::commit(const Batch& batch) noexcept {
    return core_ ? core_->commit(batch, core_->options().durability) : no_store();
}
Result<Lsn> Store::commit(const Batch& batch, Durability durability) noexcept {
    return core_ ? core_->commit(batch, durability) : no_store();
}

Result<void> Store::sync() noexcept { return core_ ? core_->sync() : no_store(); }
Result<void> Store::checkpoint() noexcept { return core_ ? core_->checkpoint() : no_store(); }

Result<std::uint64_t> Store::count() const noexcept {
    if (!core_) {
        return no_store();
    }
    QUIRE_TRY_AS(const format::Ledger ledger, core_->ledger());
    return ledger.records;
}

Result<Digest> Store::digest() const noexcept {
    if (!core_) {
        return no_store();
    }
    QUIRE_TRY_AS(const format::Ledger ledger, core_->ledger());
    return Digest{{ledger.digest[0], ledger.digest[1]}};
}

Result<Stats> Store::stats() const noexcept { return core_ ? core_->stats() : no_store(); }
Result<CheckReport> Store::check(const CheckOptions& options) const noexcept {
    return core_ ? core_->check(options) : no_store();
}
Result<Lsn> Store::position() const noexcept { return core_ ? core_->position() : no_store(); }

}  // namespace quire
