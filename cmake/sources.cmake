# SPDX-License-Identifier: MIT
#
# Sources are listed by hand, one line a file, so that a diff shows what joined a target. A file that nobody listed is a
# warning when configuring; the test tidy.sources fails for it.
#
#   quire_check_listed(folder "*.cpp" sources…)     names relative to the folder
function(quire_check_listed folder pattern)
    file(GLOB_RECURSE unlisted RELATIVE "${folder}" "${folder}/${pattern}")
    list(REMOVE_ITEM unlisted "" ${ARGN})
    file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}" "${folder}")
    foreach(file IN LISTS unlisted)
        message(WARNING "${name}/${file} stands in no CMakeLists.txt: nobody compiles it")
    endforeach()
endfunction()
