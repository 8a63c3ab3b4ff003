#!/bin/sh
# From a fresh checkout to the first search: sh config/quickstart.sh
#
# Installs what is missing (Debian 12), builds, indexes tests/corpus, starts a searchd of its own
# and asks it. All that it makes lies in build/quickstart. A second run uses what is there.
# `sh config/quickstart.sh stop` ends the daemon.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/quickstart
run=$build/run
log=$run/searchd.log
searchd=$build/bin/searchd
searchc=$build/bin/searchc

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

# The path of a Unix socket has at most 107 bytes, which a deep checkout can exceed.
socket_path() {
    if [ ${#run} -le 90 ]; then
        echo "$run/searchd.sock"
        return
    fi
    [ -s "$run/socket-path" ] || echo "$(mktemp -d)/searchd.sock" >"$run/socket-path"
    cat "$run/socket-path"
}

# The process of our daemon, if it runs. Its number may by now belong to somebody else.
running() {
    pid=$(cat "$run/pid" 2>/dev/null) || return 1
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$run/data" || return 1
    echo "$pid"
}

# wait_until SECONDS COMMAND...: asks ten times a second.
wait_until() {
    tries=$(($1 * 10))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

gone() {
    ! running >/dev/null
}

ended() {
    ! kill -0 "$started" 2>/dev/null || grep -q '^State:.Z' "/proc/$started/status"
}

answers_or_ended() {
    "$searchc" --socket "unix:$socket" --ping >/dev/null 2>&1 || ended
}

stop() {
    pid=$(running) || {
        echo 'quickstart: nothing runs'
        return
    }
    kill "$pid"
    wait_until 30 gone || fail "process $pid does not end"
    if [ -s "$run/socket-path" ]; then
        rmdir "$(dirname "$(cat "$run/socket-path")")" 2>/dev/null || :
        rm "$run/socket-path"
    fi
    echo "quickstart: stopped process $pid"
}

build() {
    before=$(cksum "$searchd" 2>/dev/null) || before=
    {
        cmake -S "$root" -B "$build" -G 'Unix Makefiles' -DCMAKE_BUILD_TYPE=Release \
            -DBUILD_TESTING=OFF && cmake --build "$build" -j "$(nproc)"
    } >"$build/build.log" 2>&1 || {
        cat "$build/build.log" >&2
        fail 'the build failed; above is what it said'
    }
    # A daemon of an older build is replaced.
    if [ -n "$before" ] && [ "$before" != "$(cksum "$searchd")" ] && running >/dev/null; then
        stop
    fi
}

start() {
    set -- --config "$root/config/searchd.conf" --data "$run/data" --root "$root/tests/corpus"
    "$searchd" "$@" --index-only
    nohup "$searchd" "$@" --listen "unix:$socket" >"$log" 2>&1 </dev/null &
    started=$!
    echo $started >"$run/pid"
    if ! wait_until 30 answers_or_ended || ended; then
        cat "$log" >&2
        fail 'searchd did not start; above is its log'
    fi
}

case ${1-start} in
start) ;;
stop)
    stop
    exit
    ;;
*) fail "unknown word '$1': start or stop" ;;
esac

mkdir -p "$run"
sh "$root/config/packages.sh"
echo "quickstart: building in $build"
build
socket=$(socket_path)
if pid=$(running); then
    echo "quickstart: searchd runs already as process $pid"
else
    start
    echo "quickstart: searchd runs as process $(cat "$run/pid"), log in $log"
fi

printf '\n$ searchc "Unit 8200 Netherlands"\n'
color=always # the first look shows what is highlighted, into a file too
[ -z "${NO_COLOR-}" ] || color=never
SEARCHC_SOCKET=unix:$socket "$searchc" --color $color -n 3 'Unit 8200 Netherlands'

cat <<END

Go on:
    export SEARCHC_SOCKET='unix:$socket' PATH="\$PATH:$build/bin"
    searchc '"Unit 8200" cloud'                    # a phrase and a word
    searchc --since 2025-09 --format jsonl azure   # for programs
    searchc --put - <articles.jsonl                # add documents: {"uri":…,"title":…,"body":…}
    searchc --help
Stop it:
    sh config/quickstart.sh stop
END
