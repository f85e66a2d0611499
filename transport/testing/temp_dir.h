// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Files for tests.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_TEMP_DIR_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_TEMP_DIR_H_

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace transport_testing {

// Returns an empty string for a file that cannot be opened.
inline std::string FileContents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

// A folder with a path short enough for a Unix socket. The destructor removes
// the folder and its files "a" and "b".
class TempDir {
 public:
  TempDir() {
    if (::mkdtemp(&path_[0]) == nullptr) ::abort();
  }
  ~TempDir() {
    for (const char* name : {"a", "b"}) ::unlink(File(name).c_str());
    ::rmdir(path_.c_str());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  // The path of a file in this folder.
  std::string File(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/kevyXXXXXX";
};

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_TEMP_DIR_H_
