// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The address of a primary, as people write it.

#ifndef KEVY_REPLICA_TRANSPORT_ADDRESS_H_
#define KEVY_REPLICA_TRANSPORT_ADDRESS_H_

#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/cxx17.h"

namespace kevy_replica {

// "host:port", "[v6 address]:port" or "unix:/path".
struct Address {
  // The family of sockets.
  enum class Kind : uint8_t { kTcp, kUnix };

  Kind kind = Kind::kTcp;
  std::string host;   // A name or an address, without brackets. kTcp only.
  uint16_t port = 0;  // kTcp only.
  std::string path;   // kUnix only.

  // Returns the form that ParseAddress reads.
  std::string ToString() const;

  // Addresses compare as text: "localhost:1" differs from "127.0.0.1:1".
  friend bool operator==(const Address& a, const Address& b) {
    return a.kind == b.kind && a.host == b.host && a.port == b.port &&
           a.path == b.path;
  }
  friend bool operator!=(const Address& a, const Address& b) {
    return !(a == b);
  }
  template <typename H>
  friend H AbslHashValue(H state, const Address& address) {
    return H::combine(std::move(state), address.kind, address.host,
                      address.port, address.path);
  }
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const Address& address) {
    sink.Append(address.ToString());
  }
  friend std::ostream& operator<<(std::ostream& out, const Address& address);
};

// Returns "tcp" or "unix".
absl::string_view AddressKindName(Address::Kind kind);
template <typename Sink>
void AbslStringify(Sink& sink, Address::Kind kind) {
  sink.Append(AddressKindName(kind));
}
std::ostream& operator<<(std::ostream& out, Address::Kind kind);

// Parses one of the three forms. Port 0 is accepted: a listener then gets a
// free port.
//
// All other text is kInvalidArgument, with the text and its fault. Faults: a
// missing port, a port outside 0 to 65535, an IPv6 address without brackets, an
// empty host or path.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_ADDRESS_H_
