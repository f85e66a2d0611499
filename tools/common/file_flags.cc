// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/file_flags.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/common/files.h"

namespace kevy_replica {
namespace {

// The identity of a file: its own number, or, before it exists, its folder's
// number and its name in the folder.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  std::string name;  // Empty if the file exists.
};

// Returns false if the folder does not exist. Opening the file reports that.
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

// The paths of a store's own files: beside a link, and beside its end.
std::vector<std::string> OwnFilesOf(const FileFlag& flag) {
  if (!flag.is_store) return {};
  std::vector<std::string> files;
  for (const std::string& path : {flag.path, Followed(flag.path)}) {
    files.push_back(path + ".tmp");
    files.push_back(path + ".lock");
  }
  return files;
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
      for (const std::string& own : OwnFilesOf(other)) {
        if (!IsSameFile(flag.path, own)) continue;
        return absl::InvalidArgumentError(absl::StrCat(
            flag.name, " names a file that ", other.name, " needs, ", own));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
