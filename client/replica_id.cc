// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/replica_id.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace {

constexpr size_t kMaxProgram = 32;
constexpr size_t kMaxHost = 64;  // Linux's longest.

// Printable ASCII without `#`, at least one byte.
std::string Name(absl::string_view text, size_t max) {
  std::string name(text.substr(0, max));
  const auto unusable = [](char c) {
    return !absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '#';
  };
  std::replace_if(name.begin(), name.end(), unusable, '_');
  return name.empty() ? "unknown" : name;
}

std::string ProgramName() {
#ifdef __linux__
  return program_invocation_short_name;
#else
  return getprogname();
#endif
}

std::string HostName() {
  char host[256] = "";
  // A name that was cut may lack its final NUL.
  if (::gethostname(host, sizeof(host) - 1) != 0) return "";
  return host;
}

}  // namespace

namespace client_internal {

std::string ReplicaIdOf(absl::string_view program, absl::string_view host,
                        int64_t process_id, uint64_t count) {
  std::string name = Name(program, kMaxProgram);
  // A primary would show "worker-2" as port 2 of "worker".
  const size_t dash = name.find_last_not_of("0123456789");
  if (dash != std::string::npos && name[dash] == '-') name[dash] = '_';
  std::string id =
      absl::StrCat(name, "#", Name(host, kMaxHost), ":", process_id);
  if (count > 1) absl::StrAppend(&id, ".", count);
  return id;
}

}  // namespace client_internal

std::string UniqueReplicaId() {
  static std::atomic<uint64_t> calls{0};
  return client_internal::ReplicaIdOf(ProgramName(), HostName(), ::getpid(),
                                      ++calls);
}

}  // namespace kevy_replica
