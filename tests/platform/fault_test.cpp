// SPDX-License-Identifier: MIT
//
// What platform/fault.h promises, tried through it.
#include "platform/fault.h"

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include "platform/view.h"
#include "scratch.h"

using namespace quire::platform;
using quire::test::must;
using quire::test::Scratch;

namespace {

constexpr std::uint64_t kBytes = 256 << 10;

// A view in which stores fault behind the first page: its file has lost its end, or, where the system does not shrink
// a mapped file, it is a view for reading. Loads that fault need the system's help: posix/ and win32/fault_test.cpp.
struct Lost {
    Lost() {
        install_fault_handler();
        file = must(File::open(scratch.path("a"), OpenMode::create_new));
        must(file.allocate(0, kBytes));
        view = must(View::map(file, 0, kBytes, ViewMode::read_write));
        if (!file.resize(4096).has_value()) {
            view = must(View::map(file, 0, kBytes, ViewMode::read));
        }
    }
    volatile std::byte* at(std::uint64_t offset) const { return view.data() + offset; }
    Scratch scratch;
    File file;
    View view;
};

[[gnu::noinline]] int deep(volatile std::byte* at, int depth) {
    volatile char frame[200];
    frame[depth] = 1;
    if (depth == 0) {
        *at = std::byte{1};
        return 0;
    }
    return deep(at, depth - 1) + frame[depth];
}

}  // namespace

TEST_SUITE_BEGIN("platform/fault");

TEST_CASE("what does not fault runs to its end") {
    install_fault_handler();
    int ran = 0;
    CHECK_FALSE(catch_faults([&] { ++ran; }).has_value());
    auto twice = [&] { ran += 2; };
    CHECK_FALSE(catch_faults(twice).has_value());
    const auto constant = [&ran] { ran += 4; };
    CHECK_FALSE(catch_faults(constant).has_value());
    CHECK(ran == 7);
}

TEST_CASE("a fault within a view ends the body and tells its address") {
    const Lost lost;
    bool passed = false;
    const auto fault = catch_faults([&] {
        *lost.at(100'000) = std::byte{1};
        passed = true;
    });
    REQUIRE(fault.has_value());
    CHECK(fault->address == lost.view.data() + 100'000);
    CHECK(fault->os_code != 0);
    CHECK_FALSE(passed);
}

TEST_CASE("what came before the fault has happened, what comes after it has not") {
    const Lost lost;
    volatile int steps = 0;
    const auto fault = catch_faults([&] {
        steps = 1;
        steps = 2;
        *lost.at(kBytes - 1) = std::byte{1};
        steps = 3;
    });
    CHECK(fault.has_value());
    CHECK(steps == 2);
}

TEST_CASE("a fault many calls down, or inside the C library, is caught") {
    const Lost lost;
    CHECK(catch_faults([&] { deep(lost.at(50'000), 60); }).has_value());
    CHECK(catch_faults([&] { std::memset(lost.view.data() + 8192, 1, kBytes - 8192); }).has_value());
    std::vector<char> from(kBytes, 'x');
    CHECK(catch_faults([&] { std::memmove(lost.view.data(), from.data(), kBytes); }).has_value());
    CHECK(catch_faults([&] { lost.view.adopt(8192, kBytes - 8192); }).has_value());
}

TEST_CASE("pages that cannot be had for writing are an error of populate") {
    const Lost lost;
    const auto result = lost.view.populate(8192, kBytes - 8192);
    CHECK_FALSE(result.has_value());
}

TEST_CASE("the caller's variables survive a fault, whatever register they were in") {
    const Lost lost;
    std::uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7;
    double u = 1, v = 2, w = 3, x = 4, y = 5;
    int faults = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto fault = catch_faults([&] {
            asm volatile("" : : : "memory");
            deep(lost.at(100'000), i % 7);
        });
        faults += fault.has_value() ? 1 : 0;
        a += 1, b += a, c += b, d += c, e += d, f += e, g += f;
        u += 1, v += u, w += v, x += w, y += x;
    }
    CHECK(faults == 1000);
    std::uint64_t a2 = 1, b2 = 2, c2 = 3, d2 = 4, e2 = 5, f2 = 6, g2 = 7;
    double u2 = 1, v2 = 2, w2 = 3, x2 = 4, y2 = 5;
    for (int i = 0; i < 1000; ++i) {
        a2 += 1, b2 += a2, c2 += b2, d2 += c2, e2 += d2, f2 += e2, g2 += f2;
        u2 += 1, v2 += u2, w2 += v2, x2 += w2, y2 += x2;
    }
    CHECK(g == g2);
    CHECK(y == y2);
}

TEST_CASE("registers that a callee keeps come back, even if the body has used them all") {
    const Lost lost;
    volatile double factor = 3;
    const double k = factor, l = k + 1, m = k + 2, n = k + 3;   // in registers, where the system has such for doubles
    const auto fault = catch_faults([&] {
        double sums[12] = {};
        for (int i = 0; i < 100; ++i) {
            for (double& sum : sums) {
                sum = sum * k + l * i - m;
            }
        }
        if (sums[0] + sums[11] != 0.5) {
            *lost.at(100'000) = std::byte{1};
        }
    });
    CHECK(fault.has_value());
    CHECK(k * l * m * n == 3.0 * 4 * 5 * 6);
}

TEST_CASE("the innermost catches, and the outer one goes on") {
    const Lost lost;
    bool inner = false;
    bool after = false;
    const auto outer = catch_faults([&] {
        inner = catch_faults([&] { *lost.at(100'000) = std::byte{1}; }).has_value();
        after = true;
        *lost.at(100'005) = std::byte{1};
        after = false;
    });
    CHECK(inner);
    CHECK(after);
    REQUIRE(outer.has_value());
    CHECK(outer->address == lost.view.data() + 100'005);
}

TEST_CASE("threads catch their own faults, at the same time") {
    const Lost lost;
    int caught[4] = {};
    std::vector<std::thread> threads;
    for (int& count : caught) {
        threads.emplace_back([&lost, &count] {
            for (int i = 0; i < 200; ++i) {
                const auto offset = static_cast<std::uint64_t>(8192 + i * 100);
                const auto fault = catch_faults([&] { deep(lost.at(offset), 3); });
                count += fault && fault->address == lost.view.data() + offset ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    for (const int count : caught) {
        CHECK(count == 200);
    }
}

TEST_CASE("views come and go while others fault") {
    const Lost lost;
    bool stop = false;
    std::thread maps([&] {
        while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
            const View view = must(View::map(lost.file, 0, map_granularity() < 65536 ? map_granularity() : 4096,
                                             ViewMode::read));
        }
    });
    int caught = 0;
    for (int i = 0; i < 500; ++i) {
        caught += catch_faults([&] { deep(lost.at(100'000), 3); }).has_value() ? 1 : 0;
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    maps.join();
    CHECK(caught == 500);
}

TEST_CASE("exceptions work after a fault, and inside of what is watched") {
    const Lost lost;
    CHECK(catch_faults([&] { *lost.at(100'000) = std::byte{1}; }).has_value());
    CHECK_THROWS_AS(throw std::runtime_error("x"), std::runtime_error);
    bool caught = false;
    CHECK_FALSE(catch_faults([&] {
                    try {
                        throw std::runtime_error("y");
                    } catch (const std::runtime_error&) {
                        caught = true;
                    }
                }).has_value());
    CHECK(caught);
}

TEST_SUITE_END();
