// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What a mirror needs of the server that it writes to.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {

// A server's answer to one command.
struct TargetReply {
  enum class Type : uint8_t {
    kText,  // A string, or a status. ("OK" and "QUEUED" are left empty.)
    kInteger,
    kNull,
    kArray,
    kError,
  };
  Type type = Type::kNull;
  std::string text;  // Of kText and kError.
  int64_t integer = 0;
  std::vector<TargetReply> elements;

  bool is_error() const { return type == Type::kError; }
};

// Whether an error that a server answers with tells of its own state, which may
// pass, and nothing of the command.
bool IsServersTrouble(absl::string_view error);

// kUnavailable, for such an error.
absl::Status ServersTrouble(absl::string_view error);

// The status of a command of the mirror's own that is answered with `error`:
// ServersTrouble() where it is that, otherwise kFailedPrecondition.
absl::Status TargetError(absl::string_view command, absl::string_view error);

// A connection, pipelined: commands are gathered, sent together, and answered
// one by one, in their order. After an error it is of no more use.
class TargetLink {
 public:
  virtual ~TargetLink() = default;

  // Gathers a command that is RESP already, and must stay as it is until
  // Send(): its bytes are not copied.
  virtual void AddRaw(absl::string_view resp) = 0;
  // Gathers a command, which is copied.
  virtual void Add(absl::Span<const absl::string_view> argv) = 0;

  // How many bytes are gathered.
  virtual size_t gathered() const = 0;

  // Sends all that was gathered. kUnavailable, kDeadlineExceeded, kCancelled.
  virtual absl::Status Send() = 0;

  // How many commands were sent and not yet answered.
  virtual size_t outstanding() const = 0;

  // Waits for the next answer. An error that the server answers with is a
  // reply; the errors here are the connection's, as Send()'s.
  virtual absl::StatusOr<TargetReply> Receive() = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_
