// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/file_flags.h"

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/common/files.h"

namespace kevy_replica {
namespace {

// By what the system knows a file: its own number, or where there is none yet
// that of the folder, and the name there.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  std::string name;  // Empty: of the file itself.
};

// What `path` leads to if it is a link, whether or not that exists.
std::string Followed(std::string path) {
  constexpr int kMostLinks = 40;  // As Linux: more are a circle.
  for (int i = 0; i < kMostLinks; ++i) {
    std::string link(4096, '\0');
    const ssize_t size = readlink(path.c_str(), &link[0], link.size());
    if (size <= 0) break;
    link.resize(static_cast<size_t>(size));
    path = link[0] == '/' ? link : FolderOf(path) + link;
  }
  return path;
}

// False: there is not even a folder. Who opens the file says so.
bool Find(const std::string& path, FileId* id) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    const std::string followed = Followed(path);
    const std::string folder = FolderOf(followed);
    if (stat(folder.c_str(), &info) != 0) return false;
    id->name = followed.substr(followed.rfind('/') + 1);
  }
  id->device = info.st_dev;
  id->inode = info.st_ino;
  return true;
}

bool IsSameFile(const std::string& a, const std::string& b) {
  FileId id_a;
  FileId id_b;
  return Find(a, &id_a) && Find(b, &id_b) && id_a.device == id_b.device &&
         id_a.inode == id_b.inode && id_a.name == id_b.name;
}

// The names under which `flag`'s file may be written first: beside a link or
// beside what it leads to.
std::vector<std::string> TemporariesOf(const FileFlag& flag) {
  if (!flag.replaced) return {};
  return {flag.path + ".tmp", Followed(flag.path) + ".tmp"};
}

}  // namespace

absl::Status CheckFilesDiffer(absl::Span<const FileFlag> flags) {
  for (const FileFlag& flag : flags) {
    if (flag.path.empty()) continue;
    for (const FileFlag& other : flags) {
      if (&other == &flag || other.path.empty()) continue;
      if (IsSameFile(flag.path, other.path)) {
        return absl::InvalidArgumentError(absl::StrCat(
            flag.name, " and ", other.name, " name the same file"));
      }
      for (const std::string& temporary : TemporariesOf(other)) {
        if (!IsSameFile(flag.path, temporary)) continue;
        return absl::InvalidArgumentError(
            absl::StrCat(flag.name, " names the file that ", other.name,
                         " is written to first, ", temporary));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
