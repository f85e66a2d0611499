// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/tools/embedded_primary.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/embedded_capture.h"
#include "kevy_replica/tools/message.h"

namespace kevy_replica {

absl::Status StartEmbeddedPrimary(ScriptedPrimary* primary) {
  primary->SetDefault(PrimaryScript::Capture(std::string(EmbeddedCapture())));
  const absl::Status status = primary->Listen("127.0.0.1:0");
  if (status.ok()) {
    Say(
        absl::StrCat("no --primary given: playing a recording of kevy 5.4.0 "
                     "from an embedded primary at ",
                     primary->address()));
  }
  return status;
}

}  // namespace kevy_replica
