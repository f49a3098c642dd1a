// SPDX-License-Identifier: MIT
#include "format/header.h"

#include <cstring>

#include "base/try.h"
#include "format/checksum.h"

namespace quire::format {

namespace {

constexpr char kCreatedBy[] = "quire 0.1.0";

std::uint64_t header_checksum(const Header& page) noexcept {
    return checksum(std::as_bytes(std::span(&page, 1)).subspan(sizeof page.checksum));
}

}  // namespace

std::uint64_t store_word(const Identity& identity) noexcept {
    std::uint64_t word;
    std::memcpy(&word, identity.uuid.data(), sizeof word);
    return word;
}

void encode_header(Header& page, const Identity& identity) noexcept {
    std::memset(static_cast<void*>(&page), 0, sizeof page);
    page.magic = kHeaderMagic;
    page.identity = identity;
    std::memcpy(page.created_by.data(), kCreatedBy, sizeof kCreatedBy);
    page.checksum = header_checksum(page);
}

Result<Identity> decode_header(const Header& page) noexcept {
    if (page.magic != kHeaderMagic) {
        return base::fail(Errc::not_a_store, "no Quire file: the magic bytes differ");
    }
    if (page.identity.format_version > kFormatVersion) {
        return base::fail(Errc::unsupported_format, "written by a newer release: format version",
                          page.identity.format_version);
    }
    if (page.checksum != header_checksum(page)) {
        return base::fail(Errc::corrupt, "the header's checksum differs", 0);
    }
    if (!page.identity.geometry.valid()) {
        return base::fail(Errc::corrupt, "the header's geometry makes no sense", offsetof(Header, identity));
    }
    return page.identity;
}

Result<void> check_features(const Identity& identity, bool writable) noexcept {
    if (identity.features_required != 0) {
        return base::fail(Errc::unsupported_format, "needs features of a newer release", identity.features_required);
    }
    if (writable && identity.features_read_only != 0) {
        return base::fail(Errc::unsupported_format, "can only be read by this release: newer features",
                          identity.features_read_only);
    }
    return {};
}

}  // namespace quire::format
