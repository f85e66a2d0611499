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

// Port numbers are digits alone: no sign, no space.
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
  const auto error = [text](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("address \"", absl::CEscape(text), "\": ", what));
  };
  // The system's functions would read only what is before it.
  if (text.find('\0') != absl::string_view::npos) return error("a NUL byte");

  Address address;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty()) return error("no path");
    address.kind = Address::Kind::kUnix;
    address.path = std::string(rest);
    return address;
  }

  absl::string_view host;
  if (absl::ConsumePrefix(&rest, "[")) {
    const auto end = rest.find(']');
    if (end == absl::string_view::npos) return error("no ] after [");
    host = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (host.find(':') == absl::string_view::npos) {
      return error("no IPv6 address between [ and ]");
    }
    if (rest.empty()) return error("no port");
    if (!absl::ConsumePrefix(&rest, ":")) return error("no : after ]");
  } else {
    const auto colon = rest.rfind(':');
    if (colon == absl::string_view::npos) return error("no port");
    host = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
    if (host.empty()) return error("no host");
    if (host.find(':') != absl::string_view::npos) {
      return error("an IPv6 address must be in brackets, as in [::1]:6004");
    }
    if (host.find_first_of("[]") != absl::string_view::npos) {
      return error("a bracket in the host");
    }
  }
  if (std::any_of(host.begin(), host.end(), absl::ascii_isspace)) {
    return error("a space in the host");
  }
  if (rest.empty()) return error("no port");
  if (!ParsePort(rest, &address.port)) {
    return error("the port is no number from 0 to 65535");
  }
  address.host = std::string(host);
  return address;
}

}  // namespace kevy_replica
