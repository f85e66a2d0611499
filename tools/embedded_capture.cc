// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/embedded_capture.h"

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace {

constexpr unsigned char kBytes[] = {
#include "tools/embedded_capture.inc"
};

}  // namespace

absl::string_view EmbeddedCapture() {
  return absl::string_view(reinterpret_cast<const char*>(kBytes),
                           sizeof(kBytes));
}

}  // namespace kevy_replica
