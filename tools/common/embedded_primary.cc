// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/embedded_primary.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/program.h"

namespace kevy_replica {
namespace {

// testdata/captures/kevy-5.4.0-fresh.resp.
constexpr unsigned char kCapture[] = {
#include "tools/common/embedded_capture.inc"
};

}  // namespace

absl::Status StartEmbeddedPrimary(ScriptedPrimary* primary) {
  primary->SetDefault(PrimaryScript::Capture(
      std::string(reinterpret_cast<const char*>(kCapture), sizeof(kCapture))));
  const absl::Status status = primary->Listen("127.0.0.1:0");
  if (status.ok()) {
    Say({LogLevel::kInfo, "embedded_primary",
         absl::StrCat("no --primary given: playing a recording of kevy 5.4.0 "
                      "from an embedded primary at ",
                      primary->address())});
  }
  return status;
}

}  // namespace kevy_replica
