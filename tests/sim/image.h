// SPDX-License-Identifier: MIT
//
// What a power cut leaves: a `Cut` is all that it could leave, an `Image` is one choice of it.
//
// A page that differs between cache and disk is found old, new or torn: each 512-byte sector old or new on its own. A
// size that was not synced is any that the file has had since, and so are the names of the directory, in order.
// Space that never reached the disk reads as zero or as rubbish.
//
// Assumption  What is chosen is fixed at the cut: a page has one newer version, that of the cut (and, windows_like, the
//             one whose writing was started). Versions in between belong to a later simulator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace quire::sim {

inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kSectorBytes = 512;
inline constexpr std::size_t kSectors = kPageBytes / kSectorBytes;
using Page = std::array<std::byte, kPageBytes>;

// Whole pages in ascending order; a page that is not there is zero.
struct Pages {
    std::vector<std::uint64_t> numbers;
    std::vector<std::byte> bytes;        // page i of `numbers` at i × kPageBytes

    std::byte* add(std::uint64_t number);   // greater than all before; zeroed
};

struct Cut {
    struct Changed {
        std::uint64_t page = 0;
        bool never_on_disk = false;
        std::vector<Page> versions;      // newer than the disk's, oldest first
    };
    struct File {
        std::vector<std::uint64_t> sizes;   // front: durable; back: in the cache
        Pages disk;
        std::vector<Changed> changed;       // ascending
    };
    using Names = std::map<std::string, std::size_t>;   // → index in files
    std::vector<File> files;
    std::vector<Names> directories;         // front: durable; back: as the processes saw it
};

struct Image {
    struct File {
        std::uint64_t size = 0;
        bool older_size = false;
        Pages content;
    };
    struct Choice {                         // of a page that differed; sector i holds version (0: the disk's)
        std::string file;
        std::uint64_t page = 0;
        std::array<std::uint8_t, kSectors> sectors{};
    };
    std::map<std::string, File> files;
    std::vector<Choice> choices;
    std::uint64_t pages_old = 0;
    std::uint64_t pages_new = 0;
    std::uint64_t pages_torn = 0;
    bool older_names = false;

    bool torn(std::string_view name) const;   // has a page of this file torn

    // XXH3 of names, sizes and contents; of all files whose name does not end in `except`.
    std::uint64_t hash(std::string_view except) const;
    std::string describe() const;           // the choices in one line: "store 17=old 18=new 21=oonnonno …"
};

Image choose(const Cut& cut, std::uint64_t seed);
Image lose_everything(const Cut& cut);      // what was not flushed is gone
Image keep_everything(const Cut& cut);      // the kernel had just written all of it

}  // namespace quire::sim
