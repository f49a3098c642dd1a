// SPDX-License-Identifier: MIT
#include "recovery/format_store.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "base/try.h"
#include "format/frame.h"
#include "format/header.h"
#include "format/meta.h"
#include "format/page.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/random.h"

namespace quire::recovery {

namespace {

using namespace format;

constexpr Epoch kFirstEpoch{1};

// The first bytes of a store: header, metas, one table page, one directory page, one bucket, an empty log.
class Image {
public:
    explicit Image(const Geometry& geometry) : geometry_(geometry) {
        table_ = geometry.first_segment();
        while (table_pages() * kPageBytes > table_segments_ * std::uint64_t{geometry.small_segment_bytes}) {
            ++table_segments_;   // the smallest geometries need more than one from the start
        }
        bytes_.resize(geometry.end_of(log()).value);
    }

    const std::vector<std::byte>& build() {
        Identity identity;
        identity.uuid = platform::random_uuid();
        identity.hash_seed = platform::random_word();
        identity.geometry = geometry_;
        encode_header(at<Header>({0}), identity);

        Meta meta{};
        meta.identity = identity;
        build_index(meta);
        build_table(meta);
        build_log(meta, store_word(identity));
        meta.segments = std::uint64_t{log().value} + 1;
        meta.size_bytes = bytes_.size();
        meta.flags = kMetaLogEnds;
        meta.stored_at = platform::wall_clock_seconds();
        // Both slots are valid from the start, so an invalid one always means that something happened to it.
        for (unsigned slot = 0; slot < 2; ++slot) {
            meta.label = kFirstEpoch.value + slot;
            seal_meta(meta);
            at<Meta>(geometry_.meta_at(slot)) = meta;
        }
        return bytes_;
    }

private:
    SegmentId index() const { return {table_.value + table_segments_}; }
    SegmentId log() const { return {index().value + 1}; }
    std::uint64_t leaves() const {
        return (std::uint64_t{log().value} + 1 + base::low_bits(geometry_.table_bits())) >> geometry_.table_bits();
    }
    std::uint64_t table_pages() const { return leaves() + (leaves() > 1 ? 1 : 0); }

    template <class T>
    T& at(Offset offset) {
        return *reinterpret_cast<T*>(bytes_.data() + offset.value);
    }

    PageHeader& start(Offset offset, PageKind kind, std::uint8_t level) {
        auto& page = at<PageHeader>(offset);
        page.self = offset.value;
        page.born = kFirstEpoch.value;
        page.kind = kind;
        page.level = level;
        return page;
    }

    StreamFill fill(SegmentId segment, std::uint64_t used) const {
        StreamFill fill;
        fill.tail[0] = {geometry_.begin_of(segment).value + used, geometry_.end_of(segment).value};
        return fill;
    }

    void build_index(Meta& meta) {
        const Offset root_at = geometry_.begin_of(index());
        const Offset bucket_at = root_at + kPageBytes;
        PageHeader& bucket = start(bucket_at, PageKind::bucket, 0);
        bucket.seal = seal_of(bucket);
        auto& root = at<DirectoryPage>(root_at);
        start(root_at, PageKind::directory, 1);
        for (std::uint64_t i = 0; i < std::uint64_t{1} << geometry_.fan_out_bits; ++i) {
            root.refs[i] = PageRef::make(bucket_at, 0, 0, false).word;
            root.seals[i] = half_seal(bucket.seal);
        }
        root.header.seal = seal_of(root.header);
        meta.root = PageRef::make(root_at, 0, 1, false).word;
        meta.root_seal = half_seal(root.header.seal);
        meta.index_pages = 2;
        meta.fill[static_cast<unsigned>(Stream::index)] = fill(index(), 2 * kPageBytes);
    }

    void build_table(Meta& meta) {
        // As many leaves as the first segments need: one, but for the smallest geometries.
        const unsigned bits = geometry_.table_bits();
        const std::uint64_t fan_out = std::uint64_t{1} << bits;
        const std::uint64_t count = std::uint64_t{log().value} + 1;
        const Offset begin = geometry_.begin_of(table_);
        for (std::uint64_t i = 0; i < count; ++i) {
            const SegmentId id{static_cast<std::uint32_t>(i)};
            SegmentKind kind = SegmentKind::foreign;
            std::uint64_t live = 0;
            if (id.value >= table_.value && id.value < index().value) {
                kind = SegmentKind::table;
            } else if (id == index()) {
                kind = SegmentKind::index;
                live = 2;
            } else if (id == log()) {
                kind = SegmentKind::log;
            }
            auto& leaf = at<TableLeaf>(begin + i / fan_out * kPageBytes);
            leaf.entries[i % fan_out] = SegmentEntry::make(kind, 0, kFirstEpoch, {}, live);
        }
        for (std::uint64_t l = 0; l < leaves(); ++l) {
            PageHeader& leaf = start(begin + l * kPageBytes, PageKind::table_leaf, 0);
            leaf.prefix = l * fan_out;
            leaf.seal = seal_of(leaf);
        }
        Offset root_at = begin;
        if (leaves() > 1) {
            root_at = begin + leaves() * kPageBytes;
            auto& root = at<DirectoryPage>(root_at);
            start(root_at, PageKind::table_node, 1);
            for (std::uint64_t l = 0; l < leaves(); ++l) {
                root.refs[l] = PageRef::make(begin + l * kPageBytes, 0, 0, false).word;
                root.seals[l] = half_seal(at<PageHeader>(begin + l * kPageBytes).seal);
            }
            root.header.seal = seal_of(root.header);
        }
        meta.table_root = PageRef::make(root_at, 0, leaves() > 1 ? 1 : 0, false).word;
        meta.table_root_seal = half_seal(at<PageHeader>(root_at).seal);
        const std::uint64_t end = begin.value + table_pages() * kPageBytes;
        meta.fill[static_cast<unsigned>(Stream::table)].tail[0] = {end, geometry_.end_of(geometry_.segment_of({end - 1})).value};
    }

    void build_log(Meta& meta, std::uint64_t store) {
        const Offset line_at = geometry_.begin_of(log());
        const LinkBody body{line_at.value, 0, platform::random_word(), 1, 0};
        at<StretchLine>(line_at) = make_stretch_line({0}, body, store);
        meta.log_at = line_at.value + sizeof(StretchLine);
        meta.log_seed = body.seed;
        meta.log_end = geometry_.end_of(log()).value;
        meta.fill[static_cast<unsigned>(Stream::log)] = fill(log(), sizeof(StretchLine));
    }

    Geometry geometry_;
    SegmentId table_;
    std::uint32_t table_segments_ = 1;
    std::vector<std::byte> bytes_;
};

std::string random_name(std::string_view path) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string name(path);
    name += "-new-";
    for (std::uint64_t word = platform::random_word(), i = 0; i < 16; ++i, word >>= 4) {
        name += kDigits[word & 15];
    }
    return name;
}

}  // namespace

Result<void> format_store(std::string_view path, const Geometry& geometry) noexcept {
    try {
        Image image(geometry);
        const auto& bytes = image.build();
        const std::string name = random_name(path);
        QUIRE_TRY_AS(platform::File file, platform::File::open(name, platform::OpenMode::create_new));
        const auto made = [&]() -> Result<void> {
            file.forbid_copy_on_write();
            QUIRE_TRY(file.allocate(0, bytes.size()));
            QUIRE_TRY(file.write_at(bytes, 0));
            // DURABLE(1): the whole store before its name; else a file of that name might hold less than a store.
            QUIRE_TRY(file.sync());
            file = {};   // an open file cannot be renamed on Windows
            return platform::rename_new(name, path);
        }();
        if (!made) {
            file = {};
            (void)platform::remove(name);
            return made;
        }
        // DURABLE(2): the name before anything is acknowledged; else the store could vanish with its commits.
        return platform::sync_directory_of(path);
    } catch (const std::bad_alloc&) {
        return base::fail(Errc::out_of_memory, "no memory to build a new store");
    }
}

}  // namespace quire::recovery
