// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A file that output is appended to, and cut back to where it stood when a
// position was last stored: so that each frame stands in it exactly once,
// though the program was killed between printing and storing.

#ifndef KEVY_REPLICA_TOOLS_OUTPUT_FILE_H_
#define KEVY_REPLICA_TOOLS_OUTPUT_FILE_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/client/feed_position.h"

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

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_OUTPUT_FILE_H_
