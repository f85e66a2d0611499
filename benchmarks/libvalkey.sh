#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Makes a Bazel repository in FOLDER that takes the place of hiredis, with libvalkey: libvalkey.sh SOURCE FOLDER.
# SOURCE is a tree of libvalkey, as in deps/libvalkey of Valkey's source. Its Makefile builds it, with its own flags.
# Both libraries have the same reader, under other names.
#
#   benchmarks/libvalkey.sh SOURCE FOLDER
#   ./bazelw build -c opt --override_repository=hiredis=FOLDER //benchmarks:decode
#
# The row of hiredis is then libvalkey's. FOLDER must not exist.
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: libvalkey.sh SOURCE FOLDER" >&2; exit 2; }
source=$1 folder=$2
mkdir "$folder"
make -s -C "$source" static
cp "$source/lib/libvalkey.a" "$folder"
cp -R "$source/include/valkey" "$folder"
mkdir "$folder/hiredis"

cat >"$folder/hiredis/hiredis.h" <<'HEADER'
#include <valkey/valkey.h>

#define HIREDIS_MAJOR LIBVALKEY_VERSION_MAJOR
#define HIREDIS_MINOR LIBVALKEY_VERSION_MINOR
#define HIREDIS_PATCH LIBVALKEY_VERSION_PATCH
#define REDIS_OK VALKEY_OK
#define redisFormatCommandArgv valkeyFormatCommandArgv
#define redisFreeCommand valkeyFreeCommand
#define redisReader valkeyReader
#define redisReaderCreate valkeyReaderCreate
#define redisReaderCreateWithFunctions valkeyReaderCreateWithFunctions
#define redisReaderFeed valkeyReaderFeed
#define redisReaderFree valkeyReaderFree
#define redisReaderGetReply valkeyReaderGetReply
#define redisReply valkeyReply
HEADER
cat >"$folder/BUILD.bazel" <<'BUILD'
cc_library(
    name = "hiredis",
    srcs = ["libvalkey.a"],
    hdrs = ["hiredis/hiredis.h"] + glob(["valkey/*.h"]),
    includes = ["."],
    visibility = ["//visibility:public"],
)
BUILD
echo 'workspace(name = "hiredis")' >"$folder/WORKSPACE"
echo 'module(name = "hiredis")' >"$folder/MODULE.bazel"
