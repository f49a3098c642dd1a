// SPDX-License-Identifier: MIT
//
// Volumes on Linux: by the file system's magic number.
#include "platform/volume.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "platform/posix/posix.h"

namespace quire::platform {

namespace {

struct Kind {
    std::uint32_t magic;
    const char* name;
    bool remote;
    bool copy_on_write;
};

constexpr bool kRemote = true;
constexpr bool kLocal = false;
constexpr bool kCopies = true;
constexpr bool kInPlace = false;

// FUSE is not called remote: it is as often a local disk, and its locks say themselves if they do not work.
// XFS counts as copying since a reflinked copy of a store shares its blocks.
constexpr Kind kKinds[] = {
    {0x0000'EF53, "ext4", kLocal, kInPlace},      {0x5846'5342, "xfs", kLocal, kCopies},
    {0x9123'683E, "btrfs", kLocal, kCopies},      {0x0102'1994, "tmpfs", kLocal, kInPlace},
    {0x794C'7630, "overlay", kLocal, kInPlace},   {0x2FC1'2FC1, "zfs", kLocal, kCopies},
    {0xF2F5'2010, "f2fs", kLocal, kInPlace},      {0xCA45'1A4E, "bcachefs", kLocal, kCopies},
    {0x0000'3434, "nilfs2", kLocal, kCopies},     {0x8584'58F6, "ramfs", kLocal, kInPlace},
    {0x7366'746E, "ntfs3", kLocal, kInPlace},     {0x2011'BAB0, "exfat", kLocal, kInPlace},
    {0x0000'4D44, "vfat", kLocal, kInPlace},      {0x6573'5546, "fuse", kLocal, kInPlace},
    {0x0000'6969, "nfs", kRemote, kInPlace},      {0xFF53'4D42, "cifs", kRemote, kInPlace},
    {0xFE53'4D42, "smb2", kRemote, kInPlace},     {0x0000'517B, "smb", kRemote, kInPlace},
    {0x0102'1997, "9p", kRemote, kInPlace},       {0x00C3'6400, "ceph", kRemote, kInPlace},
    {0x5346'414F, "afs", kRemote, kInPlace},      {0x6B41'4653, "afs", kRemote, kInPlace},
    {0x7375'7245, "coda", kRemote, kInPlace},     {0x0000'564C, "ncp", kRemote, kInPlace},
    {0x0BD0'0BD0, "lustre", kRemote, kInPlace},   {0x4750'4653, "gpfs", kRemote, kInPlace},
    {0x0116'1970, "gfs2", kRemote, kInPlace},     {0x7461'636F, "ocfs2", kRemote, kInPlace},
    {0x786F'4256, "vboxsf", kRemote, kInPlace},
};

}  // namespace

Result<VolumeTraits> volume_traits(const File& file) noexcept {
    struct statfs status;
    if (posix::uninterrupted([&] { return ::fstatfs(static_cast<int>(file.handle()), &status); }) != 0) {
        return posix::fail(errno, "cannot query the volume");
    }
    VolumeTraits traits;
    traits.kind = "other";
    traits.read_only = (static_cast<unsigned long>(status.f_flags) & ST_RDONLY) != 0;
    for (const Kind& kind : kKinds) {
        if (kind.magic == static_cast<std::uint32_t>(status.f_type)) {   // f_type is signed: magics above 2^31
            traits.kind = kind.name;
            traits.remote = kind.remote;
            traits.copy_on_write = kind.copy_on_write;
        }
    }
    return traits;
}

}  // namespace quire::platform
