// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Runs kevy_tail as a program.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"

extern char** environ;

namespace kevy_replica {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr char kProgram[] = "tools/kevy_tail";

struct Recording {
  const char* name;
  Protocol protocol;
  const char* from;  // What the handshake asked for: see captures/README.md.
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

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string CapturePath(absl::string_view name) {
  return absl::StrCat("testdata/captures/", name, ".resp");
}

// What kevy_tail prints of a capture: see testdata/README.md.
std::string Expected(absl::string_view name, absl::string_view format) {
  return ReadFile(absl::StrCat("tools/testdata/", name, ".", format));
}

// All that comes until the end, or an error: a terminal's other side closed.
std::string ReadAll(int fd) {
  std::string all;
  char bytes[4096];
  ssize_t n;
  while ((n = read(fd, bytes, sizeof(bytes))) > 0) all.append(bytes, n);
  return all;
}

// A kevy_tail that runs.
class Child {
 public:
  struct Files {
    std::string in = "/dev/null";
    std::string out;            // Empty: a pipe.
    std::string err;            // The same.
    bool close_reader = false;  // Of the pipe `out`, before the program runs.
  };

  explicit Child(const std::vector<std::string>& flags)
      : Child(flags, Files()) {}
  Child(const std::vector<std::string>& flags, const Files& files) {
    const int in = open(files.in.c_str(), O_RDONLY | O_CLOEXEC);
    const int out = OpenWrite(files.out, &out_);
    const int err = OpenWrite(files.err, &err_);
    if (files.close_reader) CloseOutput();

    std::vector<std::string> argv = {kProgram};
    argv.insert(argv.end(), flags.begin(), flags.end());
    std::vector<char*> arguments;
    for (std::string& argument : argv) arguments.push_back(argument.data());
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    const int error = posix_spawn(&pid_, kProgram, &actions, nullptr,
                                  arguments.data(), environ);
    if (error != 0) {
      std::fprintf(stderr, "%s: %s\n", kProgram, std::strerror(error));
      std::abort();  // No test can go on without it.
    }
    posix_spawn_file_actions_destroy(&actions);
    for (const int fd : {in, out, err}) close(fd);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    CloseOutput();
    if (err_ >= 0) close(err_);
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  // Reads stdout up to the end of a line.
  std::string ReadLine() {
    std::string line;
    char c;
    while (read(out_, &c, 1) == 1) {
      line.push_back(c);
      if (c == '\n') break;
    }
    return line;
  }

  std::string ReadOutput() { return ReadAll(out_); }
  std::string ReadErrors() { return ReadAll(err_); }

  void CloseOutput() {
    if (out_ >= 0) close(out_);
    out_ = -1;
  }

  void Signal(int signal) {
    ASSERT_GT(pid_, 0);
    kill(pid_, signal);
  }

  // Waits for the program's end. Returns its exit status, or -signal.
  int Wait() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  // Returns a descriptor to write to, and sets `*reader` if it is a pipe's.
  static int OpenWrite(const std::string& path, int* reader) {
    if (!path.empty())
      return open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
    int fds[2] = {-1, -1};
    EXPECT_EQ(pipe(fds), 0);
    for (const int fd : fds) fcntl(fd, F_SETFD, FD_CLOEXEC);
    *reader = fds[0];
    return fds[1];
  }

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

struct Result {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs kevy_tail to its end.
Result RunTail(const std::vector<std::string>& flags,
               const Child::Files& files = Child::Files()) {
  Child child(flags, files);
  Result result;
  result.out = child.ReadOutput();
  result.err = child.ReadErrors();
  result.status = child.Wait();
  return result;
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
      const Result result =
          RunTail({replay, absl::StrCat("--format=", format)});
      EXPECT_EQ(result.status, 0);
      EXPECT_EQ(result.err, "");
      EXPECT_EQ(result.out, Expected(recording.name, expected));
    }
  }
}

TEST(KevyTailTest, ReplaysStandardInput) {
  Child::Files files;
  files.in = CapturePath("kevy-5.4.0-flushall");
  const Result result = RunTail({"--replay=-", "--format=json"}, files);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, Expected("kevy-5.4.0-flushall", "json"));
}

TEST(KevyTailTest, FlagsGoBeforeWhatTheRecordingSays) {
  const std::string replay =
      absl::StrCat("--replay=", CapturePath("kevy-5.4.0-resume"));
  const Result from = RunTail({replay, "--from=7270893326363503:9"});
  EXPECT_EQ(from.status, 1);
  EXPECT_THAT(from.err, MatchesRegex("kevy_tail: offset_gap: .*\n"));
  const Result protocol = RunTail({replay, "--protocol=1"});
  EXPECT_EQ(protocol.status, 1);
  EXPECT_THAT(protocol.err, MatchesRegex("kevy_tail: ack_malformed: .*\n"));
}

TEST(KevyTailTest, RecordingWithoutAnAnswer) {
  const Result result = RunTail({"--replay=/dev/null"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, AllOf(StartsWith("kevy_tail: handshake_rejected: "),
                                EndsWith(" (action: back_off)\n")));
}

TEST(KevyTailTest, TailsPrimariesOfAllVersions) {
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.name);
    Primary primary(
        PrimaryScript::Capture(ReadFile(CapturePath(recording.name))));
    const Result result =
        RunTail({primary.flag(), absl::StrCat("--from=", recording.from),
                 "--replica_id=me"});
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
    EXPECT_THAT(connection.acks, IsEmpty());  // Without --ack.
  }
}

TEST(KevyTailTest, BringsItsOwnPrimary) {
  const Result result = RunTail({});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, Expected("kevy-5.4.0-fresh", "text"));
  EXPECT_THAT(result.err,
              MatchesRegex("kevy_tail: no --primary given: playing a recording "
                           "of kevy 5.4.0 from an embedded primary at "
                           "127.0.0.1:[0-9]+\n"));
}

TEST(KevyTailTest, UnixSocket) {
  char directory[] = "/tmp/kevy_tail_XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string address = absl::StrCat("unix:", directory, "/socket");
  {
    ScriptedPrimary primary;
    primary.Enqueue(PrimaryScript().Frame(0, {"PING"}));
    ASSERT_TRUE(primary.Listen(address).ok());
    const Result result = RunTail({"--primary", address, "--format=resp"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "*1\r\n$4\r\nPING\r\n");
  }
  rmdir(directory);
}

TEST(KevyTailTest, RecordsForReplay) {
  const std::string file =
      absl::StrCat(::testing::TempDir(), "/recorded-", getpid(), ".resp");
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.name);
    const std::string capture = ReadFile(CapturePath(recording.name));
    Primary primary(PrimaryScript::Capture(capture));
    const Result recorded =
        RunTail({primary.flag(), absl::StrCat("--from=", recording.from),
                 absl::StrCat("--record=", file)});
    EXPECT_EQ(recorded.status, 0) << recorded.err;
    EXPECT_EQ(ReadFile(file), capture);
    const Result replayed = RunTail({absl::StrCat("--replay=", file)});
    EXPECT_EQ(replayed.status, 0) << replayed.err;
    EXPECT_EQ(replayed.out, recorded.out);
  }
  unlink(file.c_str());
}

TEST(KevyTailTest, AcknowledgesWhatItPrints) {
  Primary primary(PrimaryScript()
                      .Frame(0, {"SET", "a", "1"})
                      .WaitForAck(1)
                      .Frame(1, {"SET", "a", "2"})
                      .WaitForAck(2)
                      .Snapshot("", 7)
                      .WaitForAck(7)
                      .Frame(7, {"SET", "a", "3"})
                      .WaitForAck(8));
  const Result result = RunTail({primary.flag(), "--ack", "--format=resp"});
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
  const Result result = RunTail({primary.flag(), "--max_frames=2", "--ack"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out,
            "# connected protocol=2 generation=1 offset=0\n"
            "0 \"SET\" \"a\" \"1\"\n"
            "1 \"SET\" \"a\" \"2\"\n"
            "# end generation=1 next_offset=2\n");
  primary.WaitFinished(0);
  EXPECT_EQ(primary.connection(0).acks.back(), 2u);
}

TEST(KevyTailTest, SignalsEndItWhileItWaits) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Primary primary(PrimaryScript().Frame(0, {"PING"}).Stall());
    Child child({primary.flag()});
    EXPECT_THAT(child.ReadLine(), StartsWith("# connected"));
    // It is there although nothing follows: printed before the wait.
    EXPECT_EQ(child.ReadLine(), "0 \"PING\"\n");
    child.Signal(signal);
    EXPECT_EQ(child.ReadLine(), "# end generation=1 next_offset=1\n");
    EXPECT_EQ(child.ReadOutput(), "");
    EXPECT_EQ(child.ReadErrors(), "");
    EXPECT_EQ(child.Wait(), 0);
  }
}

TEST(KevyTailTest, NobodyReadsFromTheBeginning) {
  Child::Files files;
  files.close_reader = true;
  const Result result = RunTail(
      {absl::StrCat("--replay=", CapturePath("kevy-5.4.0-fresh"))}, files);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
}

TEST(KevyTailTest, NobodyReadsAnyMore) {
  // More than a pipe holds.
  Primary primary(PrimaryScript()
                      .Frame(0, {"SET", "a", std::string(4 << 20, 'x')})
                      .Stall());
  Child child({primary.flag()});
  EXPECT_THAT(child.ReadLine(), StartsWith("# connected"));
  child.CloseOutput();
  EXPECT_EQ(child.ReadErrors(), "");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(KevyTailTest, OutputThatCannotBeWritten) {
  Child::Files files;
  files.out = "/dev/full";
  if (access(files.out.c_str(), W_OK) != 0) GTEST_SKIP();
  const Result result = RunTail(
      {absl::StrCat("--replay=", CapturePath("kevy-5.4.0-fresh"))}, files);
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err,
              MatchesRegex("kevy_tail: cannot write the output: .*\n"));
}

// What a stream that fails behind its first frame prints on stderr.
std::string StreamError(PrimaryScript script) {
  Primary primary(std::move(script));
  const Result result = RunTail({primary.flag()});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out,
            "# connected protocol=2 generation=1 offset=0\n"
            "0 \"PING\"\n");
  return result.err;
}

TEST(KevyTailTest, StreamErrors) {
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

TEST(KevyTailTest, Refusals) {
  Primary primary(PrimaryScript().Refuse());
  const Result refused = RunTail({primary.flag()});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, MatchesRegex("kevy_tail: handshake_rejected: [^\n]* "
                                        "[(]action: back_off[)]\n"));
  EXPECT_EQ(primary.connections(), 2u);

  EXPECT_EQ(RunTail({primary.flag(), "--protocol=1"}).status, 1);
  EXPECT_EQ(primary.connections(), 3u);
  EXPECT_EQ(primary.connection(2).request->protocol, Protocol::kV1);

  Primary babbler(PrimaryScript().NoAnswer().Send("-ERR no\r\n"));
  const Result malformed = RunTail({babbler.flag()});
  EXPECT_EQ(malformed.status, 1);
  EXPECT_THAT(malformed.err, MatchesRegex("kevy_tail: ack_malformed: [^\n]* "
                                          "[(]action: back_off[)]\n"));
}

TEST(KevyTailTest, NoPrimaryThere) {
  std::string address;
  {
    Primary primary{PrimaryScript()};
    address = primary.address();
  }
  const Result result = RunTail({"--primary", address});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              AllOf(StartsWith("kevy_tail: io: "), HasSubstr(address),
                    EndsWith(" (action: reconnect)\n")));
}

TEST(KevyTailTest, SilenceIsAnErrorWhereAskedFor) {
  Primary primary(PrimaryScript().Frame(0, {"PING"}).Stall());
  const Result result = RunTail({primary.flag(), "--idle_timeout=1ms"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, MatchesRegex("kevy_tail: deadline_exceeded: [^\n]* "
                                       "[(]action: caller[)]\n"));
}

TEST(KevyTailTest, BadUsage) {
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
      {"--replica_id=\xff"},
      {"--primary=localhost"},
      {"--primary=localhost:16004", "--replay=x.resp"},
      {"--replay=/no/such/file"},
      {"--replay=x.resp", "--record=y.resp"},
      {"--record=/no/such/folder/file"},
  };
  for (const std::vector<std::string>& flags : bad) {
    SCOPED_TRACE(flags[0]);
    const Result result = RunTail(flags);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, MatchesRegex("kevy_tail: [^\n]+\n"));
  }
}

TEST(KevyTailTest, Help) {
  const Result result = RunTail({"--help"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err, "");
  for (const char* flag :
       {"--primary", "--replica_id", "--from", "--protocol", "--format",
        "--ack", "--max_frames", "--idle_timeout", "--record", "--replay"}) {
    EXPECT_THAT(result.out, HasSubstr(absl::StrCat("\n  ", flag, " (")));
  }
}

TEST(KevyTailTest, StatusLineOnATerminal) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) GTEST_SKIP() << "no pseudo-terminals here";
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  Child::Files files;
  files.err = ptsname(terminal);
  Child child({absl::StrCat("--replay=", CapturePath("kevy-5.4.0-fresh"))},
              files);
  // Read as it comes, for a terminal holds little.
  const std::string status = ReadAll(terminal);
  EXPECT_EQ(child.ReadOutput(), Expected("kevy-5.4.0-fresh", "text"));
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(status, StartsWith("\r\x1b[K0 frames, 0 bytes, "));
  EXPECT_THAT(status, HasSubstr("\r\x1b[K14 frames, 1770 bytes, "));
  EXPECT_THAT(status, EndsWith(" frames/s, lag 0\r\n"));
  close(terminal);
}

}  // namespace
}  // namespace kevy_replica
