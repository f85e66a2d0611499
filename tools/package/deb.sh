#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Makes a Debian package of the programs, for this Debian and architecture:
#
#   tools/package/deb.sh [FOLDER [FLAG ...]]
#
# Writes FOLDER/kevy-replica_VERSION_ARCH.deb. FLAG is one of Bazel's. Default: the current folder, -c opt.
#
# Abseil is linked into the programs, because its shared libraries have another name in each Debian. The C and C++ libraries and
# OpenSSL are Debian's own, so that Debian's security updates reach them: the package depends on them.
set -euo pipefail
folder=$(realpath "${1:-.}")
flags=("${@:2}")
[ ${#flags[@]} -gt 0 ] || flags=(-c opt)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

programs=(kevy_tail kevy_mirror kevy_verify kevy_keygen)
version=$(sed -n 's/^    version = "\(.*\)",$/\1/p' MODULE.bazel)
date=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%F)
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

./bazelw build "${flags[@]}" --define=abseil=static "${programs[@]/#///tools:}"
bin=$(./bazelw info "${flags[@]}" bazel-bin 2>/dev/null)
for program in "${programs[@]}"; do
  install -D -m 755 "$bin/tools/$program" "$root/usr/bin/$program"
  strip "$root/usr/bin/$program"
  mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions"
  tools/package/help_pages.py man "$root/usr/bin/$program" "$version" "$date" |
    gzip -9n >"$root/usr/share/man/man1/$program.1.gz"
  tools/package/help_pages.py completion "$root/usr/bin/$program" \
    >"$root/usr/share/bash-completion/completions/$program"
done
install -D -m 644 LICENSE "$root/usr/share/doc/kevy-replica/copyright"
install -m 644 docs/operations.md docs/secure.md docs/tools.md docs/verify.md "$root/usr/share/doc/kevy-replica/"
# An example: see docs/operations.md.
install -D -m 644 docs/kevy_mirror.service "$root/usr/share/doc/kevy-replica/examples/kevy_mirror.service"

# The shlibs file of each shared library that a program names itself: those libraries' own needs are their packages' business.
depends=$(for program in "${programs[@]}"; do
  ldd "$root/usr/bin/$program" | grep -F "$(objdump -p "$root/usr/bin/$program" | sed -n 's/^ *NEEDED *\(.*\)/\1 =>/p')"
done |
  sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
  while read -r library; do
    real=$(realpath "$library")
    # Packages of before the merge of /lib name it without /usr.
    { dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}"; } | sed 's/: .*//'
  done | sort -u |
  while read -r package; do
    sed -n '1s/^[^ ]* [^ ]* //p' "$(dpkg-query --control-path "$package" shlibs)"
  done | paste -s -d , | sed 's/,/, /g')

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: kevy-replica
Version: $version
Architecture: $architecture
Maintainer: The kevy_replica Authors <nobody@invalid>
Section: database
Priority: optional
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends
Description: replication stream of kevy: print, mirror, verify
 kevy_tail prints the replication stream of a kevy primary. kevy_mirror copies
 a primary into a Valkey or Redis server, exactly once. kevy_verify compares
 the two. kevy_keygen makes the key of a secure link.
CONTROL
dpkg-deb --build --root-owner-group "$root" "$folder/kevy-replica_${version}_$architecture.deb"
