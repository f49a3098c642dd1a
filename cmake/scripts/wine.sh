# SPDX-License-Identifier: MIT
#
# Wine in a prefix of its own, so that no user's settings count and none are touched. For bash; sourced.

# The program that runs Windows programs. Debian's wine64 may come without a `wine` on the path, and its `wine` is a
# script that speaks of 32-bit support that is not needed here: the 64-bit loader itself comes first.
wine_loader() {
    local candidate
    for candidate in /usr/lib/wine/wine64 wine64 wine64-stable wine wine-stable; do
        if command -v "$candidate"; then return; fi
    done
    echo "wine is not installed" >&2
    return 1
}

wine_server() {
    local candidate
    for candidate in wineserver /usr/lib/wine/wineserver64 /usr/lib/wine/wineserver wineserver-stable; do
        if command -v "$candidate"; then return; fi
    done
    echo "wineserver is not installed" >&2
    return 1
}

# No graphics, no browser engine, no .NET: a console program needs none, and the prefix is made without asking.
wine_environment() {
    local root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    export WINEPREFIX=${QUIRE_WINEPREFIX:-$root/build/wineprefix}
    export WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
    export LC_ALL=C.UTF-8 HOME=${HOME:-/tmp}
    unset DISPLAY WINEARCH
}

# Makes the prefix (about 20 seconds, once) and keeps its server running, so that each program starts at once.
wine_start() {
    wine_environment
    mkdir -p "$WINEPREFIX"
    "$(wine_server)" -p
    if [[ ! -f $WINEPREFIX/system.reg ]]; then
        "$(wine_loader)" wineboot --init >/dev/null 2>&1
        "$(wine_loader)" cmd /c exit >/dev/null 2>&1
    fi
}

# Ends the server of this prefix, and no other.
wine_stop() {
    wine_environment
    "$(wine_server)" -k >/dev/null 2>&1 || true
}
