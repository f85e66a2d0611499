// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Replies of the target, read from bytes.
//
//   ReplyReader reader;
//   TargetReply reply;
//   absl::string_view bytes = "+QUEUED\r\n:1\r\n";
//   while (*reader.Take(ReplyDetail::kBrief, &bytes, &reply)) Use(reply);

#ifndef KEVY_REPLICA_TOOLS_MIRROR_REPLY_READER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_REPLY_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Bounds on a reply. A hostile target may send any number of bytes.
struct TargetReplyLimits {
  // Bytes of a whole reply on the wire. Default: 16 MiB; COMMAND takes 0.3.
  size_t whole_bytes = size_t{16} << 20;
  // Bytes of a brief reply on the wire, which are read and dropped. A value of
  // the target has up to 512 MiB. Default: 1 GiB.
  size_t brief_bytes = size_t{1} << 30;
  // Elements of an array. Default: 1,048,576.
  size_t elements = size_t{1} << 20;
  // Bytes of an error's text that are kept. Default: 512.
  size_t error_bytes = 512;
};

// Reads RESP, version 2. Memory grows with the bytes that are kept. A declared
// size gets room for at most 1,024 elements.
class ReplyReader {
 public:
  explicit ReplyReader(const TargetReplyLimits& limits = TargetReplyLimits())
      : limits_(limits) {}

  // Takes bytes of one reply from the front of `*bytes`.
  // Precondition: `detail` stays the same within one reply.
  //
  // Returns:
  //   true                `*reply` is whole; `*bytes` are those behind it
  //   false               `*bytes` is empty: more are needed
  //   kUnavailable        the bytes are not RESP
  //   kResourceExhausted  the reply is over a limit
  absl::StatusOr<bool> Take(ReplyDetail detail, absl::string_view* bytes,
                            TargetReply* reply);

  // Takes replies "+QUEUED" from the front of `*bytes`, between two replies.
  // Returns their number, at most `most`.
  size_t SkipQueued(size_t most, absl::string_view* bytes);

 private:
  // An array whose elements are still to come.
  struct Open {
    TargetReply array;
    uint64_t left;
    bool kept;  // Its elements are.
  };

  // Takes a line with its end. Sets `*value` and returns true if it is a value
  // by itself.
  absl::StatusOr<bool> TakeLine(absl::string_view whole, TargetReply* value);
  absl::StatusOr<bool> BeginArray(int64_t count, TargetReply* value);
  void TakeShortElements(absl::string_view* bytes);
  // Takes bytes of a string and its line end. True: it is whole.
  bool TakeString(absl::string_view* bytes, TargetReply* value);
  // Puts `value` into the open arrays. True: `*value` is the whole reply.
  bool Close(TargetReply* value);

  const TargetReplyLimits limits_;
  ReplyDetail detail_ = ReplyDetail::kWhole;
  size_t taken_ = 0;  // Bytes of this reply.
  std::string line_;  // A line whose end has not come.
  bool in_string_ = false;
  uint64_t string_left_ = 0;  // Of the string and its line end.
  std::string string_;
  std::vector<Open> open_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_REPLY_READER_H_
