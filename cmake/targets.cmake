# SPDX-License-Identifier: MIT
#
# How Quire's targets are made: what all parts of it are compiled with, fault builds, and tests.

# What compiles Quire itself and its tests: never what its users inherit.
add_library(quire_internal INTERFACE)
target_compile_features(quire_internal INTERFACE cxx_std_23)
target_include_directories(quire_internal INTERFACE "${PROJECT_SOURCE_DIR}/lib" "${PROJECT_SOURCE_DIR}/lib/include")
target_link_libraries(quire_internal INTERFACE quire_xxhash Threads::Threads)

# Libraries of the system that the platform floor calls.
set(QUIRE_SYSTEM_LIBRARIES Threads::Threads)
if(WIN32)
    list(APPEND QUIRE_SYSTEM_LIBRARIES advapi32 bcrypt synchronization)
endif()

# An object library of some floors. Objects go into the static library and, beside another platform, into tests.
function(quire_add_objects target)
    add_library(${target} OBJECT ${ARGN})
    target_link_libraries(${target} PUBLIC quire_internal)
    set_target_properties(${target} PROPERTIES
        LINKER_LANGUAGE CXX
        CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        POSITION_INDEPENDENT_CODE ON)
endfunction()

# quire_fault_engine(log_flush_left_out) makes the object library quire_engine_log_flush_left_out: the engine with that one
# constant of base/fault_points.h turned true. The sources that include the header are compiled again with another of that
# name before it; the other objects are the engine's own. Built only if a test links it.
function(quire_fault_engine fault)
    set(target quire_engine_${fault})
    if(TARGET ${target})
        return()
    endif()
    set(header "${PROJECT_SOURCE_DIR}/lib/base/fault_points.h")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
    file(READ "${header}" text)
    string(REGEX REPLACE "bool ${fault} = false;" "bool ${fault} = true;" faulty "${text}")
    if(faulty STREQUAL text)
        message(FATAL_ERROR "quire_fault_engine: lib/base/fault_points.h has no constant '${fault}' that is false")
    endif()
    set(folder "${PROJECT_BINARY_DIR}/faults/${fault}")
    file(CONFIGURE OUTPUT "${folder}/base/fault_points.h" CONTENT "${faulty}" @ONLY)

    file(GLOB_RECURSE headers "${PROJECT_SOURCE_DIR}/lib/*.h")
    foreach(file IN LISTS headers)
        file(STRINGS "${file}" includes REGEX "^#include \"base/fault_points.h\"")
        if(includes)
            message(FATAL_ERROR "${file} includes base/fault_points.h: a header would mean two things in one program")
        endif()
    endforeach()
    get_target_property(sources quire_engine SOURCES)
    set(affected "")
    set(objects "")
    foreach(file IN LISTS sources)
        file(STRINGS "${file}" includes REGEX "^#include \"base/fault_points.h\"")
        if(includes)
            list(APPEND affected "${file}")
            cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/lib" OUTPUT_VARIABLE name)
            list(APPEND objects "/${name}[.]o")
        endif()
    endforeach()
    list(JOIN objects "|" objects)
    quire_add_objects(${target} ${affected})
    target_include_directories(${target} BEFORE PUBLIC "${folder}")
    target_sources(${target} INTERFACE "$<FILTER:$<TARGET_OBJECTS:quire_engine>,EXCLUDE,${objects}>")
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
endfunction()

# quire_add_test(NAME promises.kills COMMAND program arguments… LABELS promises [quick …] [TIMEOUT seconds])
# A program that ends with 77 was skipped; it has said why. Under Wine the label wine is added.
function(quire_add_test)
    cmake_parse_arguments(PARSE_ARGV 0 test "" "NAME;TIMEOUT;WORKING_DIRECTORY" "COMMAND;LABELS")
    if(NOT test_TIMEOUT)
        set(test_TIMEOUT 300)
    endif()
    if(NOT test_WORKING_DIRECTORY)
        set(test_WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
    endif()
    if(CMAKE_CROSSCOMPILING)
        list(APPEND test_LABELS wine)
    endif()
    add_test(NAME ${test_NAME} COMMAND ${test_COMMAND} WORKING_DIRECTORY "${test_WORKING_DIRECTORY}")
    set_tests_properties(${test_NAME} PROPERTIES
        LABELS "${test_LABELS}" TIMEOUT ${test_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()
