// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/primary.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "kevy_replica/codec/escape.h"

namespace kevy_replica {

void AppendText(const Primary& primary, std::string* out) {
  absl::StrAppend(out, "node=", primary.node,
                  " shards=", primary.shards.size());
  if (!primary.shards.empty()) {
    absl::StrAppend(out, " first=", primary.shards.front());
  }
  absl::StrAppend(out, " version=", primary.version);
  if (!primary.warning.empty()) {
    absl::StrAppend(out, " warning=", Escaped(primary.warning));
  }
}

}  // namespace kevy_replica
