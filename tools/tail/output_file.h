// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A file that output is appended to, and cut back to where it stood when a
// position was last stored: so that each frame stands in it exactly once,
// though the program was killed between printing and storing.

#ifndef KEVY_REPLICA_TOOLS_TAIL_OUTPUT_FILE_H_
#define KEVY_REPLICA_TOOLS_TAIL_OUTPUT_FILE_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/tools/common/output.h"

namespace kevy_replica {

// A mark tells where the file ended, and by what it is known again. It has the
// form of a position, to be stored with those: `next_offset` is the length;
// `generation` a fingerprint of the last bytes, or of a file without any the
// number that the file system has given it.
//
// Errors are the system's with the path, unless said otherwise.
class OutputFile {
 public:
  // Whatever `path` is: a file, made if there is none, a pipe, a device.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(
      const std::string& path);

  // A file, from `mark` on: what is behind it is cut off. None: as it is, or
  // made. An empty file is begun anew, whatever was marked.
  //
  // kFailedPrecondition: the file is not there, or not what was marked, and is
  // left as it is; or it is no file.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Resume(
      const std::string& path, const std::optional<FeedPosition>& mark);

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  int fd() const { return fd_; }
  bool empty() const;

  // Has the system put all that was written on the disk. Returns its mark.
  absl::StatusOr<FeedPosition> Sync();

 private:
  OutputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  absl::Status CutTo(const std::optional<FeedPosition>& mark);
  absl::StatusOr<FeedPosition> MarkAt(off_t length) const;

  const int fd_;
  const std::string path_;
};

// Stores with the positions, in one step, the mark of the file that holds what
// belongs to them: all that was written to `output` has to. It is on the disk
// by then. Nothing is stored once the output has failed.
//
// Store() is only for the thread that writes to `output`. Nothing is owned.
class OutputPositionStore : public PositionStore {
 public:
  // The mark's name.
  static constexpr char kName[] = "output";

  OutputPositionStore(PositionStore* inner, OutputFile* file, Output* output)
      : inner_(inner), file_(file), output_(output) {}

  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;
  // Of no positions: the mark alone.
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

 private:
  PositionStore* const inner_;
  OutputFile* const file_;
  Output* const output_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_OUTPUT_FILE_H_
