// SPDX-License-Identifier: MIT
//
// check(): verifies everything that a reader or recovery would trust, and reports. Pins one bucket at a time.
//
// Invariants  1 Pages are judged afresh: what this process already trusts does not count.
//             2 Sums over the whole store (count, digest, pages, live counts) are compared only if no commit came between.
// Costs       Reads everything once.
#include <quire/check.h>

#include <algorithm>
#include <new>
#include <unordered_map>

#include "base/shared_word.h"
#include "base/try.h"
#include "format/checksum.h"
#include "space/table.h"
#include "store/core.h"

namespace quire {

using format::PageHeader;
using format::PageKind;
using format::PageRef;

namespace {

class Checker {
public:
    Checker(const space::Space& space, const CheckOptions& options, std::uint64_t total_bytes)
        : space_(space), options_(options) {
        progress_.total_bytes = total_bytes;
    }

    CheckReport report;
    format::Ledger ledger;
    std::unordered_map<std::uint32_t, std::uint64_t> live;   // by segment

    bool goes_on() const noexcept { return report.complete; }

    void find(Error error, std::span<const std::byte> key = {}) {
        ++report.finding_count;
        if (report.findings.size() < options_.findings_max) {
            const std::size_t shown = std::min<std::size_t>(key.size(), 256);
            report.findings.push_back({error, std::string(reinterpret_cast<const char*>(key.data()), shown)});
        }
    }

    // The page behind a reference, judged afresh; null after a finding.
    const PageHeader* page(PageRef ref, PageKind kind, std::uint32_t half, std::uint64_t prefix) {
        const auto* const page =
            reinterpret_cast<const PageHeader*>(space_.extents->at(ref.page(), format::kPageBytes));
        if (page == nullptr) {
            find(space_.extents->why(ref.page(), format::kPageBytes));
            return nullptr;
        }
        const space::Parent known{half == 0 ? nullptr : &half, nullptr};
        const bool ok = ref.well_formed() && space::verify(space_, ref, kind, known) != nullptr;
        if (!ok) {
            find(space::refuse(space_, ref, kind, known));
            return nullptr;
        }
        if (page->prefix != prefix) {
            find({Errc::corrupt, 0, 0, ref.page().value, "a page serves another range than its reference"});
            return nullptr;
        }
        ++report.page_count;
        advance(format::kPageBytes);
        return page;
    }

    void records(const format::BucketPage& page, unsigned depth, std::uint64_t prefix) {
        const unsigned groups = space_.geometry.bucket_groups;
        for (unsigned group = 0; group < groups; ++group) {
            for (const std::uint64_t& word : page.slots[group]) {
                // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
                const format::Slot slot{base::load_seq_cst(word)};
                if (slot.empty()) {
                    continue;
                }
                const format::RecordView record{index::record_at(space_, slot.record())};
                if (record.header == nullptr) {
                    find(space_.extents->why(slot.record(), sizeof(format::RecordHeader)));
                    continue;
                }
                if (!record.intact()) {
                    find({Errc::corrupt, 0, 0, slot.record().value, "a record's checksum differs"}, record.key());
                    continue;
                }
                const std::uint64_t hash = format::key_hash(record.key(), space_.hash_seed);
                const bool placed = (depth == 0 || (hash ^ prefix) >> (64 - depth) == 0) &&
                                    slot.tag() == index::tag_of(hash, depth) &&
                                    (index::home_of(hash, groups) + slot.distance()) % groups == group;
                if (!placed || record.erases()) {
                    find({Errc::corrupt, 0, 0, slot.record().value, "a record is not where its key belongs"}, record.key());
                    continue;
                }
                ++report.record_count;
                ledger.records += 1;
                ledger.bytes += record.header->key_bytes + std::uint64_t{record.header->value_bytes};
                ledger.digest[0] += record.header->content;
                ledger.digest[1] += format::mix(record.header->content);
                live[space_.geometry.segment_of(slot.record()).value] += record.bytes() / 8;
                advance(record.bytes());
            }
        }
    }

    void count_page(format::Offset at) { live[space_.geometry.segment_of(at).value] += 1; }

private:
    void advance(std::uint64_t bytes) {
        progress_.done_bytes += bytes;
        if (progress_.done_bytes - told_ >= kToldEvery && options_.on_progress) {
            told_ = progress_.done_bytes;
            report.complete = options_.on_progress(progress_);
        }
    }

    static constexpr std::uint64_t kToldEvery = 4u << 20;
    const space::Space& space_;
    const CheckOptions& options_;
    Progress progress_;
    std::uint64_t told_ = 0;
};

void check_table(Checker& checker, const space::Space& space, PageRef ref, std::uint32_t half, std::uint64_t first) {
    const PageKind kind = ref.level() == 0 ? PageKind::table_leaf : PageKind::table_node;
    const PageHeader* const page = checker.page(ref, kind, half, first);
    if (page == nullptr || ref.level() == 0) {
        return;
    }
    const unsigned bits = space.geometry.table_bits();
    const auto* const node = reinterpret_cast<const format::DirectoryPage*>(page);
    for (std::uint64_t i = 0; i < std::uint64_t{1} << bits; ++i) {
        // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
        const PageRef child{base::load_seq_cst(node->refs[i])};
        if (child && child.level() + 1 != ref.level()) {
            checker.find({Errc::corrupt, 0, 0, ref.page().value, "a table reference leads to the wrong level"});
        } else if (child && checker.goes_on()) {
            check_table(checker, space, child, base::load_relaxed(node->seals[i]), first + (i << (bits * ref.level())));
        }
    }
}

void check_index(Checker& checker, const space::Space& space, PageRef ref, std::uint32_t half, std::uint64_t prefix) {
    const PageKind kind = ref.level() == 0 ? PageKind::bucket : PageKind::directory;
    const PageHeader* page = checker.page(ref, kind, half, prefix);
    if (page == nullptr) {
        return;
    }
    checker.count_page(ref.page());
    if (ref.level() > 0) {
        const unsigned fan_out = space.geometry.fan_out_bits;
        const auto* const node = reinterpret_cast<const format::DirectoryPage*>(page);
        const std::uint64_t entries = std::uint64_t{1} << fan_out;
        for (std::uint64_t i = 0; i < entries && checker.goes_on();) {
            // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
            const PageRef child{base::load_seq_cst(node->refs[i])};
            if (!child.well_formed() || child.level() + 1 != ref.level() || child.depth() < ref.depth() ||
                child.depth() > ref.depth() + fan_out) {
                checker.find({Errc::corrupt, 0, 0, ref.page().value, "a directory page holds a reference that cannot be"});
                ++i;
                continue;
            }
            const std::uint64_t run = std::uint64_t{1} << (ref.depth() + fan_out - child.depth());
            for (std::uint64_t k = 0; k < run; ++k) {
                // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
                if (i % run != 0 || base::load_seq_cst(node->refs[i + k]) != child.word) {
                    checker.find({Errc::corrupt, 0, 0, ref.page().value, "adjacent references disagree"});
                    break;
                }
            }
            const std::uint64_t below = ref.depth() + fan_out >= 64 ? i : i << (64 - ref.depth() - fan_out);
            check_index(checker, space, child, base::load_relaxed(node->seals[i]), prefix | below);
            i += run;
        }
        return;
    }
    const auto* bucket = reinterpret_cast<const format::BucketPage*>(page);
    checker.records(*bucket, ref.depth(), prefix);
    std::uint64_t left = space.extents->end() / format::kPageBytes;
    // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
    for (PageRef next{base::load_seq_cst(bucket->header.next)}; next && left-- > 0;) {
        page = checker.page(next, PageKind::bucket, base::load_relaxed(bucket->header.next_seal), prefix);
        if (page == nullptr) {
            return;
        }
        checker.count_page(next.page());
        bucket = reinterpret_cast<const format::BucketPage*>(page);
        checker.records(*bucket, ref.depth(), prefix);
        // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
        next = PageRef{base::load_seq_cst(bucket->header.next)};
    }
}

}  // namespace

Result<CheckReport> Core::check(const CheckOptions& options) noexcept {
    try {
        QUIRE_TRY(enter());
        // ORDER(growth): acquire - the file is that long; pairs with the release in grow_to().
        const std::uint64_t total = base::load_acquire(shared_->places.file_bytes);
        for (int attempt = 0;; ++attempt) {
            Checker checker(space_, options, total);
            QUIRE_TRY_AS(const format::Ledger before, ledger());
            // ORDER(ledger): acquire - the copy that it names is whole; pairs with the step in Applier.
            const std::uint64_t version = base::load_acquire(shared_->applied.version);
            // ORDER(epoch): acquire - as a pin would load it; pairs with the release in freeze().
            const std::uint64_t epoch = base::load_acquire(shared_->readers.epoch);
            QUIRE_TRY_AS(runtime::PinLine* const line, pins_->claim());
            const std::uint64_t segments = base::load_relaxed(shared_->places.segments);
            // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
            const PageRef root{base::load_seq_cst(shared_->readers.root)};
            // ORDER(link): seq_cst - under a pin, as every walk; pairs with Intent::run().
            const PageRef table{base::load_seq_cst(shared_->readers.table_root)};
            const auto fault = platform::catch_faults([&] {
                check_table(checker, space_, table, 0, 0);
                check_index(checker, space_, root, 0, 0);
            });
            if (fault) {
                checker.find(fault_error(*fault));
            }
            // ORDER(ledger): acquire - the copy that it names is whole; pairs with the step in Applier.
            const bool quiet = base::load_acquire(shared_->applied.version) == version &&
                               // ORDER(epoch): acquire - as a pin would load it; pairs with the release in freeze().
                               base::load_acquire(shared_->readers.epoch) == epoch;
            if (quiet && checker.report.complete && checker.report.finding_count == 0) {
                if (before != checker.ledger) {
                    checker.find({Errc::corrupt, 0, 0, 0, "count, bytes or digest differ from the records"});
                }
                for (std::uint64_t id = 0; id < segments; ++id) {
                    const format::SegmentId segment{static_cast<std::uint32_t>(id)};
                    const auto entry = space::read_segment(space_, table, segment);
                    if (!entry) {
                        checker.find(entry.error());
                        continue;
                    }
                    const auto delta = attachment_ ? space_.runtime->delta(segment.value) : Result<std::int64_t*>(nullptr);
                    const std::int64_t change = delta && *delta != nullptr ? base::load_relaxed(**delta) : 0;
                    const std::uint64_t counted = checker.live.contains(segment.value) ? checker.live[segment.value] : 0;
                    if (static_cast<std::int64_t>(entry->live()) + change != static_cast<std::int64_t>(counted)) {
                        checker.find({Errc::corrupt, 0, 0, space_.geometry.begin_of(segment).value,
                                      "a segment's live count differs from what lives in it"});
                    }
                }
            }
            epoch::Pins::release(*line);
            // A page met after it was replaced and two checkpoints passed can look damaged: only a quiet look convicts.
            if (quiet || checker.report.finding_count == 0 || attempt == 2) {
                return std::move(checker.report);
            }
        }
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to check the store");
    }
}

Result<CheckReport> check(std::string_view path, const CheckOptions& options) noexcept {
    Options read_only;
    read_only.access = Access::read_only;
    QUIRE_TRY_AS(const Store store, Store::open(path, read_only));
    return store.check(options);
}

}  // namespace quire
