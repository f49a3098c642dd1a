// SPDX-License-Identifier: MIT
//
// A directory of this process's own that is gone at the end, unless QUIRE_TEST_KEEP is set. QUIRE_TEST_DIR says where it
// is made; otherwise where the system keeps temporary files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace quire::promises {

class Scratch {
public:
    explicit Scratch(const std::string& purpose) {
        const char* chosen = std::getenv("QUIRE_TEST_DIR");
        const auto base = chosen ? std::filesystem::path(chosen) : std::filesystem::temp_directory_path();
        do {
            directory_ = base / ("quire-" + purpose + "-" + std::to_string(std::random_device{}()));
        } while (!std::filesystem::create_directories(directory_));
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        if (std::getenv("QUIRE_TEST_KEEP") != nullptr) {
            return;
        }
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    std::string operator/(const std::string& name) const { return (directory_ / name).string(); }
    const std::filesystem::path& path() const { return directory_; }

private:
    std::filesystem::path directory_;
};

// Removes a store and what may lie beside it.
inline void remove_store(const std::string& path) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    std::filesystem::remove(path + "-run", ignored);
}

}  // namespace quire::promises
