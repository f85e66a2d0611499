// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_tail as a program.

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/transport/testing/ports.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using client_testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

struct Recording {
  const char* name;
  Protocol protocol;
  const char* from;  // The position in the recorded handshake.
};

constexpr Recording kRecordings[] = {
    {"kevy-2.0.20-frames", Protocol::kV1, "0:0"},
    {"kevy-2.0.20-fresh", Protocol::kV1, "0:0"},
    {"kevy-3.18.0-frames", Protocol::kV1, "0:0"},
    {"kevy-3.18.0-fresh", Protocol::kV1, "0:0"},
    {"kevy-5.4.0-all-types", Protocol::kV2, "0:0"},
    {"kevy-5.4.0-flushall", Protocol::kV2, "0:0"},
    {"kevy-5.4.0-fresh", Protocol::kV2, "0:0"},
    {"kevy-5.4.0-resume", Protocol::kV2, "7270893326363503:8"},
    {"kevy-5.4.0-wrong-generation", Protocol::kV2, "7270893326363504:8"},
};

std::string CapturePath(absl::string_view name) {
  return absl::StrCat("testdata/captures/", name, ".resp");
}

// The expected output for a capture: see testdata/README.md.
std::string Expected(absl::string_view name, absl::string_view format) {
  const std::string path = absl::StrCat("tools/testdata/", name, ".", format);
  EXPECT_EQ(access(path.c_str(), R_OK), 0) << path;
  return FileContents(path);
}

ChildResult RunTail(const std::vector<std::string>& flags,
                    const ChildProcess::Options& options = {}) {
  return RunChild(kKevyTail, flags, options);
}

// A primary on a loopback port.
class Primary : public ScriptedPrimary {
 public:
  explicit Primary(PrimaryScript script) {
    SetDefault(std::move(script));
    EXPECT_TRUE(Listen("127.0.0.1:0").ok());
  }

  std::string flag() const { return absl::StrCat("--primary=", address()); }
};

TEST(KevyTailTest, ReplaysCaptures) {
  for (const Recording& recording : kRecordings) {
    const std::string replay =
        absl::StrCat("--replay=", CapturePath(recording.name));
    for (const auto& [format, expected] :
         {std::pair("text", "text"), {"json", "json"}, {"resp", "commands"}}) {
      SCOPED_TRACE(absl::StrCat(recording.name, " ", format));
      const ChildResult result =
          RunTail({replay, absl::StrCat("--format=", format)});
      EXPECT_EQ(result.status, 0);
      // Commands lack parts of some recordings: see snapshot_printer_test.
      if (format != std::string("resp")) {
        EXPECT_EQ(result.err, "");
      }
      EXPECT_EQ(result.out, Expected(recording.name, expected));
    }
  }
}

TEST(KevyTailTest, ReplaysStandardInput) {
  ChildProcess::Options options;
  options.in = CapturePath("kevy-5.4.0-flushall");
  const ChildResult result = RunTail({"--replay=-", "--format=json"}, options);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, Expected("kevy-5.4.0-flushall", "json"));
}

TEST(KevyTailTest, FlagsOverrideRecordedAnswer) {
  const std::string replay =
      absl::StrCat("--replay=", CapturePath("kevy-5.4.0-resume"));
  const ChildResult from = RunTail({replay, "--from=7270893326363503:9"});
  EXPECT_EQ(from.status, 1);
  EXPECT_THAT(from.err, MatchesRegex("kevy_tail: offset_gap: .*\n"));
  const ChildResult protocol = RunTail({replay, "--protocol=1"});
  EXPECT_EQ(protocol.status, 1);
  EXPECT_THAT(protocol.err, MatchesRegex("kevy_tail: ack_malformed: .*\n"));
}

TEST(KevyTailTest, SaysWhatCommandsLack) {
  const ChildResult result =
      RunTail({absl::StrCat("--replay=", CapturePath("kevy-5.4.0-flushall")),
               "--format=resp"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err,
            "kevy_tail: a snapshot replaces the earlier data: --format=resp "
            "does not delete the keys that it lacks\n");
}

TEST(KevyTailTest, EmptyRecordingIsError) {
  const ChildResult result = RunTail({"--replay=/dev/null"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err,
            "kevy_tail: --replay: the recording is empty (see --help)\n");
}

TEST(KevyTailTest, RejectsRecordingWithoutAnswer) {
  ChildProcess::Options options;
  const TempFolder folder;
  options.in = folder.File("cut");
  WriteFile(options.in, "+ACK");
  const ChildResult result = RunTail({"--replay=-"}, options);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, AllOf(StartsWith("kevy_tail: truncated: "),
                                EndsWith(" (action: reconnect)\n")));
}

TEST(KevyTailTest, TailsPrimariesOfAllVersions) {
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.name);
    Primary primary(
        PrimaryScript::Capture(FileContents(CapturePath(recording.name))));
    const ChildResult result =
        RunTail({primary.flag(), "--once",
                 absl::StrCat("--from=", recording.from), "--replica_id=me"});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.out, Expected(recording.name, "text"));
    // Protocol 2 is tried first.
    const bool first = recording.protocol == Protocol::kV2;
    ASSERT_EQ(primary.connections(), first ? 1u : 2u);
    const ScriptedPrimary::Connection connection =
        primary.connection(first ? 0 : 1);
    EXPECT_EQ(connection.request->protocol, recording.protocol);
    EXPECT_EQ(connection.replica_id, "me");
    EXPECT_THAT(connection.acks, IsEmpty());  // --acknowledge was not given.
  }
}

TEST(KevyTailTest, PlaysEmbeddedRecording) {
  const ChildResult result = RunTail({});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, Expected("kevy-5.4.0-fresh", "text"));
  EXPECT_THAT(result.err,
              MatchesRegex("kevy_tail: no --primary given: playing a recording "
                           "of kevy 5.4.0 from an embedded primary at "
                           "127.0.0.1:[0-9]+\n"));
}

TEST(KevyTailTest, DefaultIdNamesProgramAndProcess) {
  Primary primary(PrimaryScript().Frame(0, {"PING"}).Stall());
  for (const bool once : {false, true}) {
    std::vector<std::string> flags = {primary.flag(), "--max_frames=1"};
    if (once) flags.push_back("--once");
    ChildProcess child(kKevyTail, flags);
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_THAT(primary.connection(once ? 1 : 0).replica_id,
                MatchesRegex(absl::StrCat("kevy_tail#.+:", child.pid())));
  }
}

TEST(KevyTailTest, ConnectsToUnixSocket) {
  char directory[] = "/tmp/kevy_tail_XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string address = absl::StrCat("unix:", directory, "/socket");
  {
    ScriptedPrimary primary;
    primary.Enqueue(PrimaryScript().Frame(0, {"PING"}));
    ASSERT_TRUE(primary.Listen(address).ok());
    const ChildResult result =
        RunTail({"--primary", address, "--once", "--format=resp"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "*1\r\n$4\r\nPING\r\n");
  }
  rmdir(directory);
}

TEST(KevyTailTest, RecordsForReplay) {
  const TempFolder folder;
  const std::string file = folder.File("recorded.resp");
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.name);
    const std::string capture = FileContents(CapturePath(recording.name));
    Primary primary(PrimaryScript::Capture(capture));
    const ChildResult recorded = RunTail(
        {primary.flag(), "--once", absl::StrCat("--from=", recording.from),
         absl::StrCat("--record=", file)});
    EXPECT_EQ(recorded.status, 0) << recorded.err;
    EXPECT_EQ(FileContents(file), capture);
    const ChildResult replayed = RunTail({absl::StrCat("--replay=", file)});
    EXPECT_EQ(replayed.status, 0) << replayed.err;
    EXPECT_EQ(replayed.out, recorded.out);
  }
}

TEST(KevyTailTest, AcknowledgesPrintedFrames) {
  Primary primary(PrimaryScript()
                      .Frame(0, {"SET", "a", "1"})
                      .WaitForAck(1)
                      .Frame(1, {"SET", "a", "2"})
                      .WaitForAck(2)
                      .Snapshot("", 7)
                      .WaitForAck(7)
                      .Frame(7, {"SET", "a", "3"})
                      .WaitForAck(8));
  const ChildResult result = RunTail({primary.flag(), "--once", "--acknowledge",
                                      "--format=resp", "--snapshot=skip"});
  EXPECT_EQ(result.status, 0) << result.err;
  primary.WaitFinished(0);
  EXPECT_TRUE(primary.connection(0).finished);
  EXPECT_THAT(primary.connection(0).acks, ElementsAre(1, 2, 7, 8));
}

TEST(KevyTailTest, EndsAfterMaxFrames) {
  Primary primary(PrimaryScript()
                      .Frame(0, {"SET", "a", "1"})
                      .Frame(1, {"SET", "a", "2"})
                      .WaitForAck(2)
                      .Stall());
  const ChildResult result =
      RunTail({primary.flag(), "--once", "--max_frames=2", "--acknowledge"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out,
            "# connected protocol=2 generation=1 offset=0\n"
            "0 \"SET\" \"a\" \"1\"\n"
            "1 \"SET\" \"a\" \"2\"\n"
            "# end generation=1 next_offset=2\n");
  primary.WaitFinished(0);
  EXPECT_EQ(primary.connection(0).acks.back(), 2u);
}

TEST(KevyTailTest, SignalsEndWait) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Primary primary(PrimaryScript().Frame(0, {"PING"}).Stall());
    ChildProcess child(kKevyTail, {primary.flag(), "--once"});
    EXPECT_THAT(child.ReadLine(), StartsWith("# connected"));
    // The frame is printed before the wait for the next one.
    EXPECT_EQ(child.ReadLine(), "0 \"PING\"\n");
    child.Signal(signal);
    EXPECT_EQ(child.ReadLine(), "# end generation=1 next_offset=1\n");
    EXPECT_EQ(child.ReadOutput(), "");
    EXPECT_EQ(child.ReadErrors(), "");
    EXPECT_EQ(child.Wait(), 0);
  }
}

TEST(KevyTailTest, ReaderClosedAtStartIsSuccess) {
  ChildProcess::Options options;
  options.out_closed = true;
  const ChildResult result = RunTail(
      {absl::StrCat("--replay=", CapturePath("kevy-5.4.0-fresh"))}, options);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
}

TEST(KevyTailTest, ReaderClosedLaterIsSuccess) {
  // More than a pipe holds.
  Primary primary(PrimaryScript()
                      .Frame(0, {"SET", "a", std::string(4 << 20, 'x')})
                      .Stall());
  ChildProcess child(kKevyTail, {primary.flag(), "--once"});
  EXPECT_THAT(child.ReadLine(), StartsWith("# connected"));
  child.CloseOutput();
  EXPECT_EQ(child.ReadErrors(), "");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(KevyTailTest, FullOutputIsError) {
  ChildProcess::Options options;
  options.out = "/dev/full";
  if (access(options.out.c_str(), W_OK) != 0) GTEST_SKIP();
  const ChildResult result = RunTail(
      {absl::StrCat("--replay=", CapturePath("kevy-5.4.0-fresh"))}, options);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              MatchesRegex("kevy_tail: cannot write the output: .*\n"));
}

// The errors that kevy_tail prints for a stream that fails after one frame.
std::string StreamError(PrimaryScript script) {
  Primary primary(std::move(script));
  const ChildResult result = RunTail({primary.flag(), "--once"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out,
            "# connected protocol=2 generation=1 offset=0\n"
            "0 \"PING\"\n");
  return result.err;
}

TEST(KevyTailTest, StreamErrorsNameAction) {
  const PrimaryScript script = PrimaryScript().Frame(0, {"PING"});
  EXPECT_THAT(StreamError(PrimaryScript(script).Send("*2\r\n:1\r\n*3\r")),
              MatchesRegex("kevy_tail: truncated: [^\n]* "
                           "[(]action: reconnect[)]\n"));
  EXPECT_THAT(StreamError(PrimaryScript(script).Frame(2, {"PING"})),
              MatchesRegex("kevy_tail: offset_gap: [^\n]* "
                           "[(]action: resync[)]\n"));
  EXPECT_THAT(StreamError(PrimaryScript(script).Send("PING\r\n")),
              MatchesRegex("kevy_tail: frame: [^\n]* "
                           "[(]action: reconnect[)]\n"));
}

TEST(KevyTailTest, RefusedHandshakeIsError) {
  Primary primary(PrimaryScript().Refuse());
  const ChildResult refused = RunTail({primary.flag(), "--once"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, MatchesRegex("kevy_tail: handshake_rejected: [^\n]* "
                                        "[(]action: back_off[)]\n"));
  EXPECT_EQ(primary.connections(), 2u);

  EXPECT_EQ(RunTail({primary.flag(), "--once", "--protocol=1"}).status, 1);
  EXPECT_EQ(primary.connections(), 3u);
  EXPECT_EQ(primary.connection(2).request->protocol, Protocol::kV1);

  Primary babbler(PrimaryScript().NoAnswer().Send("-ERR no\r\n"));
  const ChildResult malformed = RunTail({babbler.flag(), "--once"});
  EXPECT_EQ(malformed.status, 1);
  EXPECT_THAT(malformed.err, MatchesRegex("kevy_tail: ack_malformed: [^\n]* "
                                          "[(]action: back_off[)]\n"));
}

TEST(KevyTailTest, UnreachablePrimaryIsError) {
  const transport_testing::RefusingPort port;
  const std::string address = port.address().ToString();
  const ChildResult result = RunTail({"--primary", address, "--once"});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              AllOf(StartsWith("kevy_tail: io: "), HasSubstr(address),
                    EndsWith(" (action: reconnect)\n")));
}

TEST(KevyTailTest, IdleTimeoutIsError) {
  Primary primary(PrimaryScript().Frame(0, {"PING"}).Stall());
  const ChildResult result =
      RunTail({primary.flag(), "--once", "--idle_timeout=1ms"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              MatchesRegex("kevy_tail: deadline_exceeded: nothing came "
                           "within 1ms \\(idle_timeout\\)[^\n(]*\n"));
}

TEST(KevyTailTest, LimitNamesItsFlag) {
  Primary primary(PrimaryScript().Frame(0, {"SET", "abc"}));
  const ChildResult result =
      RunTail({primary.flag(), "--once", "--max_bulk_bytes=3"});
  EXPECT_EQ(result.status, 0);
  const ChildResult refused =
      RunTail({primary.flag(), "--once", "--max_bulk_bytes=2"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("; --max_bulk_bytes sets the limit "));
}

// A snapshot of version 7 whose row lies on the primary's disk.
std::string RowOfWindow() {
  std::string payload = "KEVYSNAP\7" + std::string(16, '\0');
  payload += std::string("\10\0\3\0\0\0t:1", 9);
  return payload + std::string(8, '\1') + '\0';
}

TEST(KevyTailTest, RowOfWindowNamesKeyAndRemedy) {
  Primary primary(
      PrimaryScript().Snapshot(RowOfWindow(), 7).Frame(7, {"PING"}).Stall());
  for (const bool once : {false, true}) {
    SCOPED_TRACE(once);
    std::vector<std::string> flags = {primary.flag()};
    if (once) flags.push_back("--once");
    const ChildResult result = RunTail(flags);
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err,
                AllOf(HasSubstr("of the key \"t:1\": its row lies only on the "
                                "primary's disk; read it over the primary's "
                                "client port; a table with a WINDOW "),
                      EndsWith("; --snapshot=skip prints the frames alone\n")));
  }
  const ChildResult skipped =
      RunTail({primary.flag(), "--snapshot=skip", "--max_frames=1"});
  EXPECT_EQ(skipped.status, 0) << skipped.err;
  EXPECT_THAT(skipped.out, HasSubstr("\n7 \"PING\"\n"));
}

TEST(KevyTailTest, RejectsBadUsage) {
  const std::vector<std::vector<std::string>> bad = {
      {"--nope"},
      {"argument"},
      {"--from=8"},
      {"--from"},
      {"--format=xml"},
      {"--protocol=3"},
      {"--max_frames=-1"},
      {"--idle_timeout=soon"},
      {"--idle_timeout=0"},
      {"--replica_id="},
      {"--primary="},
      {"--output="},
      {"--positions="},
      {"--prometheus="},
      {"--record="},
      {"--replay="},
      {"--once", "--primary", ""},
      {"--snapshot=some"},
      {"--snapshot=chunks", "--format=resp"},
      {"--max_bulk_bytes=-1"},
      {"--replica_id=\xff"},
      {"--primary=localhost"},
      {"--primary=localhost:16004", "--replay=x.resp"},
      {"--primary=localhost:16004", "--record=x.resp"},
      {"--primary=localhost:65535", "--shards=2"},
      {"--primary=unix:/tmp/socket", "--shards=2"},
      {"--primary=localhost:16004", "--shards=2", "--from=7:8"},
      {"--primary=localhost:16004", "--heartbeat_timeout=0"},
      {"--primary=localhost:16004", "--positions=/no/such/folder/file"},
      {"--primary=localhost:16004", "--output=/no/such/folder/file"},
      {"--primary=localhost:16004", "--prometheus=/no/such/folder/file"},
      {"--primary=localhost:16004", "--positions=/dev/null"},
      {"--primary=localhost:16004", "--once", "--positions=x"},
      {"--positions=x"},
      {"--prometheus=x"},
      {"--shards=2"},
      {"--heartbeat_timeout=1s"},
      {"--output=/no/such/folder/file", "--replay=/dev/null"},
      {"--replay=/no/such/file"},
      {"--replay=x.resp", "--record=y.resp"},
      {"--record=/no/such/folder/file"},
  };
  for (const std::vector<std::string>& flags : bad) {
    SCOPED_TRACE(flags[0]);
    const ChildResult result = RunTail(flags);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, MatchesRegex("kevy_tail: [^\n]+\n"));
  }
}

TEST(KevyTailTest, PrintsVersion) {
  const ChildResult result = RunTail({"--version"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, MatchesRegex("kevy_tail [0-9]+[.][0-9]+[.][0-9]+\n"));
}

TEST(KevyTailTest, HelpListsFlags) {
  const ChildResult result = RunTail({"--help"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  for (const char* flag : {"--primary",
                           "--shards",
                           "--once",
                           "--replica_id",
                           "--from",
                           "--protocol",
                           "--format",
                           "--acknowledge",
                           "--snapshot",
                           "--max_frames",
                           "--idle_timeout",
                           "--heartbeat_timeout",
                           "--positions",
                           "--output",
                           "--prometheus",
                           "--record",
                           "--replay",
                           "--max_arguments",
                           "--max_bulk_bytes",
                           "--max_frame_bytes",
                           "--max_line_bytes",
                           "--max_chunk_bytes",
                           "--max_snapshot_bytes",
                           "--max_trailer_bytes",
                           "--stall_timeout",
                           "--element_timeout"}) {
    EXPECT_THAT(result.out, HasSubstr(absl::StrCat("\n  ", flag, " (")));
  }
}

TEST(KevyTailTest, ShowsStatusLineOnTerminal) {
  if (!ChildProcess::HasTerminals())
    GTEST_SKIP() << "terminals are not available";
  ChildProcess::Options options;
  options.err_is_terminal = true;
  const ChildResult result = RunTail(
      {absl::StrCat("--replay=", CapturePath("kevy-5.4.0-fresh"))}, options);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, Expected("kevy-5.4.0-fresh", "text"));
  EXPECT_THAT(result.err, StartsWith("\r\x1b[K0 frames, 0 bytes, "));
  EXPECT_THAT(result.err, HasSubstr("\r\x1b[K14 frames, 1770 bytes, "));
  EXPECT_THAT(result.err, EndsWith(" frames/s, lag 0\r\n"));
}

}  // namespace
}  // namespace kevy_replica
