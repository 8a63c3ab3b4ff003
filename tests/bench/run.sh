#!/bin/sh
# The whole benchmark in one run: library and daemon, indexing and queries, as Markdown tables.
#   sh tests/bench/run.sh BIN CORPUS.jsonl QUERIES.tsv [ROUNDS]
# BIN is the bin folder of a release build (cmake --preset release && cmake --build --preset
# release). CORPUS has a document a line ({"id" or "uri", "title", "body", "date"}); QUERIES a
# line a query, KIND TAB TEXT.
set -eu
[ $# -ge 3 ] || {
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
}
bin=$1 corpus=$2 queries=$3 rounds=${4:-5}
work=$(mktemp -d)
daemon=
finish() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || :
    rm -rf "$work"
}
trap finish EXIT
socket=unix:$work/s

echo "## Library: indexing"
"$bin/bench" index "$corpus" "$work/library"
echo
echo "## Library: queries"
"$bin/bench" library "$work/library" "$queries" "$rounds"

"$bin/searchd" --data "$work/daemon" --listen "$socket" 2>"$work/log" &
daemon=$!
tries=0
until "$bin/searchc" --socket "$socket" --ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || {
        cat "$work/log" >&2
        exit 1
    }
    sleep 0.1
done
echo
echo "## Daemon: searchc --put, every document acknowledged durable"
"$bin/searchc" --socket "$socket" --put "$corpus" 2>&1 | tr '\r' '\n' | tail -1
"$bin/searchc" --socket "$socket" --stats
"$bin/bench" memory "$daemon"
echo
echo "## Daemon: queries over the socket"
"$bin/bench" socket "$socket" "$queries" "$rounds"
"$bin/bench" memory "$daemon"
echo
echo "## Daemon: sixteen requests in flight on each of two connections"
"$bin/bench" load "$socket" "$queries" 10 2 16
kill -TERM "$daemon"
wait "$daemon" || echo "the daemon ended with $?"
daemon=

echo
echo "## Library: queries while a hundred documents come in a second, each durable"
"$bin/bench" puts "$work/library" "$queries" "$corpus" 20 100
