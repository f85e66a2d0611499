// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs `memory` as a program, with streams long enough to show a leak.

#include <sys/wait.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

constexpr char kCommand[] = "benchmarks/memory --bytes=67108864";

struct Row {
  std::string stream;
  uint64_t bytes = 0;
  uint64_t frames = 0;
  uint64_t largest_element = 0;
  uint64_t peak_kib = 0;
  uint64_t end_kib = 0;
};

// The rows of the printed table.
std::vector<Row> RunMemory() {
  std::FILE* const output = popen(kCommand, "r");
  if (output == nullptr) {
    ADD_FAILURE() << "cannot run " << kCommand;
    return {};
  }
  std::string text;
  char line[1000];
  while (std::fgets(line, sizeof(line), output) != nullptr) text += line;
  const int status = pclose(output);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;

  std::vector<Row> rows;
  const std::vector<std::string> lines =
      absl::StrSplit(text, '\n', absl::SkipEmpty());
  for (size_t i = 2; i < lines.size();
       ++i) {  // After the two lines of the head.
    const std::vector<std::string> cells = absl::StrSplit(lines[i], " | ");
    Row row;
    if (cells.size() != 6 || !absl::SimpleAtoi(cells[1], &row.bytes) ||
        !absl::SimpleAtoi(cells[2], &row.frames) ||
        !absl::SimpleAtoi(cells[3], &row.largest_element) ||
        !absl::SimpleAtoi(cells[4], &row.peak_kib) ||
        !absl::SimpleAtoi(absl::StripSuffix(cells[5], " |"), &row.end_kib)) {
      ADD_FAILURE() << lines[i];
    }
    row.stream = std::string(absl::StripPrefix(cells[0], "| "));
    rows.push_back(row);
  }
  return rows;
}

TEST(MemoryTest, StreamLengthLeavesMemoryUnchanged) {
  constexpr uint64_t kMiB = 1 << 20;
  const std::vector<Row> rows = RunMemory();
  ASSERT_EQ(rows.size(), 7u);
  const char* const streams[] = {"small frames",
                                 "small frames",
                                 "1 MiB values",
                                 "1 MiB values",
                                 "a snapshot",
                                 "a snapshot",
                                 "a huge frame, then small ones"};
  const uint64_t bytes[] = {kMiB, 64 * kMiB, kMiB,     64 * kMiB,
                            kMiB, 64 * kMiB, 48 * kMiB};
  const uint64_t largest[] = {57, 57, kMiB, kMiB, 65536, 65536, 16 * kMiB};
  for (size_t i = 0; i < rows.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(rows[i].stream, streams[i]);
    EXPECT_GE(rows[i].bytes, bytes[i]);
    EXPECT_LT(rows[i].bytes, bytes[i] + 2 * kMiB);
    EXPECT_GE(rows[i].largest_element, largest[i]);
    EXPECT_LT(rows[i].largest_element, largest[i] + 100);
    EXPECT_GT(rows[i].peak_kib, 0u);
    EXPECT_GT(rows[i].end_kib, 0u);
  }
  EXPECT_EQ(rows[2].frames, 1u);
  EXPECT_EQ(rows[3].frames, 64u);
  EXPECT_EQ(rows[5].frames, 0u);

#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && \
    !defined(                                \
        ABSL_HAVE_THREAD_SANITIZER)  // Sanitizers hold memory of their own.
  constexpr uint64_t kSlackKib = 8 << 10;
  for (const size_t i : {0, 2, 4}) {
    SCOPED_TRACE(rows[i].stream);
    EXPECT_LE(rows[i + 1].peak_kib, rows[i].peak_kib + kSlackKib);
  }
  // The memory of the huge frame is given back.
  EXPECT_LE(rows[6].end_kib, rows[0].end_kib + kSlackKib);
#endif
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica
