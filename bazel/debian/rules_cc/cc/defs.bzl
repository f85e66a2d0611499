# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""The native C++ rules under rules_cc's names: Debian's own rules_cc does not load in its Bazel 4.2.3."""

load(":native.bzl", "NATIVE_CC_COMMON", "NATIVE_CC_INFO")

CcInfo = NATIVE_CC_INFO
cc_common = NATIVE_CC_COMMON
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_shared_library = getattr(native, "cc_shared_library", None)
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
