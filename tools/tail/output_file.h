// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// An output file that holds each frame exactly once, even after a kill.
//
//   print frames 7 and 8   the file grows
//   store position 9       the file's length goes into the same store: a mark
//   print frame 9          the file grows beyond the mark
//   (killed, started)      the file is truncated to the mark
//   print frame 9          once in the file

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

// A mark is the length of the file and a fingerprint, to recognize the file
// again. It has the form of a position, so that a position store can keep it.
// `next_offset` is the length in bytes. `generation` is a hash of the last 4096
// bytes, or the inode number of an empty file.
//
// A regular file is locked, so that no two processes write to it. A created one
// can be read by its owner alone, since it holds the primary's data.
//
// Errors are the system's with the path, or kFailedPrecondition for a file that
// is locked, unless a function lists others.
class OutputFile {
 public:
  // Opens `path` to append to it: a pipe, a device, or a file, which is created
  // if it is missing.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Open(
      const std::string& path);

  // Opens `path` and truncates it to `mark`. Without a mark, appends to it, or
  // creates it. An empty file starts over, whatever the mark.
  //
  // Returns:
  //   a file               append to it
  //   kFailedPrecondition  it is missing, is not the marked file, or is not a
  //                        regular file; it is unchanged, and the message
  //                        names the remedy
  //   other errors         the system's
  static absl::StatusOr<std::unique_ptr<OutputFile>> Resume(
      const std::string& path, const std::optional<FeedPosition>& mark);

  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Stays the same over Reopen().
  int fd() const { return fd_; }
  bool empty() const;

  // Opens the path anew, after a log rotation has moved the file away: creates
  // the file, or appends to it. Keeps a pipe, a device, or a file that was not
  // moved. After an error the former file stays open.
  absl::Status Reopen();

  // Empties a regular file.
  absl::Status Empty();

  // Waits until all written bytes are on the disk. Returns the mark after
  // them.
  absl::StatusOr<FeedPosition> Sync();

 private:
  OutputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  absl::Status Lock() const;
  absl::Status CutTo(const std::optional<FeedPosition>& mark);
  absl::StatusOr<FeedPosition> MarkAt(off_t length) const;

  const int fd_;
  const std::string path_;
};

// Stores positions together with the mark of the output file, in one step. The
// output is flushed and on the disk before. After an error of the output,
// Store() returns it and leaves the store alone.
//
// Call Store() on the thread that writes to `output`. All three pointers must
// outlive this object.
class OutputPositionStore : public PositionStore {
 public:
  // The name that the mark is stored under.
  static constexpr char kName[] = "output";

  OutputPositionStore(PositionStore* inner, OutputFile* file, Output* output)
      : inner_(inner), file_(file), output_(output) {}

  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;
  // Without positions, stores the mark alone.
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

  // Reopens the file, and stores the mark of the new one. Precondition: the
  // output is flushed, and the positions of all its frames are stored.
  absl::Status Reopen();

 private:
  PositionStore* const inner_;
  OutputFile* const file_;
  Output* const output_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_OUTPUT_FILE_H_
