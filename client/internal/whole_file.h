// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A file that is read whole and replaced whole. A reader finds the old contents
// or the new ones, never a mixture, even after a crash at any moment.

#ifndef KEVY_REPLICA_CLIENT_INTERNAL_WHOLE_FILE_H_
#define KEVY_REPLICA_CLIENT_INTERNAL_WHOLE_FILE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/internal/fd.h"

namespace kevy_replica {
namespace client_internal {

// Runs before each system call on files, with the call's name. Returns 0 to
// allow the call, or the errno with which the call fails instead. For tests.
using SystemCallHook = std::function<int(const char* call)>;

// Errors name the operation and the path, with Abseil's code for the errno. Not
// thread-safe.
class WholeFile {
 public:
  // Resolves links and the current folder in `path`, once. Does not create or
  // read the file. Errors: the folder is missing or not writable, or `path` is
  // a link without a target (its file system may not be mounted yet).
  static absl::StatusOr<WholeFile> Open(absl::string_view path,
                                        SystemCallHook hook);

  // Locks the file for this object, by a lock on path() + ".lock", which it
  // creates and leaves. (The file itself is replaced, so its lock would not
  // last.) Errors: LockFile()'s, and the system's.
  absl::Status Lock();

  // Returns:
  //   contents            of the file
  //   nullopt             the file does not exist
  //   kResourceExhausted  it is longer than `max_size` bytes
  //   others              kFailedPrecondition if it is not a regular file,
  //                       otherwise from errno
  absl::StatusOr<std::optional<std::string>> Read(size_t max_size);

  struct Replacement {
    // OK: the new contents survive a power failure.
    absl::Status status;
    // Whether the file has the new contents. Together with an error: a power
    // failure may bring the old ones back.
    bool replaced;
  };
  // Writes `contents` to path() + ".tmp", replacing any leftover of a crash,
  // and renames it to path(). Keeps the file's permissions. A new file has 0644
  // less the umask.
  Replacement Replace(absl::string_view contents);

  const std::string& path() const { return path_; }

 private:
  WholeFile(std::string folder, std::string path, SystemCallHook hook)
      : folder_(std::move(folder)),
        path_(std::move(path)),
        temporary_(path_ + ".tmp"),
        hook_(std::move(hook)) {}

  absl::Status WriteTemporary(absl::string_view contents);

  std::string folder_;
  std::string path_;
  std::string temporary_;
  SystemCallHook hook_;
  transport_internal::UniqueFd lock_;
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_WHOLE_FILE_H_
