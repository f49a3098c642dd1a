#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A store goes to and fro between two builds, closed or left open as by a crash; each finds what the other wrote.
#
# Usage: interchange.sh HERE THERE     two commands that run `interchange`, for instance: ./interchange 'wine interchange.exe'
set -eu
here=$1
there=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The path of a file as a program sees it: Windows programs get theirs from Wine.
path_for() {
    case $1 in
        *wine*) winepath -w "$2" ;;
        *) echo "$2" ;;
    esac
}

for geometry in smallest production; do
    file=$scratch/$geometry
    seed=1
    for end in close crash close crash; do
        for turn in "$here|$there" "$there|$here"; do
            writer=${turn%%|*}
            reader=${turn##*|}
            options=
            [ "$geometry" = smallest ] && options=smallest
            [ "$end" = crash ] && options="$options crash"
            wrote=$($writer write "$(path_for "$writer" "$file")" "$seed" $options | tr -d '\r')
            read_back=$($reader verify "$(path_for "$reader" "$file")" "$seed" | tr -d '\r')
            if [ -z "$wrote" ] || [ "$wrote" != "$read_back" ]; then
                echo "interchange: $geometry, seed $seed, $end: '$wrote' written, '$read_back' read" >&2
                exit 1
            fi
            echo "$geometry seed $seed $end: $writer -> $reader: $wrote"
            seed=$((seed + 1))
        done
    done
done
echo "interchange: all equal"
