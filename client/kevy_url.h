// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The addresses of a primary, as people write them.
//
// | text                             | names                                  |
// |----------------------------------|----------------------------------------|
// | localhost:16004, unix:/path      | one replication listener               |
// | kevys://db1:16004?key=HEX        | one secure replication listener        |
// | kevy://db1:6004,db2:6004         | client ports of a primary and replicas |
// | kevy://db1:6004,db2:6004?key=HEX | the same, with secure links            |
//
//   if (IsKevyUrl(text)) {
//     auto url = ParseKevyUrl(text);
//     if (!url.ok()) return url.status();
//     PrimaryLocator locator(url->nodes, options, now);
//   } else {
//     auto listener = ParseListenerAddress(text);
//     ...
//   }
//
// A key is the public key of a node: 64 hex digits. With several keys
// ("?key=HEX&key=HEX") a link tries one after the other, each on a new
// connection: the nodes' keys, or the old and the new key of one node. Client
// ports are asked in plain text. docs/secure.md tells how to get keys.
//
// kevy's own clients use "kevys://host:port?server_key=HEX" for an encrypted
// client port, which is not supported. It is an error here.
//
// Messages repeat an address up to its "?", since somebody may have put a
// secret behind it.

#ifndef KEVY_REPLICA_CLIENT_KEVY_URL_H_
#define KEVY_REPLICA_CLIENT_KEVY_URL_H_

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {

// The most nodes of a URL.
inline constexpr size_t kMaxKevyNodes = 64;
// The most keys of an address.
inline constexpr size_t kMaxKevyKeys = 64;

// Client ports.
struct KevyUrl {
  // "host:port" each, in the text's order.
  std::vector<Address> nodes;
  // Of the nodes' replication links, lower-case. Empty: the links are plain.
  std::vector<std::string> keys;

  template <typename T>
  static auto ValueFields(const T& url) {
    return std::tie(url.nodes, url.keys);
  }
};
// Appends the text that ParseKevyUrl() reads.
void AppendText(const KevyUrl& url, std::string* out);

// A replication listener.
struct ListenerAddress {
  // With keys: "host:port".
  Address address;
  // Of its node, lower-case. Empty: the link is plain.
  std::vector<std::string> keys;

  template <typename T>
  static auto ValueFields(const T& listener) {
    return std::tie(listener.address, listener.keys);
  }
};
// Appends the text that ParseListenerAddress() reads.
void AppendText(const ListenerAddress& listener, std::string* out);

// Whether `text` begins with "kevy://". It names client ports then. Otherwise
// it is the address of one replication listener.
bool IsKevyUrl(absl::string_view text);

// Reads "kevy://host:port[,host:port...][?key=HEX[&key=HEX...]]". Each node is
// "host:port" or "[v6]:port". There is no default port. Name each node once:
// one node under two names looks like two primaries.
//
// Errors: kInvalidArgument with the text and its fault. Faults: another scheme;
// the faults of ParseAddress; port 0, a Unix socket, a node or a key that
// stands twice, more than kMaxKevyNodes nodes or kMaxKevyKeys keys, a malformed
// key, another parameter, a path. A user or password is a fault, too, and such
// a text is not repeated, since kevy has no passwords to give away.
absl::StatusOr<KevyUrl> ParseKevyUrl(absl::string_view url);

// Reads "kevys://host:port?key=HEX[&key=HEX...]", or a plain address: see
// ParseAddress(). Errors: as ParseKevyUrl(), and kevys:// without a key.
absl::StatusOr<ListenerAddress> ParseListenerAddress(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_KEVY_URL_H_
