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

#include "kevy_replica/transport/interrupter.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/io.h"

namespace kevy_replica {

using transport_internal::Deadline;

absl::Status Interrupter::WaitFor(int fd, short events,
                                  absl::Duration timeout) const {
  if (fd < 0) return absl::UnavailableError("wait: closed");
  return transport_internal::WaitFor(fd, events, this, Deadline(timeout),
                                     {"wait", ""});
}

bool Interrupter::Sleep(absl::Duration timeout) const {
  return absl::IsCancelled(transport_internal::WaitFor(
      -1, 0, this, Deadline(timeout), {"sleep", ""}));
}

}  // namespace kevy_replica
