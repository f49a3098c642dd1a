// SPDX-License-Identifier: MIT
//
// Atomic access to plain integers that lie in mapped memory. A shared word is declared as an integer in its
// layout and only ever touched through these functions; the order is part of the name, and each call that is an
// edge names its partner in an ORDER comment.
#pragma once

#include <atomic>
#include <cstdint>

namespace quire::base {

template <class T>
std::atomic_ref<T> shared(const T& word) noexcept {
    static_assert(std::atomic_ref<T>::is_always_lock_free && sizeof(T) >= 4);
    return std::atomic_ref<T>(const_cast<T&>(word));  // C++23 has no atomic_ref<const T>; loads do not write
}

template <class T> T load_relaxed(const T& word) noexcept { return shared(word).load(std::memory_order_relaxed); }
template <class T> T load_acquire(const T& word) noexcept { return shared(word).load(std::memory_order_acquire); }
template <class T> T load_seq_cst(const T& word) noexcept { return shared(word).load(std::memory_order_seq_cst); }

template <class T> void store_relaxed(T& word, T value) noexcept { shared(word).store(value, std::memory_order_relaxed); }
template <class T> void store_release(T& word, T value) noexcept { shared(word).store(value, std::memory_order_release); }
template <class T> void store_seq_cst(T& word, T value) noexcept { shared(word).store(value, std::memory_order_seq_cst); }

template <class T> T exchange_seq_cst(T& word, T value) noexcept {
    return shared(word).exchange(value, std::memory_order_seq_cst);
}
template <class T> T add_seq_cst(T& word, T value) noexcept {
    return shared(word).fetch_add(value, std::memory_order_seq_cst);
}

// True: `word` was `expected` and is now `desired`. False: `expected` holds what it was.
template <class T> bool swap_seq_cst(T& word, T& expected, T desired) noexcept {
    return shared(word).compare_exchange_strong(expected, desired, std::memory_order_seq_cst);
}
template <class T> bool swap_acquire(T& word, T& expected, T desired) noexcept {
    return shared(word).compare_exchange_strong(expected, desired, std::memory_order_acquire,
                                                std::memory_order_relaxed);
}
template <class T> bool swap_release(T& word, T& expected, T desired) noexcept {
    return shared(word).compare_exchange_strong(expected, desired, std::memory_order_release,
                                                std::memory_order_relaxed);
}
template <class T> bool swap_acq_rel(T& word, T& expected, T desired) noexcept {
    return shared(word).compare_exchange_strong(expected, desired, std::memory_order_acq_rel,
                                                std::memory_order_relaxed);
}
template <class T> bool swap_relaxed(T& word, T& expected, T desired) noexcept {
    return shared(word).compare_exchange_strong(expected, desired, std::memory_order_relaxed);
}

// Orders earlier stores before later loads of this thread. 22 ns on x86: for reclaimers, never for readers.
inline void fence_seq_cst() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }

}  // namespace quire::base
