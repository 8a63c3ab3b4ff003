#!/bin/sh
# The comparison with peers in one run: prepares, builds the drivers, indexes, asks, writes tables.
#   sh tests/bench/peers/run.sh CORPUS_DIR WORK_DIR [PASSES [ROUNDS [SECONDS]]]
# CORPUS_DIR has one file of documents, *.jsonl. WORK_DIR gets everything: docs.tsv, queries.tsv,
# an index in a folder of each engine's name, results.tsv (all passes), hits/, index.tsv, table.tsv
# and table.md. What is there is not made again: remove an engine's folder to index it anew. What an
# earlier run measured of other engines stays in results.tsv.
# Each pass asks all engines, one after the other; a figure is the median of the passes.
# Variables: ENGINES  which, of: searchd lucene lucene-merged tantivy tantivy-merged xapian fts5
#            BIN      the bin folder of a release build of searchd (build/release/bin)
#            DRIVERS  where the drivers are built (WORK_DIR/drivers)
#            SLOW     engines that are asked in the first pass only (fts5)
#            SEED     of the questions (1)
#            LUCENE   its version; it needs a JDK of 21 or newer (JAVA_HOME or /usr/lib/jvm)
set -eu
[ $# -ge 2 ] || {
    sed -n '2,16s/^# //p' "$0" >&2
    exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
corpus=$(ls "$1"/*.jsonl)
mkdir -p "$2/hits"
work=$(cd "$2" && pwd)
passes=${3:-3} rounds=${4:-20} seconds=${5:-1}
engines=${ENGINES:-searchd lucene lucene-merged tantivy tantivy-merged xapian fts5}
bin=${BIN:-$root/build/release/bin}
drivers=${DRIVERS:-$work/drivers}
slow=" ${SLOW:-fts5} "
lucene=${LUCENE:-10.6.0}
skipped=
mkdir -p "$drivers"

newest_java() {
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
        [ -x "$home/bin/javac" ] || continue
        major=$("$home/bin/javac" -version 2>&1 | sed 's/^javac \([0-9]*\).*/\1/')
        [ "$major" -lt 21 ] || echo "$major $home"
    done | sort -n | tail -1 | cut -d' ' -f2
}

build_lucene() {
    java=$(newest_java)
    [ -n "$java" ] || {
        echo "run: no JDK of 21 or newer: set JAVA_HOME" >&2
        return 1
    }
    jars=$drivers/jars-$lucene
    for name in lucene-core lucene-analysis-common; do
        [ -f "$jars/$name-$lucene.jar" ] ||
            mvn -B -q dependency:copy "-Dartifact=org.apache.lucene:$name:$lucene" \
                "-DoutputDirectory=$jars" >&2 || return 1
    done
    classes=$drivers/lucene:$jars/lucene-core-$lucene.jar:$jars/lucene-analysis-common-$lucene.jar
    "$java/bin/javac" -d "$drivers/lucene" -cp "$classes" "$here/lucene/LuceneDriver.java" >&2 &&
        printf '#!/bin/sh\nexec "%s" -Xmx4g --enable-native-access=ALL-UNNAMED %s -cp "%s" %s "$@"\n' \
            "$java/bin/java" "--add-modules jdk.incubator.vector" "$classes" LuceneDriver \
            >"$drivers/lucene.sh" && chmod +x "$drivers/lucene.sh"
}

build_tantivy() {
    cp -rp "$here/tantivy" "$drivers/" &&
        cargo build -q --release --manifest-path "$drivers/tantivy/Cargo.toml" \
            --target-dir "$drivers/tantivy-target" >&2
}

compile() { # COMPILER OUT FILE FLAGS...
    compiler=$1 out=$2 file=$3
    shift 3
    cc -O2 -D_GNU_SOURCE "-I$root" -c "$here/driver.c" -o "$drivers/driver.o" &&
        "$compiler" -O2 -D_GNU_SOURCE "-I$root" "$here/$file" "$drivers/driver.o" -o "$drivers/$out" "$@"
}

# Makes the driver of an engine ready; false, with a reason, when it cannot be.
build() {
    case $1 in
    lucene*) build_lucene ;;
    tantivy*) build_tantivy ;;
    xapian) compile c++ xapian xapian.cc $(xapian-config --cxxflags --libs) ;;
    fts5) compile cc fts5 fts5.c -lsqlite3 ;;
    searchd) [ -x "$bin/bench" ] ;;
    *) false ;;
    esac || {
        echo "run: SKIPPED $1: its driver could not be made ready" >&2
        return 1
    }
}

driver() { # ENGINE: the command of its driver
    case $1 in
    lucene*) echo "$drivers/lucene.sh" ;;
    tantivy*) echo "$drivers/tantivy-target/release/tantivy_driver" ;;
    *) echo "$drivers/$1" ;;
    esac
}

timed() {
    python3 -B "$here/timed.py" "$work/index.tsv" "$@" 2>>"$work/log"
}

# Builds under another name and renames, so that what has an engine's name is whole.
make_index() {
    [ ! -d "$work/$1" ] || return 0
    rm -rf "$work/making"
    case $1 in
    searchd)
        timed "$1" "$work/making" "$bin/bench" index "$corpus" "$work/making"
        ;;
    *-merged)
        make_index "${1%-merged}" && cp -r "$work/${1%-merged}" "$work/making" &&
            timed "$1" "$work/making" "$(driver "$1")" merge "$work/making"
        ;;
    *)
        mkdir "$work/making" &&
            timed "$1" "$work/making" "$(driver "$1")" index "$work/docs.tsv" "$work/making"
        ;;
    esac && mv "$work/making" "$work/$1" || {
        echo "run: SKIPPED $1: indexing failed, see $work/log" >&2
        return 1
    }
}

ask() {
    rm -f "$work/rows" "$work"/hits/x.*
    case $1 in
    searchd)
        "$bin/bench" rows "$work/searchd" "$work/queries.tsv" "$rounds" "$seconds" "$work/hits/x"
        for made in "$work"/hits/x.*.hits; do
            mv "$made" "$work/hits/${made##*/x.}"
        done
        ;;
    *)
        "$(driver "$1")" search "$work/$1" "$work/queries.tsv" "$1" "$rounds" "$seconds" \
            "$work/hits/$1.hits"
        ;;
    esac >"$work/rows" 2>>"$work/log" || {
        echo "run: $1 failed, see $work/log" >&2
        return 1
    }
    cat "$work/rows" >>"$work/results.tsv"
}

[ -f "$work/queries.tsv" ] || python3 -B "$here/prepare.py" "$corpus" "${SEED:-1}" "$work"
ready=
for engine in $engines; do
    if build "$engine" && make_index "$engine"; then
        ready="$ready $engine"
    else
        skipped="$skipped $engine"
    fi
done
# What other engines took in an earlier run stays.
touch "$work/results.tsv"
for engine in $ready; do
    case $engine in
    searchd) grep -v '^searchd' "$work/results.tsv" ;;
    *) grep -v "^$engine$(printf '\t')" "$work/results.tsv" ;;
    esac >"$work/rows" || :
    mv "$work/rows" "$work/results.tsv"
done
pass=1
while [ "$pass" -le "$passes" ]; do
    for engine in $ready; do
        case $pass$slow in
        1*) ;;
        *" $engine "*) continue ;;
        esac
        echo "run: pass $pass of $passes: $engine" >&2
        ask "$engine" || skipped="$skipped $engine"
    done
    pass=$((pass + 1))
done
rm -f "$work/rows"
python3 -B "$here/table.py" "$work" "$work/table.tsv" >"$work/table.md"
echo "run: $work/table.md" >&2
[ -z "$skipped" ] || {
    echo "run: not complete:$skipped" >&2
    exit 1
}
