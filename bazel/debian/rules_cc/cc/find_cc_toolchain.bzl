# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""The search for the C++ toolchain under rules_cc's name."""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

find_cc_toolchain = find_cpp_toolchain
