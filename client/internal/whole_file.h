// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A file that is read whole, and replaced whole: whoever reads it, after a
// crash at any moment too, finds what it held or what it was to hold, never a
// mixture.

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

namespace kevy_replica {
namespace client_internal {

// Is told of each system call on files before it is made, by the name of the
// call. The call fails with the errno that it returns, if that is not 0: so a
// test makes each fail in turn.
using SystemCallHook = std::function<int(const char* call)>;

// Errors name the operation and the path, with Abseil's code for the errno. Not
// thread-safe.
class WholeFile {
 public:
  // Neither creates nor reads the file. What `path` leads to, over links and
  // from the current folder, is settled here and for good. An error if the
  // folder is missing or not to be written into, or if `path` is a link to a
  // file that does not exist: that file's file system may not be mounted yet.
  static absl::StatusOr<WholeFile> Open(absl::string_view path,
                                        SystemCallHook hook);

  // What the file holds; nothing if there is no file. kResourceExhausted if it
  // is longer than `max_size`.
  absl::StatusOr<std::optional<std::string>> Read(size_t max_size);

  struct Replacement {
    // OK: it lasts, a power failure notwithstanding.
    absl::Status status;
    // Whether the file holds the new contents now. With an error: it does, but
    // is not known to last.
    bool replaced;
  };
  // Writes `contents` to path() + ".tmp", over what a crash may have left
  // there, and renames that. Keeps the file's permissions; a new one is to be
  // written by its owner and read by all, less the umask.
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
};

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_INTERNAL_WHOLE_FILE_H_
