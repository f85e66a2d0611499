// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The connection to the server that a mirror writes to.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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
    kText,  // A string or a status.
    kInteger,
    kNull,
    kArray,
    kError,
  };
  Type type = Type::kNull;
  std::string text;     // Of kText and kError. An error's text is escaped.
  int64_t integer = 0;  // Of kInteger. Of kArray: the number of its elements.
  std::vector<TargetReply> elements;

  bool is_error() const { return type == Type::kError; }
};

// How much of a reply is kept.
enum class ReplyDetail : uint8_t {
  kWhole,
  // Types, integers and the texts of errors; of an array within an array only
  // the number of its elements, and its element if it is the only one.
  kBrief,
};

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

  // Sends all gathered commands.
  // Errors: kUnavailable, kDeadlineExceeded, kCancelled.
  virtual absl::Status Send() = 0;

  // The number of sent commands whose replies are still to be received.
  virtual size_t outstanding() const = 0;

  // Waits for the next reply. An error reply is a reply, too; the errors here
  // are the connection's, as in Send(), and those of ReplyReader::Take().
  // Precondition: outstanding() is not 0.
  virtual absl::StatusOr<TargetReply> Receive(ReplyDetail detail) = 0;

  // Drops the next replies, at most `most`, as long as each of them is +QUEUED
  // and is here already. Returns their number. Saves most calls of Receive().
  virtual size_t SkipQueued(size_t /*most*/) { return 0; }
};

// Connects to the target. The mirror calls it again after each broken link.
using TargetConnector =
    std::function<absl::StatusOr<std::unique_ptr<TargetLink>>()>;

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_TARGET_LINK_H_
