// SPDX-License-Identifier: MIT
//
// A few words that processes share through a mapped file: what a killed process had noted is still there.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace quire::promises {

class Board {
public:
    static constexpr unsigned kWords = 8192;

    // Opens the file, making it (all words 0) if need be. Ends the test if it cannot.
    explicit Board(const std::string& path);
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    ~Board();

    std::uint64_t get(unsigned word) const noexcept {
        return std::atomic_ref(words_[word]).load(std::memory_order_acquire);
    }
    void set(unsigned word, std::uint64_t value) const noexcept {
        std::atomic_ref(words_[word]).store(value, std::memory_order_release);
    }
    void add(unsigned word, std::uint64_t value) const noexcept {
        std::atomic_ref(words_[word]).fetch_add(value, std::memory_order_acq_rel);
    }

private:
    std::uint64_t* words_ = nullptr;
    std::intptr_t file_ = -1;
    [[maybe_unused]] std::intptr_t mapping_ = 0;   // win32 alone
};

}  // namespace quire::promises
