// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Stops a build with an older language standard with one clear message. Headers
// that include no other public header include this one.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_REQUIRE_CPP17_H_
#define KEVY_REPLICA_CODEC_INTERNAL_REQUIRE_CPP17_H_

// MSVC tells its standard in _MSVC_LANG alone, by default.
#if !(defined(_MSVC_LANG) && _MSVC_LANG >= 201703L) && __cplusplus < 201703L
#error "kevy_replica needs C++17: add -std=c++17 (Bazel: --cxxopt=-std=c++17)"
// A missing header ends the compilation, so that no other error follows.
#include "kevy_replica needs C++17"
#endif

#endif  // KEVY_REPLICA_CODEC_INTERNAL_REQUIRE_CPP17_H_
