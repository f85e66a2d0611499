// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/read_file.h"

#include <dirent.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

[[noreturn]] void Fail(absl::string_view what, const std::string& path) {
  std::fprintf(stderr, "%s: %s\n", std::string(what).c_str(), path.c_str());
  std::abort();
}

}  // namespace

std::string RunfilePath(absl::string_view path) {
  const char* root = std::getenv("TEST_SRCDIR");
  if (root == nullptr) return std::string(path);
  // The folder of the main repository has the name in its WORKSPACE, or
  // "_main".
  const char* workspace = std::getenv("TEST_WORKSPACE");
  return absl::StrCat(root, "/", workspace == nullptr ? "_main" : workspace,
                      "/", path);
}

std::string ReadFile(absl::string_view path) {
  const std::string name = RunfilePath(path);
  std::FILE* const file = std::fopen(name.c_str(), "rb");
  if (file == nullptr) Fail("cannot open", name);
  std::string bytes;
  char piece[4096];
  while (const size_t n = std::fread(piece, 1, sizeof(piece), file)) {
    bytes.append(piece, n);
  }
  if (std::ferror(file) != 0) Fail("cannot read", name);
  std::fclose(file);
  return bytes;
}

std::vector<std::string> ListFiles(absl::string_view folder,
                                   absl::string_view suffix) {
  const std::string name = RunfilePath(folder);
  DIR* const entries = opendir(name.c_str());
  if (entries == nullptr) Fail("cannot open", name);
  std::vector<std::string> files;
  while (const dirent* entry = readdir(entries)) {
    absl::string_view file = entry->d_name;
    if (absl::ConsumeSuffix(&file, suffix)) files.emplace_back(file);
  }
  closedir(entries);
  if (files.empty()) Fail("nothing in", name);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace codec_testing
}  // namespace kevy_replica
