// SPDX-License-Identifier: MIT
//
// A change of shared words that survives the death of its writer: a list of (word, absolute value), armed by one store,
// stored in order, disarmed. A successor that finds it armed stores the whole list again.
//
// Invariants  1 Every prefix of the list is right for readers: links first, accounting after.
//             2 Values are absolute, so storing twice is storing once. Pure redo: nothing to undo, nothing leaks.
//             3 At most kIntentWordsMax words; whoever builds a list knows its bound.
// Threads     The owner of the writer word.
// Costs       16 bytes of stores to hot lines for each word, and two more stores; no fence on x86.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include <quire/error.h>

#include "base/abort.h"
#include "base/shared_word.h"
#include "runtime/layout.h"

namespace quire::runtime {

class Intent {
public:
    explicit Intent(IntentList& list) noexcept : list_(list) {}

    // `where` names the word for a successor: an Offset of the file, or kRuntimeWord | offset in the runtime file.
    void add(std::uint64_t* word, std::uint64_t where, std::uint64_t value) noexcept {
        base::require(count_ < kIntentWordsMax, "an intent outgrew its list");
        words_[count_] = word;
        entries_[count_] = {where, value};
        ++count_;
    }
    std::uint32_t count() const noexcept { return count_; }

    void run() noexcept {
        // ORDER(arm): release - the last list was disarmed before its entries give way; pairs with the acquire in redo().
        std::atomic_thread_fence(std::memory_order_release);
        // Built aside: another intent may have run since this one was begun.
        std::memcpy(list_.entries, entries_, count_ * sizeof(IntentEntry));
        // ORDER(arm): release - the list is whole before it is armed; pairs with the acquire in redo().
        base::store_release(list_.armed, std::uint64_t{count_});
        for (std::uint32_t i = 0; i < count_; ++i) {
            // ORDER(link): release - what a reference leads to is stored before it; pairs with the readers' seq_cst loads.
            // ORDER(tail): release - the frame and its effects before the tail; pairs with the acquire of who flushes.
            base::store_release(*words_[i], entries_[i].value);
        }
        base::store_release(list_.armed, std::uint64_t{0});
        count_ = 0;
    }

    // Finishes what a dead owner armed. `resolve(where)` is Result<uint64_t*>. True: there was something.
    template <class Resolve>
    [[nodiscard]] static Result<bool> redo(IntentList& list, Resolve&& resolve) noexcept {
        // ORDER(arm): acquire - the armed list as its writer made it; pairs with the release in run().
        const std::uint64_t armed = base::load_acquire(list.armed);
        if (armed == 0) {
            return false;
        }
        if (armed > kIntentWordsMax) {
            return std::unexpected(Error{Errc::corrupt, 0, 0, 0, "the runtime file holds an intent that cannot be"});
        }
        std::uint64_t* words[kIntentWordsMax];
        for (std::uint64_t i = 0; i < armed; ++i) {
            auto word = resolve(list.entries[i].where);
            if (!word) {
                return std::unexpected(word.error());   // nothing stored: still armed for whoever comes next
            }
            words[i] = *word;
        }
        for (std::uint64_t i = 0; i < armed; ++i) {
            // ORDER(link): release - as run() would have stored it; pairs with the readers' seq_cst loads.
            base::store_release(*words[i], list.entries[i].value);
        }
        // ORDER(arm): release - every word is stored before the list is disarmed; pairs with the acquire in redo().
        base::store_release(list.armed, std::uint64_t{0});
        return true;
    }

private:
    IntentList& list_;
    std::uint32_t count_ = 0;
    std::uint64_t* words_[kIntentWordsMax];
    IntentEntry entries_[kIntentWordsMax];
};

}  // namespace quire::runtime
