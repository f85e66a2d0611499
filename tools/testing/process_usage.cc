// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/process_usage.h"

#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"

namespace kevy_replica {
namespace {

void Missing(const char* path) {
  std::fprintf(stderr, "%s cannot be read\n", path);
  std::abort();
}

size_t Entries(const char* path) {
  DIR* const folder = ::opendir(path);
  if (folder == nullptr) Missing(path);
  size_t entries = 0;
  while (const dirent* entry = ::readdir(folder)) {
    if (entry->d_name[0] != '.') ++entries;
  }
  ::closedir(folder);
  return entries;
}

size_t ResidentBytes() {
  constexpr char kPath[] = "/proc/self/statm";
  std::FILE* const file = std::fopen(kPath, "r");
  size_t size = 0;
  size_t resident = 0;
  if (file == nullptr || std::fscanf(file, "%zu %zu", &size, &resident) != 2) {
    Missing(kPath);
  }
  std::fclose(file);
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

double MiB(size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

ProcessUsage ThisProcessUsage() {
  ProcessUsage usage;
  usage.resident_bytes = ResidentBytes();
  const struct mallinfo2 heap = ::mallinfo2();
  usage.heap_bytes = heap.uordblks + heap.hblkhd;
  usage.descriptors = Entries("/proc/self/fd") - 1;  // Without the folder's.
  usage.threads = Entries("/proc/self/task");
  return usage;
}

std::string ToString(const ProcessUsage& usage) {
  return absl::StrFormat("rss=%.1fMiB heap=%.1fMiB fds=%d threads=%d",
                         MiB(usage.resident_bytes), MiB(usage.heap_bytes),
                         usage.descriptors, usage.threads);
}

}  // namespace kevy_replica
