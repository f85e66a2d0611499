// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The command that the target gets in the place of a frame's.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_FRAME_REWRITER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_FRAME_REWRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

struct Rewriting {
  enum class Kind : uint8_t {
    kNone,      // The frame's command, as it is.
    kReplaced,  // `argv`.
    kDropped,   // Nothing.
    kRejected,  // Nothing: the target answers with `error`, or would do so.
    kEmpties,   // Nothing: the shard holds no key any more.
  };
  Kind kind = Kind::kNone;
  std::vector<std::string> argv;
  std::string error;
  // The reason, one of few texts, if it is worth counting. Its class: "ignored"
  // or "lost" of kDropped, otherwise "uncertain".
  absl::string_view reason;
  absl::string_view reason_class;
};

// Rewrites by Classify() (client/command_semantics.h), and by the target:
//
//   row or command            rewriting
//   kIgnore                   dropped
//   kRewrite, kCannotKnow     the command that the row names, if any
//   blocking                  the same without waiting: BLPOP a 0 -> LPOP a,
//                             BLPOP a b 0 -> LMPOP 2 a b LEFT
//   XREADGROUP with BLOCK     the same without BLOCK
//   FLUSHALL, FLUSHDB         empties the shard: an embedded writer streams it
//   field-deadline, unknown   dropped: lost
//   to the target
//   ZPOPMIN.BELOW, unknown    ZREMRANGEBYRANK of as many members as the target
//   to the target             has there
class FrameRewriter {
 public:
  // Reads from the target, as it is behind the frames before.
  using Read = std::function<absl::StatusOr<TargetReply>(
      absl::Span<const absl::string_view> argv)>;

  FrameRewriter(const KevyVersion& version, Read read);

  // Goes on with the rows of another version.
  void set_version(const KevyVersion& version) { version_ = version; }

  // `table`: the target's. Errors: `read`'s.
  absl::StatusOr<Rewriting> Rewrite(const ArgvView& argv,
                                    const CommandTable& table);

  // Whether Rewrite() would leave the command alone, as it has left the last
  // one of this name and number of arguments. False: ask Rewrite().
  bool IsPlain(const ArgvView& argv) const {
    return argv.size() == plain_size_ && argv[0] == plain_name_ &&
           version_ == plain_version_;
  }

 private:
  absl::StatusOr<Rewriting> RewritePop(const ArgvView& argv) const;

  KevyVersion version_;
  const Read read_;
  // A command that Rewrite() has left alone because of its name and number of
  // arguments. Size 0: none.
  std::string plain_name_;
  size_t plain_size_ = 0;
  KevyVersion plain_version_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_FRAME_REWRITER_H_
