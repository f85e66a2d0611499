#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Installs a package of deb.sh in a clean Debian of this machine's release, with its package sources, and runs the programs there
# (check_deb.sh checks the rest):
#
#   tools/package/try_deb.sh PACKAGE.deb      Needs root, and Debian's debootstrap.
set -euo pipefail
package=$(realpath "$1")
root=$(mktemp -d /var/tmp/try_deb.XXXXXX)
chmod 755 "$root"
mounted=false
clean() {
  ! $mounted || umount "$root/proc"
  rm -rf --one-file-system "$root"
}
trap clean EXIT
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
debootstrap --variant=minbase "$suite" "$root" >/dev/null
cp -r /etc/apt/sources.list* "$root/etc/apt/"
chroot "$root" apt-get update -qq
mount -t proc proc "$root/proc"
mounted=true
cp "$package" "$root/tmp/package.deb"
chroot "$root" apt-get install -y -qq --no-install-recommends /tmp/package.deb >/dev/null
chroot "$root" kevy_tail 2>/dev/null | tail -n 2
chroot "$root" kevy_mirror 2>/dev/null | tail -n 1
chroot "$root" kevy_keygen --key_file=/tmp/key
[ "$(chroot "$root" kevy_verify --help | head -n 1 | cut -d: -f1)" = kevy_verify ]
echo "$package: installed and run in $suite"
