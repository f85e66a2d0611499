// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/internal/socket_peer.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#ifdef __linux__
#include <linux/sockios.h>
#endif

namespace kevy_replica {
namespace testing_internal {

SocketPeer SocketPeerOf(int fd) {
  int unread = 0;
#ifdef SIOCOUTQ
  if (::ioctl(fd, SIOCOUTQ, &unread) != 0) unread = 0;
#endif
  // Behind it: a reset empties the queue and leaves the error.
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
      error != 0) {
    return SocketPeer::kReset;
  }
  return unread > 0 ? SocketPeer::kHasUnread : SocketPeer::kTookAll;
}

}  // namespace testing_internal
}  // namespace kevy_replica
