// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The connection to the server that a mirror writes to.

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

// A server's reply to one command.
struct TargetReply {
  enum class Type : uint8_t {
    kText,  // A string or a status. The text of "OK" and "QUEUED" is dropped.
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

// Whether an error reply is about the server's state, as OOM and LOADING are,
// and not about the command. Try again later.
bool IsServersTrouble(absl::string_view error);

// kUnavailable, with the error of a server in trouble.
absl::Status ServersTrouble(absl::string_view error);

// The status for an error reply to the mirror's own command `command`.
//
// Returns:
//   kUnavailable         the server is in trouble
//   kFailedPrecondition  any other error
absl::Status TargetError(absl::string_view command, absl::string_view error);

// A pipelined connection: gather commands, send them together, and receive one
// reply each, in order. After an error only the destructor may be called.
class TargetLink {
 public:
  virtual ~TargetLink() = default;

  // Gathers a command in RESP, without a copy. Its bytes must stay valid until
  // Send().
  virtual void AddRaw(absl::string_view resp) = 0;
  // Gathers a copy of a command.
  virtual void Add(absl::Span<const absl::string_view> argv) = 0;

  // The number of gathered bytes.
  virtual size_t gathered() const = 0;

  // Sends all gathered commands.
  // Errors: kUnavailable, kDeadlineExceeded, kCancelled.
  virtual absl::Status Send() = 0;

  // The number of sent commands whose replies are still to be received.
  virtual size_t outstanding() const = 0;

  // Waits for the next reply. An error reply is a reply, too; the errors here
  // are the connection's, as in Send().
  // Precondition: outstanding() is not 0.
  virtual absl::StatusOr<TargetReply> Receive() = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_
