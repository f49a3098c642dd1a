// SPDX-License-Identifier: MIT
//
// What platform/volume.h promises, tried through it.
#include "platform/volume.h"

#include "scratch.h"

using namespace quire::platform;
using quire::test::must;
using quire::test::Scratch;

TEST_SUITE_BEGIN("platform/volume");

TEST_CASE("a file in the system's temporary folder lies on a local, writable volume with a name") {
    const Scratch scratch;
    const File file = must(File::open(scratch.path("a"), OpenMode::create_new));
    const VolumeTraits traits = must(volume_traits(file));
    CHECK_FALSE(traits.remote);
    CHECK_FALSE(traits.read_only);
    CHECK(std::string_view(traits.kind) != "");
    MESSAGE("volume kind: " << std::string(traits.kind));
}

TEST_SUITE_END();
