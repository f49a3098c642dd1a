# SPDX-License-Identifier: MIT
#
# Installs what is missing, on Debian and its relatives. For bash; sourced.

packages_build=(g++ cmake ninja-build libxxhash-dev libcli11-dev doctest-dev)
packages_test=(python3 pkg-config)
packages_sanitizers=(clang-19 libclang-rt-19-dev)
packages_wine=(g++-mingw-w64-x86-64-posix wine64 wine)
packages_lint=(clang-19 clang-tidy-19 clang-format-19 python3)
packages_bench=(libbenchmark-dev liblmdb-dev libabsl-dev)

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "$0: missing packages can only be installed by root, or with sudo" >&2
        return 1
    fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"; }

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# need_packages NAME…: silent when all are there.
need_packages() {
    local package missing=()
    if ! command -v apt-get >/dev/null; then
        echo "not a Debian system: make sure that these are installed: $*"
        return
    fi
    for package in "$@"; do
        if ! is_installed "$package"; then missing+=("$package"); fi
    done
    if [[ ${#missing[@]} -eq 0 ]]; then return; fi
    echo "installing ${missing[*]}"
    local log=${TMPDIR:-/tmp}/quire-packages.$$.log
    if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        echo "$0: installing packages failed; the whole log is $log" >&2
        return 1
    fi
    rm -f "$log"
}

# The machine's package index, which the main job stores; a fresh image has none yet.
need_package_index() {
    if [[ $(apt-cache dumpavail 2>/dev/null | head -c 1000000 | wc -c) -lt 1000000 ]]; then
        echo "fetching the package index"
        apt update </dev/null >/dev/null
    fi
}
