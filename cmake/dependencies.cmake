# SPDX-License-Identifier: MIT
#
# What Quire is built with: an installed package first, FetchContent as the way out. The library needs xxHash's header
# alone and inlines it, so that its users link nothing. CLI11 is for kvtool, doctest for tests, Benchmark for bench.
#
# Cross builds take single headers, staged in the build folder: the host's /usr/include never reaches their command line.
include(FetchContent)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Finds the folder that holds `header`; in a cross build a copy of `what` (a file or folder beside it) in the build tree.
function(quire_find_header variable header what)
    if(NOT CMAKE_CROSSCOMPILING)
        find_path(${variable} "${header}")
        mark_as_advanced(${variable})
        return()
    endif()
    if(NOT ${variable})
        unset(found CACHE)
        find_path(found "${header}" PATHS "${QUIRE_HOST_INCLUDE_DIR}" /usr/local/include /usr/include
            NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
        if(found)
            file(COPY "${found}/${what}" DESTINATION "${PROJECT_BINARY_DIR}/staged")
            set(${variable} "${PROJECT_BINARY_DIR}/staged" CACHE PATH "Where ${header} was staged")
            mark_as_advanced(${variable})
        endif()
        unset(found CACHE)
    endif()
endfunction()

# An interface target over a folder of headers, as a system folder: no warnings from there.
function(quire_header_target target folder)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} SYSTEM INTERFACE "${folder}")
endfunction()

quire_find_header(QUIRE_XXHASH_DIR xxhash.h xxhash.h)
if(NOT QUIRE_XXHASH_DIR)
    FetchContent_Declare(xxhash GIT_REPOSITORY https://github.com/Cyan4973/xxHash.git GIT_TAG v0.8.2 GIT_SHALLOW ON
        SOURCE_SUBDIR headers-only)
    FetchContent_MakeAvailable(xxhash)
    set(QUIRE_XXHASH_DIR "${xxhash_SOURCE_DIR}")
endif()
quire_header_target(quire_xxhash "${QUIRE_XXHASH_DIR}")

if(QUIRE_BUILD_TOOLS)
    if(NOT CMAKE_CROSSCOMPILING)
        find_package(CLI11 CONFIG QUIET)
    endif()
    if(NOT TARGET CLI11::CLI11)
        quire_find_header(QUIRE_CLI11_DIR CLI/CLI.hpp CLI)
        if(QUIRE_CLI11_DIR)
            quire_header_target(CLI11::CLI11 "${QUIRE_CLI11_DIR}")
        else()
            FetchContent_Declare(cli11 GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git GIT_TAG v2.3.2
                GIT_SHALLOW ON)
            FetchContent_MakeAvailable(cli11)
        endif()
    endif()
endif()

if(QUIRE_BUILD_TESTS)
    quire_find_header(QUIRE_DOCTEST_DIR doctest/doctest.h doctest)
    if(NOT QUIRE_DOCTEST_DIR)
        FetchContent_Declare(doctest GIT_REPOSITORY https://github.com/doctest/doctest.git GIT_TAG v2.4.11
            GIT_SHALLOW ON SOURCE_SUBDIR headers-only)
        FetchContent_MakeAvailable(doctest)
        set(QUIRE_DOCTEST_DIR "${doctest_SOURCE_DIR}")
    endif()
    quire_header_target(quire_doctest "${QUIRE_DOCTEST_DIR}")
endif()

if(QUIRE_BUILD_BENCH)
    find_package(benchmark CONFIG QUIET)
    if(NOT TARGET benchmark::benchmark)
        set(BENCHMARK_ENABLE_TESTING OFF CACHE BOOL "" FORCE)
        set(BENCHMARK_ENABLE_INSTALL OFF CACHE BOOL "" FORCE)
        FetchContent_Declare(benchmark GIT_REPOSITORY https://github.com/google/benchmark.git GIT_TAG v1.8.3
            GIT_SHALLOW ON)
        FetchContent_MakeAvailable(benchmark)
    endif()
endif()
