// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/message.h"

#include <cstdio>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/errors.h"

namespace kevy_replica {

namespace {

// Never destroyed, since other threads may speak to the end.
std::string& ProgramName() {
  static std::string* const name = new std::string();
  return *name;
}

}  // namespace

void SetProgramName(absl::string_view name) {
  ProgramName() = std::string(name);
}

void Say(absl::string_view message) {
  const std::string line = absl::StrCat(ProgramName(), ": ", message, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string Describe(const absl::Status& status) {
  const std::optional<ReplicaErrorKind> kind = ReplicaErrorKindOf(status);
  return absl::StrCat(
      kind.has_value()
          ? std::string(ReplicaErrorKindName(*kind))
          : absl::AsciiStrToLower(absl::StatusCodeToString(status.code())),
      ": ", status.message(),
      " (action: ", ActionName(RecommendedAction(status)), ")");
}

}  // namespace kevy_replica
