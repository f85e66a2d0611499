// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Whether the peer of a socket has taken the bytes written to it.

#ifndef KEVY_REPLICA_TESTING_INTERNAL_SOCKET_PEER_H_
#define KEVY_REPLICA_TESTING_INTERNAL_SOCKET_PEER_H_

namespace kevy_replica {
namespace testing_internal {

enum class SocketPeer {
  kTookAll,    // TCP: its system has acknowledged all. Unix: it has read all.
  kHasUnread,  // Not all yet.
  kReset,      // It has reset the connection. Told once.
};

// `fd` is a connected TCP or Unix socket. Systems other than Linux tell of
// resets only: kTookAll stands for kHasUnread there.
SocketPeer SocketPeerOf(int fd);

}  // namespace testing_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_INTERNAL_SOCKET_PEER_H_
