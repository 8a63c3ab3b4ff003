#!/bin/sh
# clang-tidy over the sources of the project, by the checks in .clang-tidy:
# sh tests/lint/tidy.sh BUILD-FOLDER [FILE...]
set -eu

build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- index/*/*.c daemon/*.c client/*.c client/lib/*.c
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build" 2>"$build/tidy.log" ||
    {
        grep -v ' warnings\{0,1\} generated' "$build/tidy.log" >&2 || true
        exit 1
    }
echo "clang-tidy: nothing to say about $# files"
