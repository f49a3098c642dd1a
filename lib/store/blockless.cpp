// SPDX-License-Identifier: MIT
//
// A reader without a block: it reads the newest checkpoint under its LABEL byte, and moves on when there is a newer one.
#include <new>

#include "base/try.h"
#include "recovery/recover.h"
#include "runtime/layout.h"
#include "store/core.h"

namespace quire {

Result<void> Core::join_without_block() noexcept {
    try {
        QUIRE_TRY_AS(private_runtime_, runtime::RuntimeFile::in_memory({file_.id(), identity_.uuid}));
        QUIRE_TRY_AS(label_locks_, runtime::LockTable::open(path_, false));
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to open the store");
    }
    put_floors_together(*private_runtime_);
    const std::lock_guard lock(refresh_mutex_);
    QUIRE_TRY(refresh());
    QUIRE_TRY_AS(const bool somebody, label_locks_->held_elsewhere(runtime::kLiveBase, runtime::kLiveBytes));
    QUIRE_TRY_AS(const format::ChosenMeta chosen, recovery::read_metas(file_, identity_));
    if (!somebody && (chosen.meta.flags & format::kMetaLogEnds) == 0) {
        return base::fail(Errc::read_only, "it was not closed cleanly: open it for writing once, which recovers it");
    }
    return {};
}

// E3: takes the label of a meta, reads the metas again, goes on if the label is still in one of them.
Result<void> Core::refresh() noexcept {
    for (;;) {
        QUIRE_TRY_AS(const format::ChosenMeta chosen, recovery::read_metas(file_, identity_));
        const std::uint64_t label = chosen.meta.label;
        const std::uint64_t mine = shared_->readers.published_label;
        if (label == mine) {
            return {};
        }
        const std::uint64_t byte = runtime::kLabelBase + label % runtime::kLabels;
        QUIRE_TRY_AS(const bool held, label_locks_->try_lock(byte, platform::LockMode::shared));
        if (!held) {
            continue;   // a publisher is trying it at this moment
        }
        QUIRE_TRY_AS(const format::ChosenMeta again, recovery::read_metas(file_, identity_));
        if (again.meta.label != label && again.other_label != label) {
            label_locks_->unlock(byte);
            continue;
        }
        QUIRE_TRY_AS(const std::uint64_t size, file_.size());
        extents_->raise_end(size);
        recovery::adopt_meta(*shared_, chosen, identity_.geometry);
        if (mine != 0 && pin_count_ == 0) {   // pins of the older label keep it held
            label_locks_->unlock(runtime::kLabelBase + mine % runtime::kLabels);
        }
        return {};
    }
}

}  // namespace quire
