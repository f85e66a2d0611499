// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Notices that nobody reads the output any more, even while there is nothing to
// write.
//
//   const ReaderWatch watch(STDOUT_FILENO, RequestStop);

#ifndef KEVY_REPLICA_TOOLS_COMMON_READER_WATCH_H_
#define KEVY_REPLICA_TOOLS_COMMON_READER_WATCH_H_

#include <functional>

#include "kevy_replica/tools/common/quiet_thread.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

class ReaderWatch {
 public:
  // Calls `gone`, once and on another thread, when the reader of `fd` has
  // closed its end: of a pipe, a socket or a terminal. Other files have no
  // reader. `fd` must stay open while this object lives.
  ReaderWatch(int fd, std::function<void()> gone);
  ~ReaderWatch();  // Waits for a call that still runs.
  ReaderWatch(const ReaderWatch&) = delete;
  ReaderWatch& operator=(const ReaderWatch&) = delete;

 private:
  Interrupter ended_;
  QuietThread thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_READER_WATCH_H_
