// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/guarded_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

void Check(bool condition, const char* what) {
  if (condition) return;
  std::perror(what);
  std::abort();
}

}  // namespace

GuardedBytes::GuardedBytes(size_t capacity)
    : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
      room_((std::max<size_t>(capacity, 1) + page_ - 1) / page_ * page_) {
  void* const mapping = mmap(nullptr, room_ + 2 * page_, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Check(mapping != MAP_FAILED, "mmap");
  mapping_ = static_cast<char*>(mapping);
  Check(mprotect(mapping_ + page_, room_, PROT_READ | PROT_WRITE) == 0,
        "mprotect");
}

GuardedBytes::~GuardedBytes() {
  Check(munmap(mapping_, room_ + 2 * page_) == 0, "munmap");
}

absl::Span<char> GuardedBytes::Room(size_t size, Guard guard) {
  if (size > room_) std::abort();
  char* const begin = mapping_ + page_;
  return absl::Span<char>(
      guard == Guard::kBefore ? begin : begin + room_ - size, size);
}

absl::string_view GuardedBytes::Place(absl::string_view bytes, Guard guard) {
  const absl::Span<char> room = Room(bytes.size(), guard);
  std::copy(bytes.begin(), bytes.end(), room.begin());
  return absl::string_view(room.data(), room.size());
}

}  // namespace codec_testing
}  // namespace kevy_replica
