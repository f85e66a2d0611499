// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_tail and kevy_mirror with --listen and --log_format.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/http_client.h"
#include "kevy_replica/tools/testing/json_line.h"
#include "kevy_replica/tools/testing/long_primary.h"
#include "kevy_replica/tools/testing/prometheus_text.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/listener.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Pair;
using ::testing::StartsWith;

// A script that stays silent after its last step.
PrimaryScript Script() {
  return PrimaryScript().Generation(7).Frame(0, {"SET", "a", "1"});
}

// An address at which nobody listens.
std::string FreeAddress() {
  ScriptedPrimary primary;
  EXPECT_TRUE(primary.Listen("127.0.0.1:0").ok());
  return primary.address();
}

// A program that serves its pages.
class ServingChild {
 public:
  ServingChild(const std::string& program, std::vector<std::string> flags,
               const ChildProcess::Options& options = ChildProcess::Options())
      : child_(program, WithListen(std::move(flags)), options) {
    const std::string line = child_.ReadErrorLine();
    const size_t begin = line.find("http://");
    EXPECT_NE(begin, std::string::npos) << line;
    if (begin == std::string::npos) return;
    address_ = line.substr(begin + 7);
    address_.resize(address_.find('/'));
    EXPECT_THAT(line, AllOf(StartsWith(absl::StrCat(
                                absl::StripPrefix(program, "tools/"),
                                ": metrics and health at http://127.0.0.1:")),
                            HasSubstr("/metrics\n")));
  }

  ChildProcess& process() { return child_; }
  const std::string& address() const { return address_; }
  HttpAnswer Get(absl::string_view path) { return HttpGet(address_, path); }

  // Waits until the page has this status and a body that contains `text`.
  void Await(absl::string_view path, int status, absl::string_view text) {
    HttpAnswer answer;
    EXPECT_TRUE(child_.Await(absl::StrCat(path, " is ", status, ", ", text),
                             [&] {
                               answer = Get(path);
                               return answer.status == status &&
                                      absl::StrContains(answer.body, text);
                             }))
        << answer.status << " " << answer.body;
  }

 private:
  static std::vector<std::string> WithListen(std::vector<std::string> flags) {
    flags.push_back("--listen=:0");
    return flags;
  }

  ChildProcess child_;
  std::string address_;
};

class KevyMonitorTest : public ::testing::TestWithParam<const char*> {
 protected:
  // Flags for a mirror that prints its commands, or a tail.
  std::vector<std::string> Flags(
      const std::string& primary,
      const std::vector<std::string>& more = {}) const {
    std::vector<std::string> flags = {absl::StrCat("--primary=", primary),
                                      "--heartbeat_timeout=inf",
                                      "--stall_timeout=inf"};
    if (absl::string_view(GetParam()) == kKevyMirror) {
      flags.push_back("--dry_run");
    }
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
};

INSTANTIATE_TEST_SUITE_P(Programs, KevyMonitorTest,
                         ::testing::Values(kKevyTail, kKevyMirror),
                         [](const auto& info) {
                           return std::string(
                               absl::StripPrefix(info.param, "tools/"));
                         });

TEST_P(KevyMonitorTest, HealthFollowsPrimary) {
  const std::string address = FreeAddress();
  ServingChild child(GetParam(), Flags(address, {"--health_grace=0"}));
  child.Await("/healthz", 503, "shard-0: not up yet: connect to 127.0.0.1:");
  child.Await("/readyz", 503, "shard-0: not up yet: connect to 127.0.0.1:");
  {
    ScriptedPrimary primary;
    primary.SetDefault(Script().Heartbeat(7, 1).Stall());
    ASSERT_TRUE(primary.Listen(address).ok());
    child.Await("/healthz", 200, "follows\n");
    child.Await("/readyz", 200, "caught up\n");
  }
  child.Await("/healthz", 503, "shard-0: down for ");
  child.Await("/readyz", 503, "shard-0: down for ");
  child.process().Signal(SIGINT);
  EXPECT_EQ(child.process().Wait(), 0);
}

TEST_P(KevyMonitorTest, GraceKeepsHealthWithoutPrimary) {
  ScriptedPrimary primary;
  primary.SetDefault(Script().Heartbeat(7, 1).Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  ServingChild child(GetParam(),
                     Flags(primary.address(), {"--health_grace=1h"}));
  child.Await("/readyz", 200, "caught up\n");
  primary.Stop();
  child.Await("/readyz", 503, "shard-0: down for ");
  EXPECT_EQ(child.Get("/healthz").status, 200);
}

TEST_P(KevyMonitorTest, ReadyWaitsForHeartbeatsOffset) {
  ScriptedPrimary primary;
  primary.Enqueue(Script().Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  {
    ServingChild child(GetParam(), Flags(primary.address()));
    child.Await("/readyz", 503, "shard-0: no heartbeat has told the lag yet\n");
    child.Await("/healthz", 200, "follows\n");
  }
  primary.Enqueue(Script().Heartbeat(7, 5).Stall());
  {
    ServingChild child(GetParam(), Flags(primary.address()));
    child.Await("/readyz", 503, "shard-0: lag 4\n");
  }
  primary.Enqueue(PrimaryScript()
                      .Generation(7)
                      .Send("+SNAPSHOT\r\n")
                      .Heartbeat(7, 5)
                      .Stall());
  ServingChild child(GetParam(), Flags(primary.address()));
  child.Await("/readyz", 503, "shard-0: a snapshot is being loaded\n");
}

TEST_P(KevyMonitorTest, MetricsAreInTextFormat) {
  ScriptedPrimary primary;
  primary.SetDefault(Script()
                         .Frame(1, {"XADD", "s", "*", "f", "\"\\\n\xff"})
                         .Frame(2, {"EVAL", "x", "0"})
                         .Heartbeat(7, 3)
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  ServingChild child(GetParam(), Flags(primary.address()));
  child.Await("/readyz", 200, "caught up\n");
  const HttpAnswer answer = child.Get("/metrics");
  EXPECT_THAT(
      answer.head,
      HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8"));
  const PrometheusSamples samples = ReadPrometheusText(answer.body);
  EXPECT_EQ(samples.fault, "") << answer.body;
  EXPECT_THAT(
      samples.values,
      Contains(Pair("kevy_replica_frames_total{shard=\"shard-0\"}", "3")));
  EXPECT_THAT(
      samples.values,
      Contains(Pair("kevy_replica_lag_frames{shard=\"shard-0\"}", "0")));
  const std::string page = FileContents("docs/operations.md");
  for (const auto& [name, type] : samples.types) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("| `", name, "` | ", type, " |")));
  }
  if (absl::string_view(GetParam()) != kKevyMirror) return;
  EXPECT_THAT(samples.values, Contains(Pair("kevy_mirror_target_up", "1")));
  for (const char* name : {"eval", "xadd"}) {
    EXPECT_THAT(samples.values,
                Contains(Pair(absl::StrCat("kevy_mirror_uncertain_total{class="
                                           "\"uncertain\",name=\"",
                                           name, "\"}"),
                              "1")));
  }
}

TEST_P(KevyMonitorTest, StopIsPromptWithOpenConnections) {
  ServingChild child(GetParam(), Flags(FreeAddress()));
  child.Await("/healthz", 503, "");
  child.process().Signal(SIGTERM);
  EXPECT_EQ(child.process().Wait(), 0);
}

TEST_P(KevyMonitorTest, BadFlagsAreErrors) {
  const std::string primary = FreeAddress();
  for (const char* flag :
       {"--listen=nohost", "--listen=unix:/x", "--health_grace=-1s",
        "--health_grace=x", "--log_format=xml"}) {
    const ChildResult result =
        RunChild(GetParam(), Flags(primary, {flag, "--log_format=json"}));
    EXPECT_EQ(result.status, 2) << flag;
    const absl::string_view name = flag;
    EXPECT_THAT(result.err,
                HasSubstr(std::string(name.substr(0, name.find('=')))));
  }
}

TEST_P(KevyMonitorTest, UsedAddressIsError) {
  const std::string primary = FreeAddress();
  const ServingChild child(GetParam(), Flags(primary));
  const ChildResult result = RunChild(
      GetParam(), Flags(primary, {absl::StrCat("--listen=", child.address())}));
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("--listen: listen on 127.0.0.1:"));
}

// The lines of stderr as JSON. Fails the test for a line that is none.
std::vector<std::map<std::string, std::string>> JsonLines(
    absl::string_view text) {
  std::vector<std::map<std::string, std::string>> lines;
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const auto members = ReadJsonLine(line);
    EXPECT_TRUE(members.has_value()) << line;
    if (!members.has_value()) continue;
    for (const char* name : {"time", "level", "program", "event", "message"}) {
      EXPECT_THAT(*members, Contains(Key(name))) << line;
    }
    lines.push_back(*members);
  }
  return lines;
}

bool HasEvent(const std::vector<std::map<std::string, std::string>>& lines,
              const std::string& event) {
  for (const auto& line : lines) {
    if (line.at("event") == event) return true;
  }
  return false;
}

TEST_P(KevyMonitorTest, EveryMessageIsJson) {
  ScriptedPrimary primary;
  // A malformed element with bytes that a terminal or JSON could take amiss.
  primary.Enqueue(Script().Send("*2\r\n\x1b]0;\"\\\xff\xfe\r\n").Close());
  primary.SetDefault(PrimaryScript()
                         .Generation(7)
                         .Frame(1, {"NOSUCH\x1b\"\\\n\xff", "\xff\"\n"})
                         .Heartbeat(7, 2)
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const bool is_mirror = absl::string_view(GetParam()) == kKevyMirror;
  std::vector<std::string> flags =
      Flags(primary.address(), {"--log_format=json", "--listen=:0"});
  if (is_mirror) flags.push_back("--on_reject=skip");
  ChildProcess child(GetParam(), flags);
  const auto first =
      ReadJsonLine(absl::StripSuffix(child.ReadErrorLine(), "\n"));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->at("event"), "listening");
  std::string address(absl::StripPrefix(first->at("url"), "http://"));
  address.resize(address.find('/'));
  EXPECT_TRUE(child.Await("it has caught up", [&] {
    return HttpGet(address, "/readyz").status == 200;
  }));
  child.Signal(SIGINT);
  const auto lines = JsonLines(child.ReadErrors());
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_TRUE(HasEvent(lines, "primary_unchecked"));
  EXPECT_TRUE(HasEvent(lines, "link_down"));
}

TEST_P(KevyMonitorTest, BadUsageIsJson) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {"--log_format=json", "--no\xff\"such"},
           {"--no\xff\"such", "--log_format", "json"},
           {"-log_format=json", "--primary=x\x1b"},
           {"--log_format=json", "--listen=\xff"}}) {
    std::vector<std::string> all = flags;
    const ChildResult result = RunChild(GetParam(), all);
    EXPECT_EQ(result.status, 2);
    const auto lines = JsonLines(result.err);
    ASSERT_EQ(lines.size(), 1u) << result.err;
    EXPECT_EQ(lines[0].at("event"), "bad_usage");
    EXPECT_EQ(lines[0].at("level"), "error");
  }
}

TEST_P(KevyMonitorTest, JsonHasNoStatusLine) {
  if (!ChildProcess::HasTerminals()) {
    GTEST_SKIP() << "terminals are not available";
  }
  ChildProcess::Options options;
  options.err_is_terminal = true;
  const ChildResult result =
      RunChild(GetParam(), {"--log_format=json"}, options);
  EXPECT_EQ(result.status, 0);
  for (absl::string_view line :
       absl::StrSplit(result.err, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(ReadJsonLine(absl::StripSuffix(line, "\r")).has_value())
        << line;
  }
}

TEST(SystemdUnitTest, FileIsDocumentedUnit) {
  const std::string page = FileContents("docs/operations.md");
  const std::string unit = FileContents("docs/kevy_mirror.service");
  const size_t begin = unit.find("[Unit]");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_THAT(page,
              HasSubstr(absl::StrCat("```ini\n", unit.substr(begin), "```")));
}

TEST(KevyTailMonitorTest, ListenNeedsFollowing) {
  const ChildResult result =
      RunChild(kKevyTail, {"--primary=localhost:1", "--once", "--listen=:0"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("--listen needs --primary"));
}

// A reader that does not read stops the tail, whose links stand.
TEST(KevyTailMonitorTest, BlockedOutputIsFault) {
  const client_testing::TempFolder folder;
  const std::string pipe = folder.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  // Both directions, so that the open waits for nobody.
  const int fd = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  ScriptedPrimary primary;
  primary.SetDefault(PrimaryScript()
                         .Generation(7)
                         .FramesTo(5000,
                                   [](uint64_t) {
                                     return std::vector<std::string>{
                                         "SET", "a", std::string(100, 'x')};
                                   })
                         .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  ChildProcess::Options options;
  options.out = pipe;
  ServingChild child(
      kKevyTail,
      {absl::StrCat("--primary=", primary.address()), "--heartbeat_timeout=inf",
       "--stall_timeout=inf", "--health_grace=0"},
      options);
  child.Await("/healthz", 503, "output: down for ");
  EXPECT_THAT(child.Get("/healthz").body,
              HasSubstr("its reader does not read\n"));
  child.process().Signal(SIGINT);
  EXPECT_EQ(child.process().Wait(), 0);
  close(fd);
}

// Names of commands, keys and error texts with bytes that terminals, JSON and
// labels could take amiss.
PrimaryScript HostileTexts() {
  const std::string hostile = "\x1b]0;\"\\\n\xff\xe2\x80\xa8";
  return PrimaryScript()
      .Generation(7)
      .Frame(0, {"SET", hostile, hostile})
      .Frame(1, {hostile, hostile})
      .Frame(2, {"LPUSH", hostile, hostile})
      .Frame(3, {"EVAL", "return redis.error_reply(ARGV[1])", "0",
                 absl::StrCat(hostile, "}")})
      .Heartbeat(7, 4)
      .Stall();
}

TEST(KevyMirrorMonitorTest, HostileTextsAreEscapedInText) {
  if (!RedisServer::IsInstalled()) {
    GTEST_SKIP() << "redis-server is not installed";
  }
  RedisServer server;
  server.Start();
  ScriptedPrimary primary;
  primary.SetDefault(HostileTexts());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  ChildProcess child(
      kKevyMirror,
      {absl::StrCat("--primary=", primary.address()),
       absl::StrCat("--target=", server.target()), "--heartbeat_timeout=inf",
       "--stall_timeout=inf", "--on_reject=skip", "--scripts=allow"});
  EXPECT_TRUE(child.Await("its position", [&] {
    return server.Ask({"HGET", "kevy_mirror", "shard-0"}).text == "7:4";
  }));
  child.Signal(SIGINT);
  const std::string errors = child.ReadErrors();
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_TRUE(std::all_of(errors.begin(), errors.end(), [](char c) {
    return c == '\n' || absl::ascii_isprint(static_cast<unsigned char>(c));
  })) << errors;
  for (const char* said :
       {"\"\\x1b]0;\\\"\\\\\\n\\xff", "\"LPUSH\" \"\\x1b]0;"}) {
    EXPECT_THAT(errors, HasSubstr(said));
  }
}

TEST(KevyMirrorMonitorTest, HostileTextsAreJsonAndLabels) {
  if (!RedisServer::IsInstalled()) {
    GTEST_SKIP() << "redis-server is not installed";
  }
  RedisServer server;
  server.Start();
  ScriptedPrimary primary;
  primary.SetDefault(HostileTexts());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  ChildProcess child(
      kKevyMirror,
      {absl::StrCat("--primary=", primary.address()),
       absl::StrCat("--target=", server.target()), "--heartbeat_timeout=inf",
       "--stall_timeout=inf", "--on_reject=skip", "--scripts=allow",
       "--log_format=json", "--listen=:0"});
  std::string lines;
  std::string address;
  while (address.empty()) {
    const std::string line = child.ReadErrorLine();
    ASSERT_NE(line, "");
    lines += line;
    const auto members = ReadJsonLine(absl::StripSuffix(line, "\n"));
    if (!members.has_value() || members->count("url") == 0) continue;
    address = std::string(absl::StripPrefix(members->at("url"), "http://"));
    address.resize(address.find('/'));
  }
  EXPECT_TRUE(child.Await("it has caught up", [&] {
    return HttpGet(address, "/readyz").status == 200;
  }));
  const PrometheusSamples samples =
      ReadPrometheusText(HttpGet(address, "/metrics").body);
  EXPECT_EQ(samples.fault, "");
  for (const char* labels :
       {"class=\"data\",name=\"lpush\"", "class=\"data\",name=\"eval\"",
        "class=\"unable\",name=\"??0????????\""}) {
    EXPECT_THAT(
        samples.values,
        Contains(Pair(
            absl::StrCat("kevy_mirror_passed_over_total{", labels, "}"), "1")));
  }
  child.Signal(SIGINT);
  absl::StrAppend(&lines, child.ReadErrors());
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_TRUE(HasEvent(JsonLines(lines), "passed_over")) << lines;
}

// A target that goes away and comes back.
TEST(KevyMirrorMonitorTest, PagesTellOfTarget) {
  if (!RedisServer::IsInstalled()) {
    GTEST_SKIP() << "redis-server is not installed";
  }
  RedisServer server(RedisServer::Socket::kUnix, RedisServer::Keep::kAll);
  server.Start();
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  LongPrimary primary(*std::move(listener), /*seed=*/1);
  primary.Expect(uint64_t{1} << 40);
  std::vector<std::string> flags = {
      absl::StrCat("--primary=", primary.address()),
      absl::StrCat("--target=", server.target()), "--heartbeat_timeout=inf",
      "--health_grace=0"};
  ServingChild child(kKevyMirror, flags);
  child.Await("/healthz", 200, "follows\n");
  child.Await("/metrics", 200, "\nkevy_mirror_target_up 1\n");
  server.Kill();
  child.Await("/healthz", 503, "target: down for ");
  child.Await("/readyz", 503, "target: down for ");
  child.Await("/metrics", 200, "\nkevy_mirror_target_up 0\n");
  child.Await("/metrics", 200,
              "\nkevy_mirror_target_waits_total{class=\"connection\","
              "name=\"lost\"} ");
  server.Start();
  child.Await("/healthz", 200, "follows\n");
  const PrometheusSamples samples =
      ReadPrometheusText(child.Get("/metrics").body);
  EXPECT_EQ(samples.fault, "");
  // The flags of a running mirror, to be explained.
  flags.push_back("--explain");
  flags.push_back(absl::StrCat("--listen=", child.address()));
  EXPECT_EQ(RunChild(kKevyMirror, flags).status, 0);
  child.process().Signal(SIGINT);
  EXPECT_EQ(child.process().Wait(), 0);
}

}  // namespace
}  // namespace kevy_replica
