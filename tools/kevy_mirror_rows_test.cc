// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Every kind of streamed command: its effect on a real server, and the table of
// docs/mirror_commands.md.
//
// Each row plays frames through a MirrorSession into an empty database, and
// compares the database with the primary's. kevy's public notes and the
// recordings tell the primary's (client/command_semantics.h).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/mirror_session.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/mirror_rows.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

// Splits at spaces. Double quotes keep an argument with spaces together.
std::vector<std::string> Words(absl::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const bool quoted = line.front() == '"';
    if (quoted) line.remove_prefix(1);
    const size_t end = std::min(line.find(quoted ? '"' : ' '), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + (quoted ? 2 : 1), line.size()));
  }
  return words;
}

// The inverse of Words().
std::string LineOf(const ArgvView& argv) {
  return absl::StrJoin(argv, " ", [](std::string* out, absl::string_view word) {
    const bool quote = word.empty() || absl::StrContains(word, ' ');
    absl::StrAppend(out, quote ? "\"" : "", word, quote ? "\"" : "");
  });
}

// A frame and its bytes.
class Frame {
 public:
  Frame(uint64_t offset, absl::string_view line) {
    EXPECT_EQ(AppendFrame(offset, Words(line), &wire_), WireError::kNone);
    Decode();
  }
  // Of a command in RESP.
  explicit Frame(absl::string_view resp)
      : wire_(absl::StrCat("*2\r\n:0\r\n", resp)) {
    Decode();
  }

  const FrameView& view() const { return view_; }

 private:
  void Decode() { EXPECT_TRUE(decoder_.Decode(wire_, &view_).done()); }

  std::string wire_;
  FrameDecoder decoder_;
  FrameView view_;
};

// Notes the commands of frames that travel over a RedisLink.
class NotingLink : public TargetLink {
 public:
  NotingLink(std::unique_ptr<TargetLink> inner, std::vector<std::string>* sent)
      : inner_(std::move(inner)), sent_(sent) {}

  void AddRaw(absl::string_view resp) override {
    sent_->push_back(LineOf(Frame(resp).view().argv()));
    inner_->AddRaw(resp);
  }
  void Add(absl::Span<const absl::string_view> argv) override {
    inner_->Add(argv);
  }
  absl::Status Send() override { return inner_->Send(); }
  size_t outstanding() const override { return inner_->outstanding(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override {
    return inner_->Receive(detail);
  }

 private:
  const std::unique_ptr<TargetLink> inner_;
  std::vector<std::string>* const sent_;
};

// The classes of the counts in a metric's text.
std::string ClassesOf(const std::string& metrics) {
  std::set<std::string> classes;
  for (size_t at = 0; (at = metrics.find("{class=\"", at)) != std::string::npos;
       ++at) {
    const size_t begin = at + 8;
    classes.insert(metrics.substr(begin, metrics.find('"', begin) - begin));
  }
  return absl::StrJoin(classes, " ");
}

// `text` with NOW in the place of each time in milliseconds near the present.
std::string WithoutTimes(absl::string_view text) {
  const int64_t now = absl::ToUnixMillis(absl::Now());
  std::string out;
  while (!text.empty()) {
    size_t digits = 0;
    while (digits < text.size() &&
           absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) {
      ++digits;
    }
    int64_t number = 0;
    const bool is_time = absl::SimpleAtoi(text.substr(0, digits), &number) &&
                         std::abs(number - now) < 1000000;
    const size_t size = digits == 0 ? 1 : digits;
    absl::StrAppend(&out, is_time ? "NOW" : text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

// The effect of a row's frames.
struct Played {
  absl::Status status;            // Not OK: the mirror stopped.
  std::vector<std::string> sent;  // The commands of its frames.
  std::string counted;            // Classes.
  Content content;
};

class MirrorRowsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!RedisServer::IsInstalled()) return;
    server_ = new RedisServer;
    server_->Start();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << "redis-server is not installed";
  }

  static bool TargetKnows(const std::string& command) {
    return server_->Ask({"COMMAND", "INFO", command}).elements[0].type !=
           TargetReply::Type::kNull;
  }

  static Played Play(const MirrorRow& row,
                     OnReject on_reject = OnReject::kPass) {
    server_->Ask({"FLUSHALL"});
    MirrorOptions options;
    options.on_reject = on_reject;
    options.primary_version = row.version;
    options.now_ms = [] {
      return static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
    };
    options.log = [](absl::string_view) {};
    MirrorCounters counters;
    MirrorState state;
    Played played;
    const auto interrupter = std::make_shared<Interrupter>();
    absl::StatusOr<std::unique_ptr<MirrorSession>> session =
        MirrorSession::Open(
            [&]() -> absl::StatusOr<std::unique_ptr<TargetLink>> {
              absl::StatusOr<std::unique_ptr<RedisLink>> link =
                  RedisLink::Connect(*ParseTargetAddress(server_->target()),
                                     interrupter);
              if (!link.ok()) return link.status();
              return std::make_unique<NotingLink>(*std::move(link),
                                                  &played.sent);
            },
            interrupter, options, &counters, &state);
    EXPECT_TRUE(session.ok()) << session.status();
    (*session)->applied = [](size_t, uint64_t) {};
    (*session)->failed = [] {};
    (*session)->closed = [] {};
    FollowerHandler* const handler = (*session)->handler(0);
    uint64_t offset = 0;
    const auto take = [&](const std::vector<std::string>& lines) {
      absl::Status status;
      for (const std::string& line : lines) {
        if (!status.ok()) break;
        const Frame frame(offset++, line);
        status = handler->OnFrames({&frame.view(), 1}, {7, offset});
      }
      return status.ok() ? handler->OnFlush() : status;
    };
    EXPECT_TRUE(handler->OnReset({}).ok());
    const absl::Status given = take(row.given);
    EXPECT_TRUE(given.ok()) << given;
    EXPECT_EQ(counters.passed_over.total(), 0u);
    EXPECT_EQ(counters.uncertain.total(), 0u);
    played.sent.clear();
    played.status = take(row.streamed);
    played.counted = ClassesOf(absl::StrCat(counters.passed_over.MetricsText(),
                                            counters.uncertain.MetricsText()));
    for (const auto& [key, text] : ContentOf(server_)) {
      played.content[key] = WithoutTimes(text);
    }
    return played;
  }

  static RedisServer* server_;
};

RedisServer* MirrorRowsTest::server_ = nullptr;

// Whether `content` is `expected`, where "*" stands for any value.
bool Matches(const Content& content, const Content& expected) {
  if (content.size() != expected.size()) return false;
  for (const auto& [key, text] : expected) {
    const auto found = content.find(key);
    if (found == content.end()) return false;
    if (text != "*" && found->second != text) return false;
  }
  return true;
}

std::string TextOf(const Content& content) {
  return absl::StrJoin(content, ", ", absl::PairFormatter(": "));
}

TEST_F(MirrorRowsTest, DatabaseHoldsContentsOfRow) {
  for (const MirrorRow& row : MirrorRows()) {
    SCOPED_TRACE(
        absl::StrCat(absl::StrJoin(row.streamed, ", "), " of ", row.versions));
    const Played played = Play(row);
    const bool lacks = !row.needs.empty() && !TargetKnows(row.needs);
    // A target that lacks the command loses the write.
    const MirrorVerdict verdict =
        lacks ? MirrorVerdict::kCannotBe : row.verdict;
    const absl::string_view counted = lacks ? row.lacking : row.counted;
    const bool stops = counted == kStops;
    EXPECT_EQ(played.status.ok(), !stops) << played.status;
    EXPECT_EQ(played.counted, stops ? "" : counted);
    if (lacks || stops) {
      EXPECT_THAT(played.sent, IsEmpty());
    } else {
      EXPECT_THAT(played.sent,
                  ElementsAreArray(row.sent.value_or(row.streamed)));
    }
    const Content& expected =
        verdict == MirrorVerdict::kCannotBe ? row.target : row.primary;
    EXPECT_TRUE(Matches(played.content, expected))
        << TextOf(played.content) << "\n  instead of\n"
        << TextOf(expected);
    if (row.needs.empty() || lacks) continue;
    // Commands on the deadline of a field, which the content does not show.
    const std::string field = Words(row.streamed[0]).back();
    const TargetReply left = server_->Ask({"HTTL", "h", "FIELDS", "1", field});
    EXPECT_EQ(left.elements[0].integer > 0, row.needs != "hpersist");
  }
}

// ---- Recordings.

// The commands of a recording's frames. All its frames are small.
std::vector<std::string> RecordedCommands(const std::string& name) {
  const std::string bytes = FileContents(absl::StrCat(
      "testdata/captures/kevy-", name, "-what-is-propagated.resp"));
  std::vector<std::string> lines;
  FrameDecoder decoder;
  for (size_t at = 0; (at = bytes.find("*2\r\n:", at)) != std::string::npos;
       ++at) {
    FrameView view;
    if (decoder.Decode(absl::string_view(bytes).substr(at), &view).done()) {
      lines.push_back(LineOf(view.argv()));
    }
  }
  return lines;
}

// The primary's data differs in `s`, because of SPOP and EVAL, and in the id of
// `XADD st *`. 5.4.0 has "list c d a" in `m`: it streams no pushes of LMOVE.
TEST_F(MirrorRowsTest, RecordingsLeaveContentsOfPrimary) {
  const Content all = {{"a", "hash f=v"},  {"t", "string v expires NOW"},
                       {"l", "list b"},    {"m", "list c d a"},
                       {"m1", "string 1"}, {"m2", "string 1"},
                       {"h", "hash a=1"},  {"s", "*"},
                       {"z", "zset c=3"},  {"st", "*"}};
  MirrorRow row;
  row.version = {2, 0, 20};
  row.streamed = RecordedCommands("2.0.20");
  Content content = all;
  content["z"] = "zset b=2 c=3";
  EXPECT_TRUE(Matches(Play(row, OnReject::kSkip).content, content));
  row.version = {3, 18, 0};
  row.streamed = RecordedCommands("3.18.0");
  EXPECT_TRUE(Matches(Play(row, OnReject::kSkip).content, all));
  row.version = {5, 4, 0};
  row.streamed = RecordedCommands("5.4.0");
  content = all;
  content["m"] = "list c";
  content.erase("h");
  content["h2"] = "hash a=1";
  content["zu"] = "zset c=3";
  EXPECT_TRUE(Matches(Play(row, OnReject::kSkip).content, content));
}

// ---- Completeness.

TEST(MirrorTableTest, EveryRecordedCommandHasRow) {
  std::set<std::string> known;
  for (const MirrorRow& row : MirrorRows()) {
    known.insert(row.streamed.begin(), row.streamed.end());
  }
  const std::vector<std::pair<const char*, size_t>> recordings = {
      {"2.0.20", 26}, {"3.18.0", 28}, {"5.4.0", 33}};
  for (const auto& [name, count] : recordings) {
    const std::vector<std::string> lines = RecordedCommands(name);
    EXPECT_EQ(lines.size(), count) << name;
    for (const std::string& line : lines) {
      EXPECT_EQ(known.count(line), 1u) << name << ": " << line;
    }
  }
}

TEST(MirrorTableTest, EveryRowOfSemanticsIsMet) {
  std::set<std::string> met;
  for (const MirrorRow& row : MirrorRows()) {
    for (const std::string& line : row.streamed) {
      const Classification c =
          Classify(Frame(0, line).view().argv(), row.version);
      if (c.row != nullptr) met.insert(std::string(c.row->name));
    }
  }
  for (const SemanticsRow& row : SemanticsRows()) {
    EXPECT_EQ(met.count(std::string(row.name)), 1u) << row.name;
  }
}

// Commands that no version of kevy streams: newer ones than any recording.
bool IsUnknownToKevy(absl::string_view name) {
  return absl::StrContains(name, '.') ||  // Modules.
         absl::StartsWith(name, "v") || name == "hgetdel" || name == "hgetex" ||
         name == "hsetex" || name == "delifeq";
}

TEST_F(MirrorRowsTest, EveryWritingCommandOfTargetHasRow) {
  std::set<std::string> known;
  for (const MirrorRow& row : MirrorRows()) {
    for (const std::string& line : row.streamed) {
      const std::vector<std::string> words = Words(line);
      if (words.empty()) continue;
      known.insert(absl::AsciiStrToLower(words[0]));
      if (words.size() < 2) continue;
      known.insert(
          absl::AsciiStrToLower(absl::StrCat(words[0], "|", words[1])));
    }
  }
  const auto check = [&known](const TargetReply& command) {
    const std::vector<TargetReply>& facts = command.elements;
    for (const TargetReply& flag : facts[2].elements) {
      const std::string name = absl::AsciiStrToLower(facts[0].text);
      if (flag.text != "write" || IsUnknownToKevy(name)) continue;
      EXPECT_EQ(known.count(name), 1u) << name;
    }
  };
  for (const TargetReply& command : server_->Ask({"COMMAND"}).elements) {
    check(command);
    if (command.elements.size() <= 9) continue;
    for (const TargetReply& each : command.elements[9].elements) check(each);
  }
}

// ---- The page.

TEST(MirrorTableTest, PageHasRowsOfTest) {
  std::vector<std::string> rows;
  for (const MirrorRow& row : MirrorRows()) rows.push_back(MarkdownOf(row));
  std::cout << absl::StrJoin(rows, "\n") << "\n";
  const std::string page = FileContents("docs/mirror_commands.md");
  const size_t begin = page.find("| streamed | kevy |");
  ASSERT_NE(begin, std::string::npos);
  const std::string table =
      page.substr(begin, page.find("\n\n", begin) - begin);
  std::vector<std::string> lines = absl::StrSplit(table, '\n');
  ASSERT_GT(lines.size(), 2u);
  lines.erase(lines.begin(), lines.begin() + 2);  // The head.
  EXPECT_THAT(lines, ElementsAreArray(rows));
}

}  // namespace
}  // namespace kevy_replica
