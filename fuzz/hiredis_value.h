// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// RESP as hiredis reads it: a decoder that is independent of this repository.

#ifndef KEVY_REPLICA_FUZZ_HIREDIS_VALUE_H_
#define KEVY_REPLICA_FUZZ_HIREDIS_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {

struct HiredisValue {
  // '+' (a status), '$' (a string), '-', ':', '*', or '_' for a null.
  char type = '_';
  std::string text;     // Of '+', '$' and '-'.
  int64_t integer = 0;  // Of ':'.
  std::vector<HiredisValue> elements;
};

// Returns the values that `bytes` begin with, up to an error, an incomplete
// value, or one of RESP version 3.
std::vector<HiredisValue> HiredisValues(absl::string_view bytes);

// Returns the arguments of one command. Empty: hiredis does not read `command`
// as one array of strings.
std::optional<std::vector<std::string>> HiredisArgv(absl::string_view command);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_FUZZ_HIREDIS_VALUE_H_
