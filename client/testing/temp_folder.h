// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A temporary folder and its files, for tests.

#ifndef KEVY_REPLICA_CLIENT_TESTING_TEMP_FOLDER_H_
#define KEVY_REPLICA_CLIENT_TESTING_TEMP_FOLDER_H_

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <ios>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace client_testing {

// A new folder. The destructor removes it with its files and empty folders.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = absl::StrCat(::testing::TempDir(), "/kevyXXXXXX");
    if (::mkdtemp(&pattern[0]) == nullptr) ::abort();
    char* const real = ::realpath(pattern.c_str(), nullptr);
    path_ = real;
    ::free(real);
  }
  ~TempFolder() {
    for (const std::string& name : Names()) {
      if (::unlink(File(name).c_str()) != 0) ::rmdir(File(name).c_str());
    }
    ::rmdir(path_.c_str());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }

  // The names of its entries, sorted.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    DIR* const folder = ::opendir(path_.c_str());
    if (folder == nullptr) return names;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    ::closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
};

inline void WriteFile(const std::string& path, absl::string_view contents) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  EXPECT_TRUE(file.good()) << path;
}

inline std::string FileContents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

// The permission bits of a file.
inline unsigned FileMode(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

}  // namespace client_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_TEMP_FOLDER_H_
