// SPDX-License-Identifier: MIT
#include "format/meta.h"

#include <cstring>

#include "base/try.h"
#include "format/checksum.h"

namespace quire::format {

namespace {

std::uint64_t meta_checksum(const Meta& meta) noexcept {
    return checksum(std::as_bytes(std::span(&meta, 1)).subspan(sizeof meta.checksum));
}

}  // namespace

void seal_meta(Meta& meta) noexcept {
    meta.magic = kMetaMagic;
    meta.checksum = meta_checksum(meta);
}

std::optional<Meta> decode_meta(const std::byte* page, const Identity& identity) noexcept {
    Meta meta;   // judged as a copy: a dying writer may still be storing
    std::memcpy(static_cast<void*>(&meta), page, sizeof meta);
    if (meta.magic != kMetaMagic || meta.checksum != meta_checksum(meta) || meta.label == 0 ||
        meta.identity.uuid != identity.uuid || meta.identity.geometry != identity.geometry) {
        return std::nullopt;
    }
    return meta;
}

Result<ChosenMeta> choose_meta(const std::byte* first, const std::byte* second, const Identity& identity) noexcept {
    const std::optional<Meta> metas[2] = {decode_meta(first, identity), decode_meta(second, identity)};
    if (!metas[0] && !metas[1]) {
        return base::fail(Errc::corrupt, "neither meta page is whole", identity.geometry.meta_at(0).value);
    }
    const unsigned slot = !metas[0] || (metas[1] && metas[1]->label > metas[0]->label) ? 1 : 0;
    const auto& other = metas[1 - slot];
    return ChosenMeta{*metas[slot], slot, {metas[0].has_value(), metas[1].has_value()}, other ? other->label : 0};
}

}  // namespace quire::format
