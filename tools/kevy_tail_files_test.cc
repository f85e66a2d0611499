// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_tail as a program: its files, its signals, and files that are
// closed, full or locked.

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::FileMode;
using client_testing::TempFolder;
using client_testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class KevyTailFilesTest : public ::testing::Test {
 protected:
  KevyTailFilesTest() {
    primary_.SetDefault(
        PrimaryScript().Generation(7).Frame(0, {"PING"}).Stall());
    EXPECT_TRUE(primary_.Listen("127.0.0.1:0").ok());
  }

  std::string Path(absl::string_view name) const { return folder_.File(name); }
  // "--output=<folder>/output".
  std::string Flag(absl::string_view name) const {
    return absl::StrCat("--", name, "=", Path(name));
  }
  std::string primary_flag() const {
    return absl::StrCat("--primary=", primary_.address());
  }
  std::vector<std::string> Flags(const std::vector<std::string>& more) const {
    std::vector<std::string> flags = {primary_flag(),
                                      "--heartbeat_timeout=inf"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  // The arguments of sh that run kevy_tail, as "$@", in a script.
  std::vector<std::string> Script(const std::string& script,
                                  const std::vector<std::string>& flags) const {
    std::vector<std::string> arguments = {"-c", script, "sh", kKevyTail};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return arguments;
  }

  // Waits until the file has `text`.
  bool AwaitText(ChildProcess* child, absl::string_view name,
                 absl::string_view text) const {
    return child->Await(absl::StrCat(name, " has ", text), [this, name, text] {
      return absl::StrContains(FileContents(Path(name)), text);
    });
  }

  const TempFolder folder_;
  ScriptedPrimary primary_;
};

TEST_F(KevyTailFilesTest, BazelRunUsesUsersFolder) {
  // As `bazel run` starts a program.
  const std::string runfiles = Path("kevy_tail.runfiles");
  ASSERT_EQ(mkdir(runfiles.c_str(), 0700), 0);
  char* const program = realpath(kKevyTail, nullptr);
  const std::string script = absl::StrCat(
      "cd ", runfiles, " && exec env BUILD_WORKING_DIRECTORY=", folder_.path(),
      " ", program, " \"$@\"");
  free(program);
  ChildResult result =
      RunChild("sh", {"-c", script, "sh", primary_flag(), "--max_frames=1",
                      "--output=out", "--positions=pos", "--prometheus=prom"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(FileContents(Path("out")), HasSubstr("0 \"PING\"\n"));
  EXPECT_THAT(FileContents(Path("pos")), HasSubstr("shard-0 7:1"));
  EXPECT_THAT(FileContents(Path("prom")), HasSubstr("frames_total"));
  result = RunChild("sh", {"-c", script, "sh", primary_flag(), "--once",
                           "--max_frames=1", "--record=rec"});
  EXPECT_EQ(result.status, 0) << result.err;
  result = RunChild("sh", {"-c", script, "sh", "--replay=rec"});
  EXPECT_THAT(result.out, HasSubstr("0 \"PING\"\n")) << result.err;
}

TEST_F(KevyTailFilesTest, InheritedBazelVariableIsIgnored) {
  // A script under `bazel run` has changed to a folder of its own.
  const ChildResult result = RunChild(
      "sh",
      Script(absl::StrCat("export BUILD_WORKING_DIRECTORY=/; exec \"$@\""),
             {absl::StrCat("--replay=",
                           "testdata/captures/"
                           "kevy-5.4.0-fresh.resp")}));
  EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(KevyTailFilesTest, SecondTailIsRefused) {
  ChildProcess first(kKevyTail, Flags({Flag("positions"), Flag("output")}));
  ASSERT_TRUE(AwaitText(&first, "positions", "shard-0 7:1"));
  for (const char* name : {"positions", "output"}) {
    const ChildResult second = RunChild(kKevyTail, Flags({Flag(name)}));
    EXPECT_EQ(second.status, 2);
    EXPECT_EQ(second.out, "");
    EXPECT_THAT(second.err, MatchesRegex(absl::StrCat(
                                "kevy_tail: --", name, ": [^\n]*/", name,
                                " is in use by another process(, with the pid ",
                                first.pid(), ")? [(]see --help[)]\n")));
  }
  const std::string output = FileContents(Path("output"));
  first.Signal(SIGINT);
  EXPECT_EQ(first.Wait(), 0);
  EXPECT_THAT(FileContents(Path("output")), StartsWith(output));
}

TEST_F(KevyTailFilesTest, SecondRecordingIsRefused) {
  ChildProcess first(kKevyTail, {primary_flag(), "--once", Flag("record")});
  ASSERT_TRUE(AwaitText(&first, "record", "PING"));
  const ChildResult second =
      RunChild(kKevyTail, {primary_flag(), "--once", Flag("record")});
  EXPECT_EQ(second.status, 2);
  EXPECT_THAT(second.err, AllOf(StartsWith("kevy_tail: --record: "),
                                HasSubstr(" is in use by another process")));
  EXPECT_THAT(FileContents(Path("record")), HasSubstr("PING"));
}

TEST_F(KevyTailFilesTest, CopiesOfDataArePrivate) {
  EXPECT_EQ(RunChild(kKevyTail, {primary_flag(), "--once", "--max_frames=1",
                                 Flag("record"), Flag("output")})
                .status,
            0);
  EXPECT_EQ(FileMode(Path("record")), 0600u);
  EXPECT_EQ(FileMode(Path("output")), 0600u);
}

TEST_F(KevyTailFilesTest, ClosedReaderEndsTailWithoutWrite) {
  for (const bool once : {false, true}) {
    SCOPED_TRACE(once);
    std::vector<std::string> flags = {primary_flag(), "--format=resp"};
    flags.push_back(once ? "--once" : "--heartbeat_timeout=inf");
    ChildProcess child(kKevyTail, flags);
    EXPECT_EQ(child.ReadLine(), "*1\r\n");
    EXPECT_EQ(child.ReadLine(), "$4\r\n");
    child.CloseOutput();
    EXPECT_EQ(child.Wait(), 0);
  }
}

TEST_F(KevyTailFilesTest, StopSignalsStorePosition) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    SCOPED_TRACE(signal);
    unlink(Path("positions").c_str());
    ChildProcess child(kKevyTail, Flags({Flag("positions")}));
    EXPECT_THAT(child.ReadLine(), StartsWith("# connected "));
    EXPECT_EQ(child.ReadLine(), "# reset\n");
    EXPECT_EQ(child.ReadLine(), "0 \"PING\"\n");
    child.Signal(signal);
    EXPECT_EQ(child.ReadOutput(), "# end generation=7 next_offset=1\n");
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_THAT(FileContents(Path("positions")), HasSubstr("shard-0 7:1"));
  }
}

// A primary that sends the frames up to `end`, each when the test asks for it.
class GatedPrimary {
 public:
  explicit GatedPrimary(size_t end) : gates_(end) {
    PrimaryScript script;
    script.Generation(7);
    for (size_t i = 0; i < end; ++i) {
      script.FramesTo(i + 1, [this](uint64_t offset) {
        gates_[offset].get_future().wait();
        return std::vector<std::string>{"SET", "a", absl::StrCat(offset)};
      });
    }
    primary_.Enqueue(script.Stall());
    EXPECT_TRUE(primary_.Listen("127.0.0.1:0").ok());
  }

  void Send(size_t offset) { gates_[offset].set_value(); }
  // The next connections get the frame `offset` alone.
  void Continue(uint64_t offset) {
    primary_.SetDefault(PrimaryScript()
                            .Generation(7)
                            .Frame(offset, {"SET", "a", absl::StrCat(offset)})
                            .Stall());
  }
  std::string flag() const {
    return absl::StrCat("--primary=", primary_.address());
  }

 private:
  std::vector<std::promise<void>> gates_;
  ScriptedPrimary primary_;  // Ends before the gates.
};

TEST_F(KevyTailFilesTest, IgnoredHangupStaysIgnored) {
  GatedPrimary primary(2);
  // As nohup starts a program.
  ChildProcess child("sh", Script("trap '' HUP; exec \"$@\"",
                                  {primary.flag(), "--format=resp"}));
  primary.Send(0);
  EXPECT_EQ(child.ReadLine(), "*3\r\n");
  child.Signal(SIGHUP);
  primary.Send(1);
  for (int line = 1; line < 14; ++line) EXPECT_NE(child.ReadLine(), "");
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(KevyTailFilesTest, SignalReopensOutput) {
  for (const char* mode : {"--once", "--heartbeat_timeout=inf", "positions"}) {
    SCOPED_TRACE(mode);
    for (const char* name : {"output", "old"}) unlink(Path(name).c_str());
    GatedPrimary primary(2);
    const bool with_positions = mode == absl::string_view("positions");
    std::vector<std::string> flags = {
        primary.flag(), Flag("output"),
        with_positions ? Flag("positions") : std::string(mode)};
    ChildProcess child(kKevyTail, flags);
    primary.Send(0);
    ASSERT_TRUE(AwaitText(&child, "output", "\"0\"\n"));
    ASSERT_EQ(rename(Path("output").c_str(), Path("old").c_str()), 0);
    child.Signal(SIGUSR1);
    primary.Send(1);
    ASSERT_TRUE(AwaitText(&child, "output", "\"1\"\n"));
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_THAT(FileContents(Path("old")), Not(HasSubstr("\"1\"\n")));
    EXPECT_THAT(FileContents(Path("output")), Not(HasSubstr("\"0\"\n")));
    EXPECT_EQ(FileMode(Path("output")), 0600u);
    if (!with_positions) continue;
    // The next run continues in the new file.
    primary.Continue(2);
    flags.push_back("--max_frames=1");
    const ChildResult next = RunChild(kKevyTail, flags);
    EXPECT_EQ(next.status, 0) << next.err;
    EXPECT_THAT(FileContents(Path("output")),
                AllOf(HasSubstr("\"1\"\n"), HasSubstr("\"2\"\n")));
  }
}

TEST_F(KevyTailFilesTest, SignalReopensRecording) {
  GatedPrimary primary(2);
  ChildProcess child(kKevyTail, {primary.flag(), "--once", Flag("record")});
  primary.Send(0);
  ASSERT_TRUE(AwaitText(&child, "record", "\r\n0\r\n"));
  ASSERT_EQ(rename(Path("record").c_str(), Path("old").c_str()), 0);
  child.Signal(SIGUSR1);
  primary.Send(1);
  ASSERT_TRUE(AwaitText(&child, "record", "\r\n1\r\n"));
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), 0);
  // Both parts in a row are the recording.
  WriteFile(Path("whole"),
            FileContents(Path("old")) + FileContents(Path("record")));
  const ChildResult replayed =
      RunChild(kKevyTail, {absl::StrCat("--replay=", Path("whole"))});
  EXPECT_THAT(replayed.out, HasSubstr("0 \"SET\" \"a\" \"0\"\n"
                                      "1 \"SET\" \"a\" \"1\"\n"));
}

TEST_F(KevyTailFilesTest, FailedReopenIsError) {
  GatedPrimary primary(2);
  ChildProcess child(kKevyTail, {primary.flag(), Flag("output")});
  primary.Send(0);
  ASSERT_TRUE(AwaitText(&child, "output", "\"0\"\n"));
  ASSERT_EQ(rename(Path("output").c_str(), Path("old").c_str()), 0);
  ASSERT_EQ(mkdir(Path("output").c_str(), 0700), 0);
  child.Signal(SIGUSR1);
  primary.Send(1);
  EXPECT_THAT(child.ReadErrors(), HasSubstr("/output: Is a directory\n"));
  EXPECT_EQ(child.Wait(), 1);
}

// The limit leaves room for a file that ThreadSanitizer writes at its start.
TEST_F(KevyTailFilesTest, FileSizeLimitIsError) {
  primary_.SetDefault(PrimaryScript()
                          .Frame(0, {"SET", "a", std::string(1 << 20, 'x')})
                          .Stall());
  const ChildResult result = RunChild(
      "sh", Script("ulimit -f 1000; exec \"$@\"", Flags({Flag("output")})));
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              HasSubstr("kevy_tail: cannot write the output: File too large"));
}

TEST_F(KevyTailFilesTest, FullDiskOfRecordingIsError) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP();
  const ChildResult result =
      RunChild(kKevyTail, {primary_flag(), "--once", "--record=/dev/full"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err,
            "kevy_tail: cannot write the recording: No space left on device\n");
}

TEST_F(KevyTailFilesTest, SpecialMetricsFilesAreRefused) {
  ASSERT_EQ(mkfifo(Path("prometheus").c_str(), 0600), 0);
  ASSERT_EQ(symlink("/dev/null", Path("link").c_str()), 0);
  for (const char* name : {"prometheus", "link"}) {
    const ChildResult result =
        RunChild(kKevyTail, Flags({absl::StrCat("--prometheus=", Path(name))}));
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.err, AllOf(StartsWith("kevy_tail: --prometheus: "),
                                  HasSubstr(" is not a regular file")));
  }
  EXPECT_THAT(folder_.Names(), ElementsAre("link", "prometheus"));
}

TEST_F(KevyTailFilesTest, MetricsFollowLink) {
  WriteFile(Path("real"), "old");
  ASSERT_EQ(symlink("real", Path("prometheus").c_str()), 0);
  const ChildResult result =
      RunChild(kKevyTail, Flags({Flag("prometheus"), "--max_frames=1"}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(FileContents(Path("real")), HasSubstr("frames_total"));
  EXPECT_THAT(folder_.Names(), ElementsAre("prometheus", "real"));
}

TEST_F(KevyTailFilesTest, ClosedStandardOutputIsError) {
  for (const char* closing : {">&-", "<&- >&-"}) {
    SCOPED_TRACE(closing);
    const ChildResult result =
        RunChild("sh", Script(absl::StrCat("exec \"$@\" ", closing),
                              Flags({Flag("positions"), "--max_frames=1"})));
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.err,
              "kevy_tail: standard output is closed: give --output (see "
              "--help)\n");
  }
  const ChildResult silent =
      RunChild("sh", Script("exec \"$@\" <&- >&- 2>&-",
                            Flags({Flag("positions"), "--max_frames=1"})));
  EXPECT_EQ(silent.status, 2);
  EXPECT_THAT(folder_.Names(), IsEmpty());
  EXPECT_EQ(primary_.connections(), 0u);
}

TEST_F(KevyTailFilesTest, OutputFileNeedsNoStandardFiles) {
  const ChildResult result = RunChild(
      "sh",
      Script("exec \"$@\" <&- >&- 2>&-",
             Flags({Flag("output"), Flag("positions"), "--max_frames=1"})));
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(FileContents(Path("output")),
            "# connected protocol=2 generation=7 offset=0\n"
            "# reset\n"
            "0 \"PING\"\n"
            "# end generation=7 next_offset=1\n");
}

}  // namespace
}  // namespace kevy_replica
