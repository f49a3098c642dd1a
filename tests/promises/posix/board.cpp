// SPDX-License-Identifier: MIT
#include "board.h"

#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace quire::promises {

Board::Board(const std::string& path) {
    constexpr std::size_t kBytes = kWords * sizeof(std::uint64_t);
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    void* at = MAP_FAILED;
    if (file >= 0 && ::ftruncate(file, kBytes) == 0) {
        at = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    if (at == MAP_FAILED) {
        std::perror(path.c_str());
        std::exit(2);
    }
    file_ = file;
    words_ = static_cast<std::uint64_t*>(at);
}

Board::~Board() {
    ::munmap(words_, kWords * sizeof(std::uint64_t));
    ::close(static_cast<int>(file_));
}

}  // namespace quire::promises
