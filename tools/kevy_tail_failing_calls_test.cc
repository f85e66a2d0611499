// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each system call of kevy_tail in turn: see failing_child.h. A failure
// that passes goes unnoticed. After any other the tail ends with a documented
// status and a message, or goes on; and the next run completes the output, with
// each frame once.

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/failing_child.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using client_testing::WriteFile;
using secure_testing::PrimaryKey;
using secure_testing::ResponderOptions;

using ::testing::AnyOf;
using ::testing::IsSubsetOf;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kFailingTail[] = "tools/kevy_tail_failing";
constexpr uint64_t kFrames = 40;

std::vector<std::string> Command(uint64_t offset) {
  return {"SET", "key", absl::StrCat(offset)};
}

// The offsets of the frames in an output in text.
std::vector<uint64_t> Offsets(absl::string_view output) {
  std::vector<uint64_t> offsets;
  for (const absl::string_view line : absl::StrSplit(output, '\n')) {
    uint64_t offset = 0;
    if (absl::SimpleAtoi(line.substr(0, line.find(' ')), &offset)) {
      offsets.push_back(offset);
    }
  }
  return offsets;
}

std::vector<uint64_t> AllOffsets() {
  std::vector<uint64_t> offsets(kFrames);
  for (uint64_t i = 0; i < kFrames; ++i) offsets[i] = i;
  return offsets;
}

class KevyTailFailingCallsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(primary_.Listen("127.0.0.1:0").ok()); }

  ChildResult Run(const FailingChild& failing,
                  const std::vector<std::string>& flags) {
    ChildProcess child(kFailingTail, flags);
    return EndOf(failing, &child);
  }

  // Removes all files but the report and those in `kept`.
  void Clear(absl::string_view kept = "") {
    for (const std::string& name : folder_.Names()) {
      if (name != kept) ::unlink(folder_.File(name).c_str());
    }
  }

  // Checks the end of a run.
  static void Check(const ChildResult& result, const ChildReport& report) {
    if (!report.failed || report.passes) {
      EXPECT_EQ(result.status, 0) << result.err;
      return;
    }
    EXPECT_THAT(result.status, AnyOf(0, 1, 2)) << result.err;
    if (result.status != 0) {
      EXPECT_THAT(result.err, StartsWith("kevy_tail: "));
    }
  }

  const TempFolder folder_;
  ScriptedPrimary primary_;
};

TEST_F(KevyTailFailingCallsTest, NextRunCompletesOutput) {
  primary_.SetDefault(
      PrimaryScript().Generation(7).FramesTo(kFrames, Command).Stall());
  const std::string output = folder_.File("output");
  const std::string positions = folder_.File("positions");
  const auto flags = [&](uint64_t frames) -> std::vector<std::string> {
    return {absl::StrCat("--primary=", primary_.address()),
            absl::StrCat("--output=", output),
            absl::StrCat("--positions=", positions),
            absl::StrCat("--prometheus=", folder_.File("metrics")),
            absl::StrCat("--max_frames=", frames), "--acknowledge",
            // Protocol 1 would not tell the generation.
            "--protocol=2"};
  };
  const std::string tried =
      FailEachCallOfChild(folder_.File("report"), [&](FailingChild* failing) {
        Clear("report");
        const ChildResult result = Run(*failing, flags(kFrames));
        failing->Stop();
        const ChildReport report = failing->report();
        Check(result, report);
        const std::vector<std::string> names = folder_.Names();
        if (report.name != "unlink") {
          EXPECT_THAT(names, IsSubsetOf({"metrics", "output", "positions",
                                         "positions.lock", "report"}));
        }
        // The stored position tells how many frames are left.
        const std::string stored = FileContents(positions);
        uint64_t next = 0;
        const size_t at = stored.find("shard-0 7:");
        if (at != std::string::npos) {
          const absl::string_view rest =
              absl::string_view(stored).substr(at + 10);
          ASSERT_TRUE(absl::SimpleAtoi(rest.substr(0, rest.find('\n')), &next))
              << stored;
        }
        if (next < kFrames) {
          const ChildResult again =
              RunChild(kFailingTail, flags(kFrames - next));
          EXPECT_EQ(again.status, 0) << again.err << stored;
        }
        EXPECT_EQ(Offsets(FileContents(output)), AllOffsets()) << result.err;
      });
  std::cout << "kevy_tail --output --positions: " << tried << std::endl;
}

TEST_F(KevyTailFailingCallsTest, RecordingHoldsPrefix) {
  primary_.SetDefault(
      PrimaryScript().Generation(7).FramesTo(kFrames, Command).Close());
  std::string whole;
  const std::string tried =
      FailEachCallOfChild(folder_.File("report"), [&](FailingChild* failing) {
        Clear("report");
        const ChildResult result =
            Run(*failing, {absl::StrCat("--primary=", primary_.address()),
                           "--once", "--protocol=2",
                           absl::StrCat("--output=", folder_.File("output")),
                           absl::StrCat("--record=", folder_.File("record"))});
        failing->Stop();
        const ChildReport report = failing->report();
        Check(result, report);
        const std::string record = FileContents(folder_.File("record"));
        if (whole.empty()) whole = record;
        EXPECT_THAT(whole, StartsWith(record));
        const std::vector<uint64_t> offsets =
            Offsets(FileContents(folder_.File("output")));
        EXPECT_LE(offsets.size(), kFrames);
        for (size_t i = 0; i < offsets.size(); ++i) EXPECT_EQ(offsets[i], i);
        // SIGTERM ends a failure that lasts: it is a success, too.
        if (result.status == 0 && !failing->lasting()) {
          EXPECT_EQ(record, whole);
          EXPECT_EQ(offsets.size(), kFrames);
        }
      });
  std::cout << "kevy_tail --once --record: " << tried << std::endl;
}

TEST_F(KevyTailFailingCallsTest, SecureLinkEndsCleanly) {
  primary_.SetDefault(
      PrimaryScript().Generation(7).FramesTo(kFrames, Command).Close());
  primary_.SetWrapper(NoiseAcceptor(ResponderOptions()));
  const TempFolder keys;
  WriteFile(keys.File("key"), std::string(64, '1') + "\n");
  ASSERT_EQ(::chmod(keys.File("key").c_str(), 0600), 0);
  const std::string tried =
      FailEachCallOfChild(folder_.File("report"), [&](FailingChild* failing) {
        const ChildResult result =
            Run(*failing,
                {absl::StrCat("--primary=kevys://", primary_.address(),
                              "?key=", PrimaryKey()->public_key().ToHex()),
                 "--once", "--protocol=2",
                 absl::StrCat("--key_file=", keys.File("key"))});
        failing->Stop();
        Check(result, failing->report());
        const std::vector<uint64_t> offsets = Offsets(result.out);
        if (result.status == 0 && !failing->lasting()) {
          EXPECT_EQ(offsets, AllOffsets());
        }
      });
  std::cout << "kevy_tail --key_file: " << tried << std::endl;
}

}  // namespace
}  // namespace kevy_replica
