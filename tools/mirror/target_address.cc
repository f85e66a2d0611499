// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/target_address.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

// `text` must not hold the password.
absl::Status Wrong(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat(Escaped(text), ": ", reason,
                   "; expected redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], "
                   "rediss://... for TLS, or unix:/PATH[?db=DB]"));
}

// `text` with %XX as bytes. Unset: not two digits behind a "%".
std::optional<std::string> WithoutPercents(absl::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text[0] != '%') {
      bytes.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    uint32_t byte = 0;
    if (text.size() < 3 ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(text[1])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(text[2])) ||
        !absl::SimpleHexAtoi(text.substr(1, 2), &byte)) {
      return std::nullopt;
    }
    bytes.push_back(static_cast<char>(byte));
    text.remove_prefix(3);
  }
  return bytes;
}

// Takes "USER:PASSWORD". Returns false for a wrong "%".
bool TakeCredentials(absl::string_view text, TargetAddress* address) {
  const size_t colon = std::min(text.find(':'), text.size());
  const auto user = WithoutPercents(text.substr(0, colon));
  const auto password = WithoutPercents(absl::ClippedSubstr(text, colon + 1));
  if (!user.has_value() || !password.has_value()) return false;
  address->user = *user;
  address->password = *password;
  return true;
}

}  // namespace

std::string TargetAddress::ToString() const {
  if (server.kind == Address::Kind::kUnix) {
    return absl::StrCat(server.ToString(), "?db=", database);
  }
  return absl::StrCat(tls.has_value() ? "rediss" : "redis", "://",
                      server.ToString(), "/", database);
}

absl::StatusOr<TargetAddress> ParseTargetAddress(absl::string_view given) {
  TargetAddress result;
  // No message may hold the password.
  std::string shown(given);
  const size_t at = given.rfind('@');
  const bool has_credentials =
      absl::StartsWith(given, "redis") && at != absl::string_view::npos;
  if (has_credentials) {
    const size_t scheme = given.find("://");
    if (scheme == absl::string_view::npos || scheme + 3 > at) {
      return Wrong("redis...", "the scheme must be redis:// or rediss://");
    }
    const size_t begin = scheme + 3;
    shown = absl::StrCat(given.substr(0, begin), given.substr(at + 1));
    if (!TakeCredentials(given.substr(begin, at - begin), &result)) {
      return Wrong(shown, "a % needs two hexadecimal digits");
    }
  }
  const absl::string_view text = shown;
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
  } else if (absl::ConsumePrefix(&rest, "redis://") ||
             absl::ConsumePrefix(&rest, "rediss://")) {
    if (absl::StartsWith(text, "rediss")) result.tls.emplace();
    const size_t slash = rest.find('/');
    if (slash != absl::string_view::npos) {
      database = rest.substr(slash + 1);
      rest = rest.substr(0, slash);
    }
    const bool has_port =
        rest.find(':') != absl::string_view::npos && !absl::EndsWith(rest, "]");
    server = absl::StrCat(rest, has_port ? "" : ":6379");
    // ParseAddress() takes it for the path of a socket.
    if (absl::StartsWith(server, "unix:")) {
      return Wrong(
          text,
          "\"unix:\" begins the path of a socket. Write unix:/PATH, or "
          "the numeric address of a host with this name");
    }
  } else {
    return Wrong(text, "unknown form of address");
  }
  const absl::StatusOr<Address> address = ParseAddress(server);
  if (!address.ok()) return Wrong(text, address.status().message());
  result.server = *address;
  if (!database.empty()) {
    const std::optional<uint64_t> number = internal::ParseDecimal(database);
    if (!number.has_value() ||
        *number > uint64_t{std::numeric_limits<int32_t>::max()}) {
      return Wrong(text, "the database must be a number below 2147483648");
    }
    result.database = static_cast<uint32_t>(*number);
  }
  return result;
}

absl::Status TakeTargetTls(const TlsOptions& tls, TargetAddress* address) {
  if (address->tls.has_value()) {
    address->tls = tls;
  } else if (tls != TlsOptions()) {
    return absl::InvalidArgumentError(
        "--target_ca_file, --target_cert_file and --target_key_file need "
        "--target=rediss://...");
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
