// SPDX-License-Identifier: MIT
//
// What can be wrong with a request, a file or the machine: each has an error of its own, and the store is none the worse.
// What this system cannot show is skipped, loudly.
// Long because each kind of bad input is a short case of its own.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include <quire/check.h>

#include "arguments.h"
#include "board.h"
#include "child.h"
#include "operation.h"
#include "random.h"
#include "scratch.h"

#include "format/checksum.h"
#include "format/header.h"
#include "runtime/layout.h"
#include "store/tuning.h"

using namespace quire;
using namespace quire::promises;
using namespace std::chrono_literals;

namespace quire {
// How doctest shows a code.
inline doctest::String toString(Errc code) { return std::string(name(code)).c_str(); }
}  // namespace quire

namespace {

unsigned skipped = 0;
void skip(const char* what) {
    ++skipped;
    std::printf("SKIPPED: %s\n", what);
    MESSAGE("SKIPPED: " << what);
}

template <class T>
Errc code_of(const Result<T>& result) {
    REQUIRE_FALSE(result);
    CHECK(std::strlen(result.error().what) > 0);
    CHECK_FALSE(to_string(result.error()).empty());
    return result.error().code;
}

Options with(Access access) {
    Options options;
    options.access = access;
    options.upkeep = Upkeep::caller;
    return options;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    REQUIRE(file.flush());
}

std::map<std::string, std::string> some_content(std::uint64_t count = 500) {
    std::map<std::string, std::string> content;
    Random random(1);
    for (std::uint64_t i = 0; i < count; ++i) {
        content[key_of(i)] = random_bytes(random, random.below(300));
    }
    return content;
}

// A closed store with some content.
void make_store(const std::string& path, const format::Geometry& geometry = format::Geometry::smallest()) {
    auto store = store::open_with(path, with(Access::create_new), {geometry});
    REQUIRE_MESSAGE(store, to_string(store.error()));
    for (const auto& [key, value] : some_content()) {
        REQUIRE(store->put(key, value));
    }
    REQUIRE(store->close());
}

void check_unharmed(const Store& store) {
    const auto wrong = difference(some_content(), store);
    CHECK_MESSAGE(!wrong, wrong.value_or(""));
    const auto found = unsound(store);
    CHECK_MESSAGE(!found, found.value_or(""));
}

void check_unharmed(const std::string& path) {
    auto store = Store::open(path, with(Access::read_write));
    REQUIRE_MESSAGE(store, to_string(store.error()));
    check_unharmed(*store);
    CHECK(store->put("still", "writable"));
    CHECK(store->erase("still").value());
    CHECK(store->close());
}

// All ways to open it answer `code`, and the file is as it was.
void check_refused(const std::string& path, Errc code) {
    const std::string before = bytes_of(path);
    for (const Access access : {Access::create, Access::read_write, Access::read_only}) {
        CHECK(code_of(Store::open(path, with(access))) == code);
    }
    const auto report = quire::check(path);
    const Errc found = !report ? report.error().code
                       : report->findings.empty() ? Errc::internal : report->findings[0].error.code;
    CHECK(found == code);
    CHECK(bytes_of(path) == before);
}

const std::vector<format::Geometry> kGeometries = {format::Geometry::smallest(), format::Geometry::production()};

}  // namespace

TEST_CASE("a file that is no store is not_a_store, and stays as it is") {
    const Scratch scratch("bad");
    const std::string path = scratch / "foreign";
    Random random(2);
    write_bytes(path, random_bytes(random, 100'000));
    check_refused(path, Errc::not_a_store);
    write_bytes(path, "SQLite format 3");
    check_refused(path, Errc::not_a_store);
    CHECK(code_of(Store::open(path, with(Access::create_new))) == Errc::already_exists);
}

TEST_CASE("wrong magic is not_a_store") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    const std::string right = bytes_of(path);
    std::string wrong = right;
    wrong[offsetof(format::Header, magic) + 5] = '\n';   // what a text-mode transfer does
    write_bytes(path, wrong);
    check_refused(path, Errc::not_a_store);
    write_bytes(path, right);
    check_unharmed(path);
}

namespace {
// Changes the header, and makes its checksum right again.
template <class Change>
void change_header(const std::string& path, Change change) {
    std::string bytes = bytes_of(path);
    format::Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    change(header);
    header.checksum =
        format::checksum(std::as_bytes(std::span(&header, 1)).subspan(sizeof header.checksum));
    std::memcpy(bytes.data(), &header, sizeof header);
    write_bytes(path, bytes);
}
}  // namespace

TEST_CASE("a newer format is unsupported_format, with its version") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    const std::string right = bytes_of(path);
    change_header(path, [](format::Header& header) { header.identity.format_version = format::kFormatVersion + 7; });
    check_refused(path, Errc::unsupported_format);
    CHECK(Store::open(path).error().detail == format::kFormatVersion + 7);

    write_bytes(path, right);
    change_header(path, [](format::Header& header) { header.identity.features_required = 1u << 9; });
    check_refused(path, Errc::unsupported_format);
    CHECK(Store::open(path).error().detail == 1u << 9);

    write_bytes(path, right);
    check_unharmed(path);
}

TEST_CASE("a damaged header is corrupt") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    std::string bytes = bytes_of(path);
    bytes[offsetof(format::Header, created_by)] ^= 1;
    write_bytes(path, bytes);
    check_refused(path, Errc::corrupt);
}

TEST_CASE("a truncated file is truncated, with the size found") {
    for (const format::Geometry& geometry : kGeometries) {
        const Scratch scratch("bad");
        const std::string path = scratch / "store";
        make_store(path, geometry);
        const std::string right = bytes_of(path);
        // Behind header and metas, but in front of what they refer to.
        const std::uint64_t size = geometry.begin_of(geometry.first_segment()).value;
        REQUIRE(size < right.size());
        write_bytes(path, right.substr(0, size));
        check_refused(path, Errc::truncated);
        CHECK(Store::open(path).error().detail == size);
        write_bytes(path, right.substr(0, format::kPageBytes));   // a header and nothing more
        check_refused(path, Errc::truncated);
        write_bytes(path, right);
        check_unharmed(path);
    }
}

TEST_CASE("a damaged record costs that record, and is found by check") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    const std::string mark = "a value that is found nowhere else in this file";
    {
        auto store = Store::open(path);
        REQUIRE(store);
        REQUIRE(store->put("marked", mark));
        REQUIRE(store->close());
    }
    std::string bytes = bytes_of(path);
    const std::size_t at = bytes.find(mark);
    REQUIRE(at != std::string::npos);
    REQUIRE(bytes.find(mark, at + 1) == std::string::npos);
    bytes[at + 10] ^= 4;
    write_bytes(path, bytes);
    {
        auto store = Store::open(path);
        REQUIRE_MESSAGE(store, to_string(store.error()));
        const auto got = store->get("marked");
        CHECK(code_of(got) == Errc::corrupt);
        CHECK(got.error().detail / format::kPageBytes == at / format::kPageBytes);   // where it is
        for (const auto& [key, value] : some_content()) {
            CHECK(store->get(key).value() == value);
        }
        std::uint64_t damaged = 0;
        std::uint64_t whole = 0;
        {
            const auto pin = store->pin();
            REQUIRE(pin);
            CHECK(code_of(pin->get("marked")) == Errc::corrupt);
            auto scan = pin->scan();
            for (const Result<Record>& record : scan) {
                ++(record ? whole : damaged);
            }
        }
        CHECK(damaged == 1);
        CHECK(whole == some_content().size());
        const auto report = store->check({});
        REQUIRE(report);
        CHECK_FALSE(report->clean());
        CHECK(report->finding_count == 1);
        CHECK(report->findings.at(0).error.code == Errc::corrupt);
        CHECK(store->put("marked", mark));   // written anew, it is well again
        CHECK(store->get("marked").value() == mark);
        CHECK(store->close());
    }
}

TEST_CASE("a directory is not_a_store") {
    const Scratch scratch("bad");
    const std::string path = scratch / "directory";
    std::filesystem::create_directory(path);
    for (const Access access : {Access::create, Access::read_write, Access::read_only}) {
        CHECK(code_of(Store::open(path, with(access))) == Errc::not_a_store);
    }
    CHECK(std::filesystem::is_empty(path));
}

TEST_CASE("a missing file, and one that must not be there") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    CHECK(code_of(Store::open(path, with(Access::read_write))) == Errc::not_found);
    CHECK(code_of(Store::open(path, with(Access::read_only))) == Errc::not_found);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(code_of(Store::open(scratch / "nowhere/store", with(Access::create))) == Errc::not_found);
    make_store(path);
    CHECK(code_of(Store::open(path, with(Access::create_new))) == Errc::already_exists);
    check_unharmed(path);
}

TEST_CASE("no permission is access_denied") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    namespace fs = std::filesystem;
    fs::permissions(scratch.path(), fs::perms::all);
    fs::permissions(path, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    const std::string before = bytes_of(path);
    Child child = Child::start({"--role", "unprivileged", "--path", path});
    CHECK(child.wait() == 0);
    CHECK(bytes_of(path) == before);
    fs::permissions(path, fs::perms::all);
    check_unharmed(path);
}

namespace {
// In a child, which may give up what the test's own user may do.
int open_unprivileged(const std::string& path) {
    drop_privileges();   // on Windows the file's read-only attribute must do
    const auto writing = Store::open(path, with(Access::read_write));
    if (writing || writing.error().code != Errc::access_denied) {
        std::fprintf(stderr, "for writing: %s\n", writing ? "opened" : to_string(writing.error()).c_str());
        return 1;
    }
    auto reading = Store::open(path, with(Access::read_only));
    if (!reading) {
        std::fprintf(stderr, "for reading: %s\n", to_string(reading.error()).c_str());
        return 2;
    }
    const auto wrong = difference(some_content(), *reading);
    if (wrong) {
        std::fprintf(stderr, "%s\n", wrong->c_str());
        return 3;
    }
    return 0;
}
}  // namespace

TEST_CASE("keys, values and batches over their limits") {
    const Scratch scratch("bad");
    auto store = Store::open(scratch / "store", with(Access::create_new));
    REQUIRE(store);
    REQUIRE(store->put("before", "there"));
    const Digest before = store->digest().value();
    std::string key(kKeyBytesMax + 1, 'k');
    CHECK(code_of(store->put(key, "")) == Errc::key_too_large);
    CHECK(store->put(key, "").error().detail == kKeyBytesMax);
    CHECK(code_of(store->insert(key, "")) == Errc::key_too_large);
    std::string value(kValueBytesMax + 1, 'v');
    CHECK(code_of(store->put("key", value)) == Errc::value_too_large);
    CHECK(store->put("key", value).error().detail == kValueBytesMax);
    CHECK(code_of(store->insert("key", value)) == Errc::value_too_large);
    Batch batch;
    batch.put("good", "value").put(key, "");
    CHECK(code_of(store->commit(batch)) == Errc::key_too_large);
    batch.clear();
    batch.put("key", value);
    CHECK(code_of(store->commit(batch)) == Errc::value_too_large);
    batch.clear();
    value.pop_back();
    batch.put("one", value).put("two", value);
    CHECK(code_of(store->commit(batch)) == Errc::batch_too_large);
    CHECK(store->commit(batch).error().detail == kBatchBytesMax);
    CHECK(store->digest().value() == before);

    // At the limit they are welcome.
    key.pop_back();
    CHECK(store->put(key, value));
    CHECK(store->get(key).value() == value);
    CHECK(store->get("before").value() == "there");
    CHECK(store->erase(key).value());
    CHECK(store->digest().value() == before);
    CHECK(store->close());
}

TEST_CASE("a failed expectation is conflict, with its index, and changes nothing") {
    const Scratch scratch("bad");
    auto store = Store::open(scratch / "store", with(Access::create_new));
    REQUIRE(store);
    REQUIRE(store->put("a", "1"));
    const Digest before = store->digest().value();
    Batch batch;
    batch.put("b", "2").expect("a", "1").expect("a", "other").put("c", "3");
    CHECK(code_of(store->commit(batch)) == Errc::conflict);
    CHECK(store->commit(batch).error().detail == 2);
    batch.clear();
    batch.expect_absent("a").put("b", "2");
    CHECK(code_of(store->commit(batch)) == Errc::conflict);
    CHECK(store->commit(batch).error().detail == 0);
    CHECK(store->digest().value() == before);
    CHECK(store->close());
}

TEST_CASE("a handle that was closed answers closed") {
    const Scratch scratch("bad");
    auto opened = Store::open(scratch / "store", with(Access::create_new));
    REQUIRE(opened);
    Store store = *opened;
    Store moved = std::move(store);
    REQUIRE(moved.put("key", "value"));
    REQUIRE(moved.close());
    REQUIRE(opened->close());
    std::string value;
    Store none;
    for (Store* handle : {&moved, &none}) {
        CHECK(code_of(handle->get("key")) == Errc::closed);
        CHECK(code_of(handle->get("key", value)) == Errc::closed);
        CHECK(code_of(handle->contains("key")) == Errc::closed);
        CHECK(code_of(handle->pin()) == Errc::closed);
        CHECK(code_of(handle->put("key", "value")) == Errc::closed);
        CHECK(code_of(handle->erase("key")) == Errc::closed);
        CHECK(code_of(handle->insert("key", "value")) == Errc::closed);
        CHECK(code_of(handle->commit(Batch().put("key", "value"))) == Errc::closed);
        CHECK(code_of(handle->sync()) == Errc::closed);
        CHECK(code_of(handle->checkpoint()) == Errc::closed);
        CHECK(code_of(handle->count()) == Errc::closed);
        CHECK(code_of(handle->digest()) == Errc::closed);
        CHECK(code_of(handle->stats()) == Errc::closed);
        CHECK(code_of(handle->check({})) == Errc::closed);
        CHECK(code_of(handle->position()) == Errc::closed);
        CHECK(code_of(handle->close()) == Errc::closed);
    }
}

TEST_CASE("closing while a pin lives is in_use, and the handle stays open") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    auto store = Store::open(path);
    REQUIRE(store);
    {
        const auto pin = store->pin();
        REQUIRE(pin);
        const auto view = pin->get(key_of(300));
        REQUIRE(view);
        CHECK(code_of(store->close()) == Errc::in_use);
        CHECK(store->put("still", "open"));
        CHECK((*view)->text() == some_content()[key_of(300)]);
        CHECK(store->erase("still").value());
    }
    check_unharmed(*store);
    CHECK(store->close());
}

TEST_CASE("a read-only store refuses writes, and a closed file keeps every byte") {
    for (const format::Geometry& geometry : kGeometries) {
        const Scratch scratch("bad");
        const std::string path = scratch / "store";
        make_store(path, geometry);
        const std::string before = bytes_of(path);
        {
            auto store = Store::open(path, with(Access::read_only));
            REQUIRE_MESSAGE(store, to_string(store.error()));
            check_unharmed(*store);
            CHECK(code_of(store->put("key", "value")) == Errc::read_only);
            CHECK(code_of(store->erase(key_of(300))) == Errc::read_only);
            CHECK(code_of(store->insert("key", "value")) == Errc::read_only);
            CHECK(code_of(store->commit(Batch().put("key", "value"))) == Errc::read_only);
            CHECK(code_of(store->checkpoint()) == Errc::read_only);
            check_unharmed(*store);
            CHECK(store->close());
        }
        CHECK(bytes_of(path) == before);
        check_unharmed(path);
    }
}

TEST_CASE("a read-only process follows a live store") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    auto store = Store::open(path);
    REQUIRE(store);
    Child child = Child::start({"--role", "follower", "--path", path, "--board", scratch / "board"});
    const Board board(scratch / "board");
    // It asks for a key until it is there: which it must be, for it joined the living.
    while (board.get(0) == 0 && child.running()) {
        std::this_thread::yield();
    }
    REQUIRE(store->put("asked for", "given"));
    CHECK(child.wait() == 0);
    CHECK(store->erase("asked for").value());
    check_unharmed(*store);
}

namespace {
int follow(const Arguments& arguments) {
    const Board board(arguments.text("board"));
    auto store = Store::open(arguments.text("path"), with(Access::read_only));
    if (!store) {
        std::fprintf(stderr, "follower: %s\n", to_string(store.error()).c_str());
        return 1;
    }
    if (const auto put = store->put("key", "value"); put || put.error().code != Errc::read_only) {
        std::fprintf(stderr, "follower: its put was not refused\n");
        return 2;
    }
    board.set(0, 1);
    for (;;) {
        const auto found = store->get("asked for");
        if (!found) {
            std::fprintf(stderr, "follower: %s\n", to_string(found.error()).c_str());
            return 3;
        }
        if (*found) {
            return **found == "given" ? 0 : 4;
        }
        std::this_thread::yield();
    }
}
}  // namespace

TEST_CASE("an opener that does not get its turn is busy") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    Options options = with(Access::read_write);
    for (const auto wait : {0ms, 30ms}) {
        options.lock_wait = wait;
        const HeldByte held(path, runtime::kOpenByte);
        REQUIRE(held);
        CHECK(code_of(Store::open(path, options)) == Errc::busy);
    }
    check_unharmed(path);
}

TEST_CASE("a writer that does not get the lock is busy, with the holder's pid; readers read on") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path, format::Geometry::production());
    Options options = with(Access::read_write);
    options.lock_wait = 20ms;
    auto store = Store::open(path, options);
    REQUIRE(store);
    const Board board(scratch / "board");
    Child child = Child::start({"--role", "hog", "--path", path, "--board", scratch / "board"});
    std::uint64_t commits = 0;
    const auto one_more_commit = [&] {
        while (board.get(0) <= commits && child.running()) {
            std::this_thread::yield();
        }
        commits = board.get(0);
        return child.running();
    };
    REQUIRE(one_more_commit());
    bool met = false;
    for (int attempts = 0; attempts < 500 && !met; ++attempts) {
        if (!child.suspend()) {
            break;
        }
        const auto put = store->put("mine", "too");
        if (!put) {
            CHECK(put.error().code == Errc::busy);
            CHECK(put.error().detail == child.pid());
            CHECK(code_of(store->commit(Batch().put("mine", "again"))) == Errc::busy);
            for (const auto& [key, value] : some_content()) {
                CHECK(store->get(key).value() == value);
            }
            met = true;
        }
        child.resume();
        REQUIRE(one_more_commit());
    }
    if (!met) {
        skip("no process was stopped inside the writer lock");
    }
    child.kill();
    *store = Store();
    options.lock_wait = 5'000ms;
    store = Store::open(path, options);
    REQUIRE(store);
    CHECK(store->put("mine", "at last"));
    CHECK_FALSE(unsound(*store));
    CHECK(store->close());
}

namespace {
// Holds the writer lock nearly all the time.
int hog(const Arguments& arguments) {
    const Board board(arguments.text("board"));
    Options options = with(Access::read_write);
    options.lock_wait = 60s;
    auto store = Store::open(arguments.text("path"), options);
    Batch batch;
    for (int i = 0; i < 2'000; ++i) {
        batch.put("hog-" + std::to_string(i), std::string(200, 'h'));
    }
    for (std::uint64_t i = 1; store; ++i) {
        if (const auto committed = store->commit(batch); !committed) {
            std::fprintf(stderr, "hog: %s\n", to_string(committed.error()).c_str());
            return 1;
        }
        board.set(0, i);
    }
    return 1;
}
}  // namespace

TEST_CASE("a handle inherited through fork() answers forked, and the parent goes on") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    auto store = Store::open(path);
    REQUIRE(store);
    const auto code = in_forked_child([&] {
        std::string value;
        const auto is_forked = [](const auto& result) { return !result && result.error().code == Errc::forked; };
        if (!is_forked(store->get(key_of(300))) || !is_forked(store->get(key_of(300), value))) {
            return 1;
        }
        if (!is_forked(store->put("key", "value")) || !is_forked(store->erase(key_of(300)))) {
            return 2;
        }
        if (!is_forked(store->pin()) || !is_forked(store->checkpoint()) || !is_forked(store->count())) {
            return 3;
        }
        return 0;
    });
    if (!code) {
        skip("this system has no fork()");
        return;
    }
    CHECK(*code == 0);
    CHECK(store->put("parent", "goes on"));
    CHECK(store->erase("parent").value());
    check_unharmed(*store);
    // What the child may do: open it for itself.
    const auto again = in_forked_child([&] {
        auto own = Store::open(path);
        return own && own->put("child", "too") && own->erase("child").value_or(false) ? 0 : 1;
    });
    CHECK(again == 0);
    check_unharmed(*store);
}

namespace {
// Writes until the store is full, to be looked at by whoever called. False: it never was.
bool fill_up(Store& store, std::map<std::string, std::string>& content) {
    const std::string value(5'000, 'f');
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const std::string key = "filler-" + std::to_string(i);
        const auto put = store.put(key, value);
        if (!put) {
            CHECK(put.error().code == Errc::full);
            Batch batch;
            for (int n = 0; n < 8; ++n) {
                batch.put("filler batch-" + std::to_string(n), value);
            }
            CHECK(code_of(store.commit(batch)) == Errc::full);
            return true;
        }
        content[key] = value;
    }
    return false;
}
}  // namespace

TEST_CASE("a file quota reached is full, and everything before is there") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    auto content = some_content();
    Options options = with(Access::read_write);
    options.size_bytes_max = 4 << 20;
    {
        auto store = Store::open(path, options);
        REQUIRE(store);
        REQUIRE(fill_up(*store, content));
        CHECK_FALSE(difference(content, *store));
        CHECK_FALSE(unsound(*store));
        CHECK(std::filesystem::file_size(path) <= options.size_bytes_max);
        // The last close wants to checkpoint: `full` too, while no space is kept in reserve for that. Nothing is lost by it.
        const auto closed = store->close();
        CHECK((closed || closed.error().code == Errc::full));
    }
    options.size_bytes_max = 0;
    auto store = Store::open(path, options);
    REQUIRE_MESSAGE(store, to_string(store.error()));
    CHECK_FALSE(difference(content, *store));
    CHECK(store->put("room", "again"));
}

TEST_CASE("a full disk is full, never a fault, and everything before is there") {
    const Scratch scratch("bad");
    const std::string directory = scratch / "small";
    std::filesystem::create_directory(directory);
    const SmallVolume volume(directory, 8 << 20);
    if (!volume) {
        skip("a full disk: no small volume can be mounted here (not root, or not this system)");
        return;
    }
    const std::string path = directory + "/store";
    make_store(path);
    auto content = some_content();
    for (int turn = 0; turn < 2; ++turn) {   // the second time it is opened on a disk that is full already
        auto store = Store::open(path, with(Access::read_write));
        REQUIRE_MESSAGE(store, to_string(store.error()));
        CHECK_FALSE(difference(content, *store));
        if (turn == 0) {
            REQUIRE(fill_up(*store, content));
            CHECK_FALSE(difference(content, *store));
        }
        CHECK_FALSE(unsound(*store));
        if (turn == 0) {
            *store = Store();   // as a crash would
        }
    }
    // At the smallest geometry a checkpoint wants a segment of its own, so the close may not have been clean. Until space is
    // kept in reserve for it, a reader that may not recover says so.
    auto reading = Store::open(path, with(Access::read_only));
    if (reading) {
        CHECK_FALSE(difference(content, *reading));
    } else {
        CHECK(reading.error().code == Errc::read_only);
    }
}

TEST_CASE("a process's file size limit is full, never a signal") {
    const Scratch scratch("bad");
    const std::string path = scratch / "store";
    make_store(path);
    Child child = Child::start({"--role", "limited", "--path", path});
    constexpr int kNoSuchLimit = 77;
    const int code = child.wait();
    if (code == kNoSuchLimit) {
        skip("this system has no file size limit for a process");
        return;
    }
    CHECK(code == 0);
    auto store = Store::open(path);
    REQUIRE(store);
    for (const auto& [key, value] : some_content()) {
        CHECK(store->get(key).value() == value);
    }
    CHECK_FALSE(unsound(*store));
}

namespace {
int fill_limited(const std::string& path) {
    constexpr int kNoSuchLimit = 77;
    constexpr std::uint64_t kLimit = 16 << 20;
    if (!limit_file_bytes(kLimit)) {
        return kNoSuchLimit;
    }
    auto store = Store::open(path, with(Access::read_write));
    if (!store) {
        std::fprintf(stderr, "limited: %s\n", to_string(store.error()).c_str());
        return 1;
    }
    auto content = some_content();
    const std::string value(5'000, 'f');
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const std::string key = "filler-" + std::to_string(i);
        if (const auto put = store->put(key, value); !put) {
            if (put.error().code != Errc::full) {
                std::fprintf(stderr, "limited: %s\n", to_string(put.error()).c_str());
                return 2;
            }
            const auto wrong = difference(content, *store);
            if (wrong) {
                std::fprintf(stderr, "limited: %s\n", wrong->c_str());
            }
            return wrong ? 3 : 0;
        }
        content[key] = value;
    }
    return 4;
}
}  // namespace

int main(int count, char** words) {
    const Arguments arguments(count, words);
    const std::string role = arguments.text("role");
    if (role == "unprivileged") {
        return open_unprivileged(arguments.text("path"));
    }
    if (role == "follower") {
        return follow(arguments);
    }
    if (role == "hog") {
        return hog(arguments);
    }
    if (role == "limited") {
        return fill_limited(arguments.text("path"));
    }
    doctest::Context context(count, words);
    const int code = context.run();
    std::printf("%u skipped\n", skipped);
    return code;
}
