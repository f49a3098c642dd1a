// SPDX-License-Identifier: MIT
//
// The unit tests' main program: doctest's own. `quire_tests --help` shows how to choose some of them.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
