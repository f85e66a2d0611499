// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The types of the programs' flags.

#ifndef KEVY_REPLICA_TOOLS_COMMON_FLAGS_H_
#define KEVY_REPLICA_TOOLS_COMMON_FLAGS_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"

namespace kevy_replica {

// How Abseil's flags read and show a value. AbslParseFlag() returns whether
// `text` is a value of the type; if not, `*error` tells the accepted form.

// "GENERATION:OFFSET".
bool AbslParseFlag(absl::string_view text, FeedPosition* position,
                   std::string* error);
std::string AbslUnparseFlag(const FeedPosition& position);

// "auto", "1" or "2".
bool AbslParseFlag(absl::string_view text, ProtocolChoice* protocol,
                   std::string* error);
std::string AbslUnparseFlag(ProtocolChoice protocol);

// The names of an enum's values, for its two functions as above:
//
//   constexpr FlagName<Color> kColors[] = {{Color::kRed, "red"}, ...};
template <typename Enum>
struct FlagName {
  Enum value;
  absl::string_view name;
};

template <typename Enum, size_t n>
bool ParseFlagName(const FlagName<Enum> (&names)[n], absl::string_view text,
                   Enum* value, std::string* error) {
  *error = "must be one of:";
  for (const FlagName<Enum>& name : names) {
    if (name.name == text) {
      *value = name.value;
      error->clear();
      return true;
    }
    absl::StrAppend(error, " ", name.name);
  }
  return false;
}

template <typename Enum, size_t n>
std::string UnparseFlagName(const FlagName<Enum> (&names)[n], Enum value) {
  for (const FlagName<Enum>& name : names) {
    if (name.value == value) return std::string(name.name);
  }
  return "";
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_FLAGS_H_
