// SPDX-License-Identifier: MIT
#include "board.h"

#include <cstdio>
#include <cstdlib>

#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

namespace quire::promises {

Board::Board(const std::string& path) {
    constexpr DWORD kBytes = kWords * sizeof(std::uint64_t);
    const HANDLE file = ::CreateFileA(path.c_str(), GENERIC_READ | GENERIC_WRITE,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS,
                                      FILE_ATTRIBUTE_NORMAL, nullptr);
    HANDLE mapping = nullptr;
    if (file != INVALID_HANDLE_VALUE) {
        mapping = ::CreateFileMappingW(file, nullptr, PAGE_READWRITE, 0, kBytes, nullptr);
    }
    if (mapping != nullptr) {
        words_ = static_cast<std::uint64_t*>(::MapViewOfFile(mapping, FILE_MAP_ALL_ACCESS, 0, 0, kBytes));
    }
    if (words_ == nullptr) {
        std::fprintf(stderr, "%s: error %lu\n", path.c_str(), ::GetLastError());
        std::exit(2);
    }
    file_ = reinterpret_cast<std::intptr_t>(file);
    mapping_ = reinterpret_cast<std::intptr_t>(mapping);
}

Board::~Board() {
    ::UnmapViewOfFile(words_);
    ::CloseHandle(reinterpret_cast<HANDLE>(mapping_));
    ::CloseHandle(reinterpret_cast<HANDLE>(file_));
}

}  // namespace quire::promises
