// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// SIGUSR1, by which a log rotation asks for new files.
//
//   HandleReopenSignal();
//   ReopenRequests requests;
//   ...
//   if (requests.Take()) file.Reopen();

#ifndef KEVY_REPLICA_TOOLS_COMMON_REOPEN_SIGNAL_H_
#define KEVY_REPLICA_TOOLS_COMMON_REOPEN_SIGNAL_H_

namespace kevy_replica {

// Counts SIGUSR1 from now on. Without this call it would kill the program.
void HandleReopenSignal();

// The requests that one file has met so far.
class ReopenRequests {
 public:
  // Whether a signal came since the last call, or since construction.
  bool Take();

 private:
  static unsigned Count();

  unsigned met_ = Count();
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_REOPEN_SIGNAL_H_
