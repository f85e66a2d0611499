#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Checks a package of deb.sh without installing it, and runs its programs. Needs no root; mandoc reads the man pages.
#
#   tools/package/check_deb.sh PACKAGE.deb
set -euo pipefail
package=$(realpath "$1")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() { echo "$package: $*" >&2; exit 1; }

dpkg-deb -x "$package" "$root"
version=$(dpkg-deb -f "$package" Version)

# Every user reads and runs it, and only root changes it.
wrong=$(dpkg-deb -c "$package" | grep -Ev '^(d|-)rwxr-xr-x root/root |^-rw-r--r-- root/root ') || true
[ -z "$wrong" ] || fail "owners and modes: $wrong"

# Debian's base has the C library alone: each other library is in the package or comes with a named dependency.
for name in $(dpkg-deb -f "$package" Depends | sed 's/ *([^)]*)//g; s/,/ /g'); do
  case $name in libc6 | libgcc-s1 | libssl3 | libssl3t64 | libstdc++6) ;; *) fail "depends on $name" ;; esac
done

for program in kevy_tail kevy_mirror kevy_verify kevy_keygen; do
  libraries=$(ldd "$root/usr/bin/$program")
  ! grep -E 'not found|libabsl|libhiredis' <<<"$libraries" || fail "$program needs these libraries"
  "$root/usr/bin/$program" --version | grep -qF "$version" || fail "$program --version does not tell $version"
  gzip -dc "$root/usr/share/man/man1/$program.1.gz" | mandoc -T lint -W warning || fail "$program.1 has warnings"
  bash -c '
    . "$1"
    compopt() { :; }
    COMP_WORDS=("$2" --vers) COMP_CWORD=1
    "_$2"
    [ "${COMPREPLY[*]}" = --version ]
  ' bash "$root/usr/share/bash-completion/completions/$program" "$program" || fail "$program does not complete --version"
done
"$root/usr/bin/kevy_tail" 2>/dev/null | grep -q . || fail "kevy_tail prints nothing"
echo "$package: $(stat -c %s "$package") bytes, depends on $(dpkg-deb -f "$package" Depends)"
