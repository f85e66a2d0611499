// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Files of //testdata, as a test finds them among its runfiles.

#ifndef KEVY_REPLICA_CODEC_TESTING_READ_FILE_H_
#define KEVY_REPLICA_CODEC_TESTING_READ_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace codec_testing {

// Where the file or folder at `path`, counted from the repository's root, lies
// while a test runs. Outside Bazel that is `path` itself.
std::string RunfilePath(absl::string_view path);

// The bytes of the file at RunfilePath(path). Aborts if it cannot be read, so
// that no test passes for want of its input.
std::string ReadFile(absl::string_view path);

// The names of the files in the folder RunfilePath(folder) that end in
// `suffix`, without it, sorted. Aborts if there is none.
std::vector<std::string> ListFiles(absl::string_view folder,
                                   absl::string_view suffix);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_READ_FILE_H_
