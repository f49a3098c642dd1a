// SPDX-License-Identifier: MIT
//
// What platform/writer_queue.h promises on this system alone.
#include "platform/writer_queue.h"

#include "base/shared_word.h"
#include "platform/posix/child.h"
#include "platform/view.h"
#include "platform/scratch.h"

using namespace quire;
using namespace quire::platform;
using namespace std::chrono_literals;
using quire::test::must;
using quire::test::Scratch;

TEST_SUITE_BEGIN("platform/writer_queue");

// A private futex would be one of this process's addresses: the sleeper would wait out its slice.
TEST_CASE("a wake reaches a sleeper in another process, through a view of its own") {
    const Scratch scratch;
    File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    must(file.allocate(0, 4096));
    const View view = must(View::map(file, 0, 4096, ViewMode::read_write));
    auto* const words = reinterpret_cast<std::uint32_t*>(view.data());
    WriterQueue queue = must(WriterQueue::open("test"));
    const pid_t child = ::fork();
    if (child == 0) {
        const auto own = View::map(file, 0, 4096, ViewMode::read_write);
        auto* const mine = reinterpret_cast<std::uint32_t*>(own->data());
        base::store_seq_cst(mine[1], 1u);
        const Nanoseconds begin = now();
        while (base::load_seq_cst(mine[0]) == 0) {
            queue.sleep_on(mine[0], 0, 60s);
        }
        ::_exit(now() - begin < 30s ? 0 : 1);
    }
    while (base::load_seq_cst(words[1]) == 0) {
        sleep_for(1ms);
    }
    sleep_for(20ms);
    base::store_seq_cst(words[0], 1u);
    queue.wake_one(words[0]);
    CHECK(test::wait_for(child).exited_with(0));
}

TEST_SUITE_END();
