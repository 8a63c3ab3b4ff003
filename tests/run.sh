#!/bin/sh
# Every test: sh tests/run.sh
#
# Installs what the tests need, then in this order: all tests under AddressSanitizer and UBSan
# (gcc); a clang build, its warnings errors, and the fuzz targets for a while; the tests with
# threads under ThreadSanitizer; clang-tidy. The first stage that fails ends it.
# FUZZ_SECONDS=N: how long requests are fuzzed (60); each other target gets a fifth.
set -eu

cd "$(dirname "$0")/.."
jobs=$(nproc)
fuzz_seconds=${FUZZ_SECONDS:-60}
with_threads='unit_(blockmax_unions|client|daemon|engine|extension|store)|property_concurrent|protocol|cli_real'

stage() {
    printf '\n== %s: %s\n' "$(date +%T)" "$*"
}

# build PRESET: quiet unless it fails.
build() {
    mkdir -p "build/$1"
    { cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"; } >"build/$1/build.log" 2>&1 || {
        cat "build/$1/build.log"
        exit 1
    }
    tail -n 1 "build/$1/build.log"
}

fuzz() {
    name=$1 seconds=$2
    mkdir -p "build/fuzz/found/$name"
    echo "fuzz_$name for $seconds s"
    "build/fuzz/bin/fuzz_$name" -max_total_time="$seconds" -max_len=16384 -timeout=20 \
        -rss_limit_mb=2048 -artifact_prefix="build/fuzz/$name-" "build/fuzz/found/$name" \
        "tests/fuzz/corpus/$name" >"build/fuzz/$name.log" 2>&1 || {
        tail -n 60 "build/fuzz/$name.log"
        exit 1
    }
    tail -n 1 "build/fuzz/$name.log"
}

stage 'packages'
sh config/packages.sh --tests

stage 'all tests, AddressSanitizer and UndefinedBehaviorSanitizer, gcc'
build dev
ctest --preset dev -j "$jobs"

stage 'fuzz targets, clang'
build fuzz
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    case ${name#fuzz_} in
    request) fuzz request "$fuzz_seconds" ;;
    *) fuzz "${name#fuzz_}" $(((fuzz_seconds + 4) / 5)) ;;
    esac
done

stage 'tests with threads, ThreadSanitizer'
build tsan
ctest --preset tsan -R "$with_threads" -j "$jobs"

stage 'clang-tidy'
sh tests/lint/tidy.sh build/fuzz

stage 'all good'
