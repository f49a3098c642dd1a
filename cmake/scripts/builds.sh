# SPDX-License-Identifier: MIT
#
# Builds and tests presets. For bash; sourced with the source folder as the current one.

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# build PRESET [TARGET…]: one line when it went well, the compiler's output when it did not.
build() {
    local preset=$1 start=$EPOCHREALTIME log=build/$1.log
    shift
    mkdir -p build
    if ! { cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}; } </dev/null >"$log" 2>&1
    then
        grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 60 >&2
        echo "$0: building '$preset' failed; the whole log is $log" >&2
        return 1
    fi
    grep -A2 'CMake Warning' "$log" >&2 || true
    echo "built $preset in $(seconds_since "$start") s"
}

passed=0 failed=0 skipped=0
closing_lines=()

# run_tests TITLE PRESET OPTION…: ctest's own output; keeps its closing line and adds its counts up.
run_tests() {
    local title=$1 preset=$2 result=0 counts tests=0 failures=0 left_out=0
    shift 2
    local log=build/$preset.$title.tests.log report=$PWD/build/$preset.$title.tests.xml
    echo "=== $title"
    rm -f "$report"
    ctest --preset "$preset" --output-junit "$report" "$@" </dev/null 2>&1 | tee "$log"
    if [[ ${PIPESTATUS[0]} -ne 0 ]]; then result=1; fi
    if [[ -f $report ]]; then
        counts=$(sed -n '/<testsuite /,/>/p' "$report")
        tests=$(sed -nE 's/^\s*tests="([0-9]+)".*/\1/p' <<<"$counts")
        failures=$(sed -nE 's/^\s*failures="([0-9]+)".*/\1/p' <<<"$counts")
        left_out=$(sed -nE 's/^\s*skipped="([0-9]+)".*/\1/p' <<<"$counts")
    fi
    if [[ $tests -eq 0 ]]; then
        echo "$0: $title: no test ran" >&2
        result=1
    fi
    closing_lines+=("$title: $(grep -E '^[0-9]+% tests passed' "$log" || echo 'no test ran')")
    passed=$((passed + tests - failures - left_out))
    failed=$((failed + failures))
    skipped=$((skipped + left_out))
    return $result
}

# The last lines of a run: what each ctest said, then the sum.
print_closing() {
    local line
    echo
    for line in "${closing_lines[@]}"; do echo "$line"; done
    echo "verify: $passed passed, $failed failed, $skipped skipped"
}
