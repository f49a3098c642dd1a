// SPDX-License-Identifier: MIT
#include "sim/image.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "format/checksum.h"
#include "sim/rng.h"

namespace quire::sim {
namespace {

// How the pages of one image are chosen. Each kind of loss that a real device shows has its own.
enum class Policy : std::uint8_t { none, all, coin, only_one, all_but_one, first_ones, last_ones };

struct Plan {
    Policy policy = Policy::coin;
    std::uint64_t new_of_32 = 16;      // coin: the share of new pages
    std::uint64_t torn_of_8 = 0;       // any policy but none and all: the share of pages that tear instead
    std::uint64_t pivot = 0;           // index among the changed pages of all files
    std::byte rubbish{0};              // what space reads that never reached the disk
};

Plan plan(Rng& rng, std::uint64_t changed_pages) {
    constexpr std::uint64_t kShares[] = {1, 4, 10, 16, 22, 28, 31};
    constexpr std::uint64_t kTorn[] = {0, 0, 1, 2, 8};
    constexpr std::byte kRubbish[] = {std::byte{0}, std::byte{0}, std::byte{0x5c}, std::byte{0xff}};
    Plan plan;
    const std::uint64_t kind = rng.below(32);
    plan.policy = kind < 1    ? Policy::none
                  : kind < 2  ? Policy::all
                  : kind < 18 ? Policy::coin
                  : kind < 21 ? Policy::only_one
                  : kind < 25 ? Policy::all_but_one
                  : kind < 29 ? Policy::first_ones
                              : Policy::last_ones;
    plan.new_of_32 = kShares[rng.below(std::size(kShares))];
    plan.torn_of_8 = kTorn[rng.below(std::size(kTorn))];
    plan.pivot = rng.below(std::max<std::uint64_t>(changed_pages, 1));
    plan.rubbish = kRubbish[rng.below(std::size(kRubbish))];
    return plan;
}

bool takes_new(const Plan& plan, Rng& rng, std::uint64_t index) {
    switch (plan.policy) {
        case Policy::none: return false;
        case Policy::all: return true;
        case Policy::coin: return rng.chance(plan.new_of_32, 32);
        case Policy::only_one: return index == plan.pivot;
        case Policy::all_but_one: return index != plan.pivot;
        case Policy::first_ones: return index < plan.pivot;
        case Policy::last_ones: return index >= plan.pivot;
    }
    return false;
}

// Which of `count` states since the last sync: policies of extremes take the extremes. What was never synced at all
// (a runtime file) is mostly gone: it must be survivable, but there is little to learn from it.
std::size_t state_of(const Plan& plan, Rng& rng, std::size_t count, bool never_synced = false) {
    if (plan.policy == Policy::none || count == 1) {
        return 0;
    }
    if (plan.policy == Policy::all) {
        return count - 1;
    }
    const std::uint64_t kind = rng.below(8);
    if (never_synced && kind < 6) {
        return 0;
    }
    return kind < 5 ? count - 1 : kind < 6 ? 0 : rng.below(count);
}

// Sector versions of one changed page.
std::array<std::uint8_t, kSectors> sectors_of(const Plan& plan, Rng& rng, std::uint64_t index, std::size_t newest) {
    std::array<std::uint8_t, kSectors> sectors{};
    const bool extreme = plan.policy == Policy::none || plan.policy == Policy::all;
    if (!extreme && rng.chance(plan.torn_of_8, 8)) {
        for (auto& sector : sectors) {
            sector = static_cast<std::uint8_t>(rng.below(newest + 1));
        }
        return sectors;
    }
    if (takes_new(plan, rng, index)) {
        sectors.fill(static_cast<std::uint8_t>(extreme ? newest : rng.between(1, newest)));
    }
    return sectors;
}

void count(Image& image, const std::array<std::uint8_t, kSectors>& sectors, std::size_t newest) {
    const auto alike = [&](std::size_t version) {
        return std::ranges::all_of(sectors, [&](std::uint8_t sector) { return sector == version; });
    };
    ++(alike(0) ? image.pages_old : alike(newest) ? image.pages_new : image.pages_torn);
}

void lay(std::byte* to, const Cut::Changed& changed, const std::array<std::uint8_t, kSectors>& sectors) {
    for (std::size_t i = 0; i < kSectors; ++i) {
        if (sectors[i] != 0) {
            const Page& version = changed.versions[sectors[i] - 1u];
            std::memcpy(to + i * kSectorBytes, version.data() + i * kSectorBytes, kSectorBytes);
        }
    }
}

Image::File build(const Cut::File& from, const std::string& name, const Plan& plan, Rng& rng, std::uint64_t index,
                  Image& image) {
    Image::File file;
    const std::size_t state = state_of(plan, rng, from.sizes.size(), from.sizes.front() == 0);
    file.size = from.sizes[state];
    file.older_size = file.size != from.sizes.back();
    file.content.numbers.reserve(from.disk.numbers.size() + from.changed.size());
    file.content.bytes.reserve(from.disk.bytes.size() + from.changed.size() * kPageBytes);
    std::size_t on_disk = 0;
    auto changed = from.changed.begin();
    while (file.size > 0 && (on_disk < from.disk.numbers.size() || changed != from.changed.end())) {
        const bool has_disk = on_disk < from.disk.numbers.size() &&
                              (changed == from.changed.end() || from.disk.numbers[on_disk] <= changed->page);
        const std::uint64_t number = has_disk ? from.disk.numbers[on_disk] : changed->page;
        const std::byte* old = has_disk ? from.disk.bytes.data() + on_disk++ * kPageBytes : nullptr;
        const bool differs = changed != from.changed.end() && changed->page == number;
        Image::Choice choice{name, number, {}};
        if (differs) {   // drawn for pages past the end as well: one choice does not shift the next
            choice.sectors = sectors_of(plan, rng, index++, changed->versions.size());
        }
        if (number * kPageBytes < file.size) {
            std::byte* to = file.content.add(number);
            if (old != nullptr) {
                std::memcpy(to, old, kPageBytes);
            } else if (changed->never_on_disk) {
                std::memset(to, static_cast<int>(plan.rubbish), kPageBytes);
            }
            if (differs) {
                lay(to, *changed, choice.sectors);
                count(image, choice.sectors, changed->versions.size());
                image.choices.push_back(std::move(choice));
            }
            const std::uint64_t within = std::min(kPageBytes, file.size - number * kPageBytes);
            std::memset(to + within, 0, kPageBytes - within);
        }
        changed += differs ? 1 : 0;
    }
    return file;
}

Image build(const Cut& cut, const Plan& plan, Rng& rng) {
    Image image;
    const std::size_t state = state_of(plan, rng, cut.directories.size());
    image.older_names = cut.directories[state] != cut.directories.back();
    std::uint64_t index = 0;
    for (const auto& [name, number] : cut.directories[state]) {
        image.files.emplace(name, build(cut.files[number], name, plan, rng, index, image));
        index += cut.files[number].changed.size();
    }
    return image;
}

}  // namespace

std::byte* Pages::add(std::uint64_t number) {
    numbers.push_back(number);
    bytes.resize(bytes.size() + kPageBytes);
    return bytes.data() + bytes.size() - kPageBytes;
}

bool Image::torn(std::string_view name) const {
    return std::ranges::any_of(choices, [&](const Choice& choice) {
        return choice.file == name && std::ranges::any_of(choice.sectors, [&](std::uint8_t sector) {
            return sector != choice.sectors[0];
        });
    });
}

std::uint64_t Image::hash(std::string_view except) const {
    std::uint64_t sum = 0;
    for (const auto& [name, file] : files) {
        if (!except.empty() && std::string_view(name).ends_with(except)) {
            continue;
        }
        sum = format::fold(sum, format::checksum(std::as_bytes(std::span(name))), file.size);
        sum = format::fold(sum, format::checksum(std::as_bytes(std::span(file.content.numbers))),
                           format::checksum(file.content.bytes));
    }
    return sum;
}

std::string Image::describe() const {
    std::string text;
    std::string_view last;
    for (const Choice& choice : choices) {
        if (choice.file != last) {
            text += (last.empty() ? "" : "; ") + choice.file;
            text += " (" + std::to_string(files.at(choice.file).size) + " bytes)";
            last = choice.file;
        }
        text += ' ' + std::to_string(choice.page) + '=';
        if (std::ranges::all_of(choice.sectors, [&](std::uint8_t sector) { return sector == choice.sectors[0]; })) {
            text += choice.sectors[0] == 0 ? "old" : choice.sectors[0] == 1 ? "new" : "newer";
        } else {
            for (const std::uint8_t sector : choice.sectors) {
                text += static_cast<char>('0' + sector);
            }
        }
    }
    for (const auto& [name, file] : files) {
        text += file.older_size ? "; " + name + " has an older size" : "";
    }
    text += older_names ? "; older names" : "";
    return text;
}

Image choose(const Cut& cut, std::uint64_t seed) {
    Rng rng(seed);
    std::uint64_t changed = 0;
    for (const Cut::File& file : cut.files) {
        changed += file.changed.size();
    }
    const Plan chosen = plan(rng, changed);
    return build(cut, chosen, rng);
}

Image lose_everything(const Cut& cut) {
    Rng rng(0);
    return build(cut, Plan{.policy = Policy::none}, rng);
}

Image keep_everything(const Cut& cut) {
    Rng rng(0);
    return build(cut, Plan{.policy = Policy::all}, rng);
}

}  // namespace quire::sim
