// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/kevy_url.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kScheme = "kevy://";
constexpr absl::string_view kSecureScheme = "kevys://";
constexpr size_t kKeyDigits = 64;

// An address and its parts. Errors name `shown`.
struct Parts {
  absl::string_view shown;  // Up to the "?".
  absl::string_view hosts;  // Between the scheme and the "?".
  absl::string_view query;  // Behind the "?".
  bool has_query = false;

  absl::Status Error(absl::string_view fault) const {
    return absl::InvalidArgumentError(
        absl::StrCat(Escaped(shown), ": ", fault));
  }
};

absl::StatusOr<Parts> Split(absl::string_view text, absl::string_view scheme) {
  if (absl::StrContains(text, '@')) {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", scheme,
                     " URL has a user or a password: kevy knows neither; write "
                     "kevy://host:port"));
  }
  Parts parts;
  const size_t question = text.find('?');
  parts.shown = text.substr(0, question);
  parts.hosts = absl::StripPrefix(parts.shown, scheme);
  parts.has_query = question != absl::string_view::npos;
  if (parts.has_query) parts.query = text.substr(question + 1);
  if (!absl::StartsWith(text, scheme)) {
    return parts.Error(absl::StrCat("a list of nodes begins with ", scheme));
  }
  if (absl::StrContains(parts.hosts, '/')) {
    return parts.Error(
        absl::StrCat("a path or a Unix socket; write ", scheme, "host:port"));
  }
  return parts;
}

absl::StatusOr<Address> ParseNode(absl::string_view text, const Parts& parts,
                                  absl::string_view port_kind) {
  absl::StatusOr<Address> node = ParseAddress(text);
  if (!node.ok()) return parts.Error(node.status().message());
  if (node->kind != Address::Kind::kTcp) {
    return parts.Error("a node needs a host and a port, as in localhost:6004");
  }
  if (node->port == 0) {
    return parts.Error(absl::StrCat("port 0 is not a ", port_kind));
  }
  return node;
}

absl::StatusOr<std::vector<std::string>> ParseKeys(const Parts& parts) {
  std::vector<std::string> keys;
  if (!parts.has_query) return keys;
  for (absl::string_view text : absl::StrSplit(parts.query, '&')) {
    if (absl::StartsWith(text, "server_key=") ||
        absl::StartsWith(text, "client_key_file=")) {
      return parts.Error(
          "a URL of kevy's encrypted client port: give a node's replication "
          "listener or its plain client port, with ?key=HEX");
    }
    if (!absl::ConsumePrefix(&text, "key=")) {
      return parts.Error(
          "only public keys may stand behind the ?, as in "
          "?key=HEX&key=HEX");
    }
    if (text.size() != kKeyDigits ||
        !std::all_of(text.begin(), text.end(), absl::ascii_isxdigit)) {
      return parts.Error("a key must be 64 hex digits, a node's public key");
    }
    std::string key = absl::AsciiStrToLower(text);
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return parts.Error("a key stands twice");
    }
    if (keys.size() == kMaxKevyKeys) {
      return parts.Error(absl::StrCat("more than ", kMaxKevyKeys, " keys"));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

void AppendKeys(const std::vector<std::string>& keys, std::string* out) {
  for (size_t i = 0; i < keys.size(); ++i) {
    absl::StrAppend(out, i == 0 ? "?key=" : "&key=", keys[i]);
  }
}

}  // namespace

void AppendText(const KevyUrl& url, std::string* out) {
  absl::string_view separator = kScheme;
  for (const Address& node : url.nodes) {
    absl::StrAppend(out, separator, node.ToString());
    separator = ",";
  }
  AppendKeys(url.keys, out);
}

void AppendText(const ListenerAddress& listener, std::string* out) {
  absl::StrAppend(out, listener.keys.empty() ? "" : kSecureScheme,
                  listener.address.ToString());
  AppendKeys(listener.keys, out);
}

bool IsKevyUrl(absl::string_view text) {
  return absl::StartsWith(text, kScheme);
}

absl::StatusOr<KevyUrl> ParseKevyUrl(absl::string_view url) {
  const absl::StatusOr<Parts> parts = Split(url, kScheme);
  if (!parts.ok()) return parts.status();
  KevyUrl result;
  for (const absl::string_view text : absl::StrSplit(parts->hosts, ',')) {
    absl::StatusOr<Address> node = ParseNode(text, *parts, "client port");
    if (!node.ok()) return node.status();
    if (std::find(result.nodes.begin(), result.nodes.end(), *node) !=
        result.nodes.end()) {
      return parts->Error(
          absl::StrCat(Escaped(node->ToString()), " stands twice"));
    }
    if (result.nodes.size() == kMaxKevyNodes) {
      return parts->Error(absl::StrCat("more than ", kMaxKevyNodes, " nodes"));
    }
    result.nodes.push_back(*std::move(node));
  }
  absl::StatusOr<std::vector<std::string>> keys = ParseKeys(*parts);
  if (!keys.ok()) return keys.status();
  result.keys = *std::move(keys);
  return result;
}

absl::StatusOr<ListenerAddress> ParseListenerAddress(absl::string_view text) {
  if (!absl::StartsWith(text, kSecureScheme)) {
    if (IsKevyUrl(text)) {
      return absl::InvalidArgumentError(
          "kevy:// names client ports: give the address of one replication "
          "listener, as in localhost:16004");
    }
    const size_t query = text.find('?');
    if (query != absl::string_view::npos && !absl::StartsWith(text, "unix:")) {
      return absl::InvalidArgumentError(
          absl::StrCat(Escaped(text.substr(0, query)),
                       ": an address with a key begins with kevys://"));
    }
    absl::StatusOr<Address> address = ParseAddress(text);
    if (!address.ok()) return address.status();
    return ListenerAddress{*std::move(address), {}};
  }
  const absl::StatusOr<Parts> parts = Split(text, kSecureScheme);
  if (!parts.ok()) return parts.status();
  absl::StatusOr<Address> address =
      ParseNode(parts->hosts, *parts, "replication port");
  if (!address.ok()) return address.status();
  absl::StatusOr<std::vector<std::string>> keys = ParseKeys(*parts);
  if (!keys.ok()) return keys.status();
  if (keys->empty()) {
    return parts->Error(
        "a secure address needs the node's public key, as in ?key=HEX");
  }
  return ListenerAddress{*std::move(address), *std::move(keys)};
}

}  // namespace kevy_replica
