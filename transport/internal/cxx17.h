// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Stops the compiler early, with one clear message, without C++17.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_CXX17_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_CXX17_H_

#if __cplusplus < 201703L
#error "kevy_replica needs C++17: add -std=c++17 (Bazel: --cxxopt=-std=c++17)"
// A missing header ends the compilation, so that no other error follows.
#include "kevy_replica needs C++17"
#endif

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_CXX17_H_
