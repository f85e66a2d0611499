// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/address.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace kevy_replica {
namespace {

// Accepts digits only: a sign or a space is an error.
bool ParsePort(absl::string_view text, uint16_t* port) {
  uint32_t value;
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &value) ||
      value > std::numeric_limits<uint16_t>::max()) {
    return false;
  }
  *port = static_cast<uint16_t>(value);
  return true;
}

}  // namespace

std::string Address::ToString() const {
  if (kind == Kind::kUnix) return absl::StrCat("unix:", path);
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? absl::StrCat("[", host, "]:", port)
               : absl::StrCat(host, ":", port);
}

absl::string_view AddressKindName(Address::Kind kind) {
  switch (kind) {
    case Address::Kind::kTcp:
      return "tcp";
    case Address::Kind::kUnix:
      return "unix";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, Address::Kind kind) {
  return out << AddressKindName(kind);
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
  return out << address.ToString();
}

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  const auto error = [text](absl::string_view fault) {
    return absl::InvalidArgumentError(
        absl::StrCat("address \"", absl::CEscape(text), "\": ", fault));
  };
  // The system's functions would stop reading at the NUL.
  if (text.find('\0') != absl::string_view::npos)
    return error("it has a NUL byte");

  Address address;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty()) return error("the path after unix: is missing");
    address.kind = Address::Kind::kUnix;
    address.path = std::string(rest);
    return address;
  }

  absl::string_view host;
  if (absl::ConsumePrefix(&rest, "[")) {
    const auto end = rest.find(']');
    if (end == absl::string_view::npos)
      return error("the ] after [ is missing");
    host = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (host.find(':') == absl::string_view::npos) {
      return error("an IPv6 address must stand between [ and ]");
    }
    if (rest.empty()) return error("the port is missing, as in localhost:6004");
    if (!absl::ConsumePrefix(&rest, ":"))
      return error("the : after ] is missing");
  } else {
    const auto colon = rest.rfind(':');
    if (colon == absl::string_view::npos)
      return error("the port is missing, as in localhost:6004");
    host = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
    if (host.empty()) return error("the host is missing, as in localhost:6004");
    if (host.find(':') != absl::string_view::npos) {
      return error("an IPv6 address must be in brackets, as in [::1]:6004");
    }
    if (host.find_first_of("[]") != absl::string_view::npos) {
      return error("the host has a bracket");
    }
  }
  if (std::any_of(host.begin(), host.end(), absl::ascii_isspace)) {
    return error("the host has a space");
  }
  if (rest.empty()) return error("the port is missing, as in localhost:6004");
  if (!ParsePort(rest, &address.port)) {
    return error("the port must be a number from 0 to 65535");
  }
  address.host = std::string(host);
  return address;
}

}  // namespace kevy_replica
