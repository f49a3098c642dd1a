// SPDX-License-Identifier: MIT
//
// For tests of the runtime: a file that stands for a store, and Attachments that stand for processes. Locks belong to
// handles, so two Attachments of one program exclude each other as two processes do.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "platform/file.h"
#include "runtime/attach.h"
#include "runtime/writer_word.h"

namespace quire::runtime {

using namespace std::chrono_literals;

class ScratchStore {
public:
    ScratchStore()
        : path_((std::filesystem::temp_directory_path() / ("quire-" + std::to_string(std::random_device{}()) + "-" +
                                                           std::to_string(std::random_device{}())))
                    .string()) {
        std::ofstream(path_) << "stands for a store";
        name.file = platform::id_of(path_).value();
        name.uuid.fill(7);
    }
    ScratchStore(const ScratchStore&) = delete;
    ~ScratchStore() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
        std::filesystem::remove(run_path(), ignored);
    }
    const std::string& path() const { return path_; }
    std::string run_path() const { return path_ + "-run"; }

    Result<std::unique_ptr<Attachment>> try_attach(platform::Nanoseconds patience = 0ms) const {
        return Attachment::attach({path_, name, patience, false});
    }
    // One that is in, first or not.
    std::unique_ptr<Attachment> attach() const {
        auto attached = try_attach(2s);
        REQUIRE(attached.has_value());
        if ((*attached)->first()) {
            (*attached)->opened();
        }
        return *std::move(attached);
    }

    StoreName name;

private:
    std::string path_;
};

// A process with its writer word.
struct Opener {
    explicit Opener(const ScratchStore& store)
        : attachment(store.attach()),
          word(std::make_unique<WriterWord>(*attachment, attachment->runtime().shared().writer, true)) {}
    // As by kill -9. A word's mutex that was locked stays locked, so it is never destroyed.
    void die() {
        static auto& graveyard = *new std::vector<std::unique_ptr<WriterWord>>;
        graveyard.push_back(std::move(word));
        attachment.reset();
    }
    Shared& shared() const { return attachment->runtime().shared(); }
    Block& block() const { return attachment->runtime().block(attachment->block_number()); }

    std::unique_ptr<Attachment> attachment;
    std::unique_ptr<WriterWord> word;
};

}  // namespace quire::runtime
