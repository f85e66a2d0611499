// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/flag_types.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/tools/tail_printer.h"

namespace kevy_replica {
namespace {

template <typename Enum>
struct Name {
  Enum value;
  absl::string_view name;
};

constexpr Name<ProtocolChoice> kProtocols[] = {
    {ProtocolChoice::kAuto, "auto"},
    {ProtocolChoice::kV1, "1"},
    {ProtocolChoice::kV2, "2"},
};

constexpr Name<TailFormat> kFormats[] = {
    {TailFormat::kText, "text"},
    {TailFormat::kJson, "json"},
    {TailFormat::kResp, "resp"},
};

template <typename Enum, size_t n>
bool ParseName(const Name<Enum> (&names)[n], absl::string_view text,
               Enum* value, std::string* error) {
  *error = "must be one of:";
  for (const Name<Enum>& name : names) {
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
std::string NameOf(const Name<Enum> (&names)[n], Enum value) {
  for (const Name<Enum>& name : names) {
    if (name.value == value) return std::string(name.name);
  }
  return "";
}

}  // namespace

bool AbslParseFlag(absl::string_view text, FeedPosition* position,
                   std::string* error) {
  if (const auto parsed = ParseFeedPosition(text)) {
    *position = *parsed;
    return true;
  }
  *error = "must be GENERATION:OFFSET, two decimal numbers";
  return false;
}

std::string AbslUnparseFlag(const FeedPosition& position) {
  return ToString(position);
}

bool AbslParseFlag(absl::string_view text, ProtocolChoice* protocol,
                   std::string* error) {
  return ParseName(kProtocols, text, protocol, error);
}

std::string AbslUnparseFlag(ProtocolChoice protocol) {
  return NameOf(kProtocols, protocol);
}

bool AbslParseFlag(absl::string_view text, TailFormat* format,
                   std::string* error) {
  return ParseName(kFormats, text, format, error);
}

std::string AbslUnparseFlag(TailFormat format) {
  return NameOf(kFormats, format);
}

}  // namespace kevy_replica
