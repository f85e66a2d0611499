# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""The dependencies for WORKSPACE builds. MODULE.bazel has the same list."""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")
load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")

# The checksums are those of the Bazel central registry for the same archives.

def kevy_replica_deps():
    """Declares the dependencies of users. Repositories that the WORKSPACE declared before stay."""

    # Older than in MODULE.bazel, whose version would need protobuf here. This one has every rule in use.
    maybe(
        http_archive,
        name = "rules_cc",
        sha256 = "7e2a1f6c5dd908e6e88d7c80257c99d14e16fa985b56342287fddb6a32c435b5",
        strip_prefix = "rules_cc-0.0.11",
        url = "https://github.com/bazelbuild/rules_cc/releases/download/0.0.11/rules_cc-0.0.11.tar.gz",
    )

    # Abseil loads it.
    maybe(
        http_archive,
        name = "bazel_skylib",
        sha256 = "bc283cdfcd526a52c3201279cda4bc298652efa898b10b4db0837dc51652756f",
        url = "https://github.com/bazelbuild/bazel-skylib/releases/download/1.7.1/bazel-skylib-1.7.1.tar.gz",
    )
    maybe(
        http_archive,
        name = "com_google_absl",
        sha256 = "f50e5ac311a81382da7fa75b97310e4b9006474f9560ac46f54a9967f07d4ae3",
        strip_prefix = "abseil-cpp-20240722.0",
        url = "https://github.com/abseil/abseil-cpp/releases/download/20240722.0/abseil-cpp-20240722.0.tar.gz",
    )
    maybe(
        http_archive,
        name = "com_google_googletest",
        sha256 = "7b42b4d6ed48810c5362c265a17faebe90dc2373c885e5216439d37927f02926",
        strip_prefix = "googletest-1.15.2",
        url = "https://github.com/google/googletest/releases/download/v1.15.2/googletest-1.15.2.tar.gz",
    )

    # For //benchmarks:apply.
    maybe(
        http_archive,
        name = "com_github_google_benchmark",
        sha256 = "d26789a2b46d8808a48a4556ee58ccc7c497fcd4c0af9b90197674a81e04798a",
        strip_prefix = "benchmark-1.8.5",
        url = "https://github.com/google/benchmark/archive/refs/tags/v1.8.5.tar.gz",
    )

    # For //transport/secure: the system's OpenSSL 3, with its headers among the compiler's own.
    maybe(
        native.new_local_repository,
        name = "openssl",
        build_file = "@kevy_replica//bazel:openssl.BUILD",
        path = "/usr/include/openssl",
    )

def kevy_replica_dev_deps():
    """Declares the dependencies of kevy_replica's own benchmarks alone."""
    maybe(
        http_archive,
        name = "hiredis",
        build_file = "@kevy_replica//bazel:hiredis.BUILD",
        sha256 = "25cee4500f359cf5cad3b51ed62059aadfc0939b05150c1f19c7e2829123631c",
        strip_prefix = "hiredis-1.3.0",
        url = "https://github.com/redis/hiredis/archive/refs/tags/v1.3.0.tar.gz",
    )
