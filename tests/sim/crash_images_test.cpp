// SPDX-License-Identifier: MIT
//
// Power cuts by the thousand: random workloads on a simulated disk, cut everywhere, every image recovered and judged.
//
//   crash_images [--seed N] [--images N] [--seconds S] [--expect-caught] [--windows]
//                [--from-op N] [--to-op N] [--cut N] [--image N]      what the line of a failure repeats
//
// Passes when `--images` distinct images were judged within `--seconds` and none was wrong. With --expect-caught it
// passes when one was wrong: for builds of the engine with a mistake in them.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <malloc.h>
#include <unistd.h>

#include "sim/workload.h"

namespace {

using namespace quire;
using sim::Violation;
using sim::Selection;
using sim::Spot;
using sim::Tally;

struct Arguments {
    std::uint64_t seed = 0;
    std::uint64_t images = 20'000;
    std::uint64_t seconds = 240;
    bool expect_caught = false;
    bool one_workload = false;
    Selection selection;
};

// What the signal handler prints: where the run stood. Written before anything that may crash.
constexpr unsigned kHangSeconds = 60;
char where[256] = "";
bool caught_is_good = false;
volatile std::uint64_t judged_so_far = 0;

void write_out(const char* text) { [[maybe_unused]] const auto n = ::write(STDOUT_FILENO, text, std::strlen(text)); }

extern "C" void on_crash(int signal) {
    char line[512];
    std::snprintf(line, sizeof line, "\nviolation after %llu images: %s\n  repeat: %s\n%s",
                  static_cast<unsigned long long>(judged_so_far),
                  signal == SIGALRM ? "hangs" : signal == SIGABRT ? "aborts" : "crashes (SIGSEGV, SIGBUS)", where,
                  caught_is_good ? "caught\n" : "FAILED\n");
    write_out(line);
    _exit(caught_is_good ? 0 : 1);
}

void remember(const Spot& spot) {
    std::snprintf(where, sizeof where, "%s", sim::repeat_line(spot).c_str());
    ::alarm(kHangSeconds);
}

[[noreturn]] void usage(std::string_view bad) {
    std::fprintf(stderr, "crash_images: what is %.*s\n", static_cast<int>(bad.size()), bad.data());
    std::exit(2);
}

Arguments parse(int count, char** words) {
    Arguments arguments;
    arguments.seed = std::random_device{}();
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        const auto number = [&]() -> std::uint64_t {
            char* end = nullptr;
            const std::uint64_t value = i + 1 < count ? std::strtoull(words[++i], &end, 10) : 0;
            return end != nullptr && *end == '\0' ? value : (usage(word), 0);
        };
        if (word == "--seed") {
            arguments.seed = number();
        } else if (word == "--images") {
            arguments.images = number();
        } else if (word == "--seconds") {
            arguments.seconds = number();
        } else if (word == "--expect-caught") {
            arguments.expect_caught = true;
        } else if (word == "--windows") {
            sim::behave_like(sim::System::windows_like);
        } else if (word == "--from-op") {
            arguments.selection.from_op = number();
        } else if (word == "--to-op") {
            arguments.selection.to_op = number();
            arguments.one_workload = true;
        } else if (word == "--cut") {
            arguments.selection.cut = number();
        } else if (word == "--image") {
            arguments.selection.image = number();
        } else {
            usage(word);
        }
    }
    return arguments;
}

unsigned long long as_ull(std::uint64_t n) { return n; }

void report(const Tally& tally, double seconds) {
    const double of = static_cast<double>(tally.judged == 0 ? 1 : tally.judged) / 100;
    const auto share = [&](std::uint64_t n) { return static_cast<double>(n) / of; };
    std::printf("  %llu workloads, %llu operations, %llu commits, %llu checkpoints; on after %llu kills, %llu cuts\n",
                as_ull(tally.workloads), as_ull(tally.ops), as_ull(tally.commits), as_ull(tally.counters.checkpoints),
                as_ull(tally.kills), as_ull(tally.went_on));
    std::printf("  %llu distinct images (%llu judged) in %.1f s, %.0f a second\n", as_ull(tally.distinct.size()),
                as_ull(tally.judged), seconds, static_cast<double>(tally.judged) / seconds);
    std::printf("  of them %.1f %% lost commits, %.1f %% torn, %.1f %% inside an operation, %.1f %% older size, "
                "%.1f %% older names\n",
                share(tally.lost), share(tally.torn), share(tally.inside), share(tally.older_size),
                share(tally.older_names));
}

}  // namespace

int main(int count, char** words) {
    const Arguments arguments = parse(count, words);
    caught_is_good = arguments.expect_caught;
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGALRM}) {
        std::signal(signal, on_crash);
    }
    // Images come and go by the megabyte: keep their memory instead of faulting it in each time.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::printf("crash_images --seed %llu --images %llu --seconds %llu%s\n", as_ull(arguments.seed),
                as_ull(arguments.images), as_ull(arguments.seconds),
                sim::behaviour() == sim::System::windows_like ? " --windows" : "");

    const auto began = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    Tally tally;
    std::optional<Violation> failure;
    bool more = true;
    for (std::uint64_t seed = arguments.seed; more && !failure; ++seed) {
        sim::Workload workload(seed, arguments.selection, tally);
        failure = workload.run([&](const Spot& spot) {
            remember(spot);
            judged_so_far = tally.judged;
            more = tally.distinct.size() < arguments.images && seconds() < static_cast<double>(arguments.seconds);
            return more;
        });
        more = more && !arguments.one_workload;
    }
    ::alarm(0);
    if (failure) {
        std::printf("violation after %llu images: %s\n  repeat: %s\n", as_ull(tally.judged), failure->what.c_str(),
                    sim::repeat_line(failure->spot).c_str());
        std::printf("  store: %s\n", failure->setup.c_str());
        if (!failure->image.empty()) {
            std::printf("  image: %s\n", failure->image.c_str());
        }
    }
    report(tally, seconds());
    if (arguments.expect_caught) {
        std::printf("%s\n", failure ? "caught" : "NOT CAUGHT");
        return failure ? 0 : 1;
    }
    const bool enough = arguments.one_workload || (tally.distinct.size() >= arguments.images && tally.lost > 0);
    std::printf("%s\n", failure ? "FAILED" : enough ? "0 broken" : "FAILED: too few, or none lost anything");
    return !failure && enough ? 0 : 1;
}
