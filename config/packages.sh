#!/bin/sh
# Installs the Debian 12 packages that searchd is built from: sh config/packages.sh [--tests]
#
# --tests adds what the tests need. Only what is missing is installed; when nothing is, neither
# the network nor root is asked.
set -eu

build='cmake gcc libc6-dev make pkg-config
    libarchive-dev libcjson-dev libevent-dev libicu-dev libinih-dev libmd4c-dev libseccomp-dev
    libsqlite3-dev libstemmer-dev libxml2-dev poppler-utils zlib1g-dev'
tests='clang clang-format clang-tidy g++ libclang-rt-14-dev libcmocka-dev llvm netcat-openbsd
    python3 sqlite3 strace valgrind'

fail() {
    printf 'packages.sh: %s\n' "$@" >&2
    exit 1
}

case ${1-} in
'') wanted=$build ;;
--tests) wanted="$build $tests" ;;
*) fail "unknown option '$1': only --tests is known" ;;
esac

if ! command -v dpkg-query >/dev/null; then
    fail 'no dpkg-query here: this script knows Debian (12 or later) and its kin.' \
        "Install by hand what these packages hold: $(echo $wanted)"
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=absent
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    fail "these packages are missing:$missing" \
        'Only root can install them, and there is no sudo. As root, run:' \
        "apt-get install$missing"
fi

echo "packages.sh: installing$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086 # a list
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
