// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Waiting for a descriptor, and writing all of something to one.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_

#include <sys/types.h>

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace transport_internal {

// Waits until poll() reports one of `events`, or an error or a hangup, for `fd`
// (-1: for nothing). kCancelled once `interrupter` (may be null) is set, also
// where `fd` is ready; kDeadlineExceeded.
absl::Status WaitFor(int fd, short events, const Interrupter* interrupter,
                     const Deadline& deadline, const Operation& operation);

// Writes all of `bytes`, by as many calls of `write_some` (send, write) as it
// takes, and waits where one would block. Errors: those of WaitFor, and
// errno's.
absl::Status WriteAll(int fd, absl::string_view bytes,
                      ssize_t (*write_some)(int fd, const void* data,
                                            size_t size),
                      const Interrupter* interrupter, const Deadline& deadline,
                      const Operation& operation);

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_IO_H_
