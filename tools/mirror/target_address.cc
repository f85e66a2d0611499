// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_address.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/decimal.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

absl::Status Wrong(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(
      text, ": ", reason,
      "; expected redis://HOST[:PORT][/DB] or unix:/PATH[?db=DB]"));
}

}  // namespace

std::string TargetAddress::ToString() const {
  if (server.kind == Address::Kind::kUnix) {
    return absl::StrCat(server.ToString(), "?db=", database);
  }
  return absl::StrCat("redis://", server.ToString(), "/", database);
}

absl::StatusOr<TargetAddress> ParseTargetAddress(absl::string_view text) {
  absl::string_view rest = text;
  absl::string_view database;
  std::string server;
  if (absl::StartsWith(rest, "unix:")) {
    const size_t query = rest.find('?');
    if (query != absl::string_view::npos) {
      database = rest.substr(query + 1);
      rest = rest.substr(0, query);
      if (!absl::ConsumePrefix(&database, "db=") || database.empty()) {
        return Wrong(text, "the only parameter is ?db=DB");
      }
    }
    server = std::string(rest);
  } else if (absl::ConsumePrefix(&rest, "redis://")) {
    if (absl::StrContains(rest, "@")) {
      // The text holds a password, which must not be printed.
      return Wrong("redis://...@...", "credentials are not supported");
    }
    const size_t slash = rest.find('/');
    if (slash != absl::string_view::npos) {
      database = rest.substr(slash + 1);
      rest = rest.substr(0, slash);
    }
    const bool has_port =
        rest.find(':') != absl::string_view::npos && !absl::EndsWith(rest, "]");
    server = absl::StrCat(rest, has_port ? "" : ":6379");
  } else if (absl::StartsWith(rest, "rediss://")) {
    return Wrong(text, "TLS is not supported");
  } else {
    return Wrong(text, "unknown form of address");
  }
  const absl::StatusOr<Address> address = ParseAddress(server);
  if (!address.ok()) return Wrong(text, address.status().message());
  TargetAddress result;
  result.server = *address;
  if (!database.empty()) {
    const std::optional<uint64_t> number = ParseDecimal(database);
    if (!number.has_value() ||
        *number > uint64_t{std::numeric_limits<int32_t>::max()}) {
      return Wrong(text, "the database must be a number below 2147483648");
    }
    result.database = static_cast<uint32_t>(*number);
  }
  return result;
}

}  // namespace kevy_replica
