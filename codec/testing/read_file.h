// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Files of //testdata, in a test's runfiles.

#ifndef KEVY_REPLICA_CODEC_TESTING_READ_FILE_H_
#define KEVY_REPLICA_CODEC_TESTING_READ_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace codec_testing {

// Returns the path, while a test runs, of the file or folder at `path` from the
// repository's root. Outside Bazel returns `path` itself.
std::string RunfilePath(absl::string_view path);

// Returns the bytes of the file at RunfilePath(path). Aborts if it is
// unreadable, so that a test fails without its input.
std::string ReadFile(absl::string_view path);

// Returns the sorted names of the files in RunfilePath(folder) that end in
// `suffix`, without it. Aborts if the folder has none.
std::vector<std::string> ListFiles(absl::string_view folder,
                                   absl::string_view suffix);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_READ_FILE_H_
