// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A file in memory, for readers that take a path.

#ifndef KEVY_REPLICA_FUZZ_MEMORY_FILE_H_
#define KEVY_REPLICA_FUZZ_MEMORY_FILE_H_

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {

// Linux only, as libFuzzer's programs here are. Mode 0600.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    FUZZ_CHECK(fd_ >= 0);
    FUZZ_CHECK(fchmod(fd_, S_IRUSR | S_IWUSR) == 0);
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void SetContents(absl::string_view bytes) {
    FUZZ_CHECK(ftruncate(fd_, 0) == 0);
    FUZZ_CHECK(pwrite(fd_, bytes.data(), bytes.size(), 0) ==
               static_cast<ssize_t>(bytes.size()));
  }
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  const int fd_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_FUZZ_MEMORY_FILE_H_
