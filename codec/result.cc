// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/result.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

absl::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return "done";
    case Outcome::kNeedMore:
      return "need_more";
    case Outcome::kError:
      return "error";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, Outcome outcome) {
  return out << OutcomeName(outcome);
}

void AppendText(const DecodeResult& result, std::string* out) {
  absl::StrAppend(out, OutcomeName(result.outcome));
  if (result.error != WireError::kNone) {
    absl::StrAppend(out, " ", WireErrorName(result.error));
  }
  absl::StrAppend(out, " at ", result.bytes_decoded);
}

void AppendText(const EncodeResult& result, std::string* out) {
  if (result.ok()) {
    absl::StrAppend(out, result.size, " bytes");
  } else {
    absl::StrAppend(out, WireErrorName(result.error));
  }
}

}  // namespace kevy_replica
