// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A stand-in for the target that prints the commands for it.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_PRINTING_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_PRINTING_LINK_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Answers like an empty server that accepts every command. Prints the commands
// that write, and leaves out those that only ask.
class PrintingLink : public TargetLink {
 public:
  enum class Format {
    kText,  // A command a line, as redis-cli's MONITOR shows them.
    kResp,  // The bytes that would be sent.
  };
  // `output` must outlive this object.
  PrintingLink(Format format, Output* output)
      : format_(format), output_(output) {}

  void AddRaw(absl::string_view resp) override;
  void Add(absl::Span<const absl::string_view> argv) override;
  absl::Status Send() override { return output_->Flush(); }
  size_t outstanding() const override { return replies_.size(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;

 private:
  const Format format_;
  Output* const output_;
  std::deque<TargetReply> replies_;
  size_t queued_ = 0;  // Commands since MULTI.
  std::string resp_;   // Encoded by Add().
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_PRINTING_LINK_H_
