// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Plays each file of testdata/faults into database 1 of a real server.

#include <signal.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::Not;

struct Fault {
  const char* file;
  std::vector<std::string> flags;
  // The mirror's position at the end. Empty: it stops by itself.
  const char* position;
  Content content;                   // Of database 1.
  std::vector<std::string> said;     // Parts of its messages.
  std::vector<std::string> counted;  // Labels and values of its metrics.
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.file; }

// "l" with the items 0 to 224.
std::string Pushes() {
  std::vector<int> items;
  for (int i = 0; i < 300; ++i) items.push_back(i);
  return absl::StrCat("list ", absl::StrJoin(items, " "));
}

// A row for each file, and for each way to play it.
const auto& kFaults = *new std::vector<Fault>{
    // Scripts.
    {"script-selects-database",
     {},
     "",
     {{"a", "string 1"}},
     {"offset 1,", "--scripts=allow", "--on_reject=skip"},
     {}},
    {"script-selects-database",
     {"--on_reject=skip"},
     ":3",
     {{"a", "string 1"}, {"b", "string 2"}},
     {"passed over"},
     {"class=\"unable\",name=\"eval\"} 1"}},
    {"script-flushes-all",
     {},
     "",
     {{"a", "string 1"}},
     {"a script can reach other keys and databases"},
     {}},
    {"script-flushes-all",
     {"--on_reject=skip"},
     ":3",
     {{"a", "string 1"}, {"b", "string 2"}},
     {},
     {"class=\"unable\",name=\"eval\"} 1"}},
    {"error-text-with-escapes",
     {"--scripts=allow"},
     ":3",
     {{"a", "string 1"}, {"b", "string 2"}},
     {"danger: with --scripts=allow",
      "rejected by the target: \\x1b[2J\\x1b]0;title\\a fine"},
     {"class=\"data\",name=\"eval\"} 1"}},
    {"error-text-with-escapes",
     {"--scripts=allow", "--on_reject=stop"},
     "",
     {{"a", "string 1"}, {"b", "string 2"}},
     {"rejected by the target: \\x1b[2J\\x1b]0;title\\a fine"},
     {}},
    // Commands.
    {"copy-into-other-database",
     {},
     "",
     {{"a", "string x"}},
     {"it writes into another database"},
     {}},
    {"empty-command-name",
     {},
     "",
     {},
     {"offset 0, \"\" \"x\"", "the target does not know this command"},
     {}},
    {"empty-command-name",
     {"--on_reject=skip"},
     ":2",
     {{"a", "string b"}},
     {},
     {"class=\"unable\",name=\"?\"} 1"}},
    {"refused-data-errors",
     {},
     ":9",
     {{"n", "string 3"}},
     {"WRONGTYPE", "wrong number of arguments"},
     {"class=\"data\",name=\"hset\"} 1", "class=\"data\",name=\"incrby\"} 1",
      "class=\"data\",name=\"lpush\"} 1", "class=\"data\",name=\"lset\"} 1",
      "class=\"data\",name=\"set\"} 1", "class=\"data\",name=\"setex\"} 1"}},
    {"many-refused-when-queued",
     {},
     ":400",
     {{"l", Pushes()}},
     {"wrong number of arguments"},
     {"class=\"data\",name=\"set\"} 100", "target_connects_total 1"}},
    {"refused-by-kevy-accepted-by-redis",
     {},
     ":6",
     {{"a", "string 1"}, {"after", "string 1"}},
     {"kevy refuses the option"},
     {"class=\"ignored\",name=\"set\"} 3",
      "class=\"ignored\",name=\"expire\"} 1"}},
    {"approximate-trim",
     {},
     ":5",
     {{"s", "stream last=4-1 deleted=0-0 added=4 entry 4-1 f v"}},
     {},
     {}},
    {"kevy-7-internal-commands",
     {},
     ":4",
     {{"a", "string 1"}, {"b", "string 2"}},
     {},
     {"class=\"ignored\",name=\"xinternal.catalog\"} 1",
      "class=\"ignored\",name=\"xinternal.consumerseen\"} 1"}},
    {"kevy-specific-pop", {}, ":3", {}, {}, {}},
    // Snapshots.
    {"payload-trailer-catalog",
     {},
     ":1",
     {{"k", "string v"}, {"b", "string 2"}},
     {},
     {}},
    {"payload-trailer-unknown",
     {},
     ":1",
     {{"k", "string v"}, {"b", "string 2"}},
     {},
     {}},
    {"nan-score",
     {},
     ":1",
     {{"z", "zset b=1"}, {"after", "string 1"}, {"last", "string 1"}},
     {"key \"z\": a score is not a number"},
     {"class=\"item\",name=\"nan_score\"} 1"}},
    {"dup-list-appends",
     {},
     ":1",
     {{"l", "list a"}, {"after", "string 1"}, {"last", "string 1"}},
     {},
     {}},
    {"hfttl-missing-key",
     {},
     ":1",
     {{"after", "string 1"}, {"last", "string 1"}},
     {"key \"nokey\": a field's deadline came without the field"},
     {"class=\"item\",name=\"field_deadline_alone\"} 1"}},
    {"xsetid-entries-added-below-length",
     {},
     "77:1",
     {{"s",
       "stream last=2-0 deleted=0-0 added=2 entry 1-0 a 1 entry 2-0 b "
       "2"},
      {"last", "string 1"},
      {"after", "string 1"}},
     {"key \"s\": the stream's number of added entries"},
     {"class=\"item\",name=\"stream_counter\"} 1"}},
    {"pending-of-deleted-entry",
     {},
     "77:1",
     {{"s",
       "stream last=2-0 deleted=1-0 added=2 entry 2-0 a 1 group g "
       "last=2-0 consumer c pending 2-0 c 1700000000000 1"},
      {"after", "string 1"}},
     {"key \"s\": the target keeps no pending entry"},
     {"class=\"item\",name=\"pending_alone\"} 1"}},
    {"hash-field-deadline-passed",
     {},
     "77:1",
     {{"h", "hash live=2"}, {"after", "string 1"}},
     {},
     {}},
    // The deadlines passed long ago: the later writes came before them.
    {"write-behind-passed-deadline",
     {},
     "77:7",
     {{"keep", "string 1"}, {"after", "string 1"}},
     {"\"INCR\" \"c\", may differ here: its key's deadline had passed",
      "\"RPUSH\" \"l\" \"b\", may differ here: its key's deadline had"},
     {"uncertain_total{class=\"uncertain\",name=\"incr\"} 1",
      "uncertain_total{class=\"uncertain\",name=\"rpush\"} 1"}},
};

class KevyMirrorFaultsTest : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    server_.Start();
  }

  const TempFolder folder_;
  RedisServer server_;
};

INSTANTIATE_TEST_SUITE_P(All, KevyMirrorFaultsTest,
                         ::testing::ValuesIn(kFaults));

TEST_P(KevyMirrorFaultsTest, DatabaseHoldsRightContents) {
  const Fault& fault = GetParam();
  server_.Ask({"SELECT", "0"});
  server_.Ask({"SET", "others", "0"});
  server_.Ask({"SELECT", "1"});
  ScriptedPrimary primary;
  primary.SetDefault(
      PrimaryScript::Capture(
          FileContents(absl::StrCat("testdata/faults/", fault.file, ".resp")))
          .Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const std::string metrics = folder_.File("metrics");
  std::vector<std::string> flags = {
      absl::StrCat("--primary=", primary.address()),
      absl::StrCat("--target=", server_.target(), "?db=1"),
      absl::StrCat("--prometheus=", metrics), "--heartbeat_timeout=inf"};
  flags.insert(flags.end(), fault.flags.begin(), fault.flags.end());
  ChildProcess child(kKevyMirror, flags);
  const bool stops = absl::string_view(fault.position).empty();
  if (!stops) {
    const std::string position =
        fault.position[0] == ':'
            ? absl::StrCat("7270893326363503", fault.position)
            : fault.position;
    child.Await("its position", [&] {
      return server_.Ask({"HGET", "kevy_mirror", "shard-0"}).text == position;
    });
    // A heartbeat behind the position may expire keys.
    const auto keys = static_cast<int64_t>(fault.content.size()) + 1;
    child.Await("its number of keys",
                [&] { return server_.Ask({"DBSIZE"}).integer == keys; });
    child.Signal(SIGINT);
  }
  const std::string errors = child.ReadErrors();
  EXPECT_EQ(child.Wait(), stops ? 1 : 0) << errors;
  EXPECT_EQ(ContentOf(&server_), fault.content);
  for (const std::string& text : fault.said)
    EXPECT_THAT(errors, HasSubstr(text));
  const std::string counts = FileContents(metrics);
  for (const std::string& text : fault.counted) {
    EXPECT_THAT(counts, HasSubstr(text + "\n"));
  }
  EXPECT_THAT(errors, Not(HasSubstr("\x1b")));
  EXPECT_THAT(server_.Ask({"HGET", "kevy_mirror", "rejected"}).text,
              Not(HasSubstr("\x1b")));
  // One link to each side, and no other database was touched.
  EXPECT_EQ(primary.connections(), 1u);
  EXPECT_THAT(counts, HasSubstr("kevy_mirror_target_connects_total 1\n"));
  server_.Ask({"SELECT", "0"});
  EXPECT_EQ(ContentOf(&server_), (Content{{"others", "string 0"}}));
  EXPECT_THAT(server_.Ask({"INFO", "keyspace"}).text, Not(HasSubstr("db3:")));
  server_.Ask({"SELECT", "1"});
  if (!stops) return;
  // A second start stops as well, without another link to the primary's data.
  const ChildResult again = RunChild(kKevyMirror, flags);
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, Not(HasSubstr("\x1b")));
  EXPECT_EQ(ContentOf(&server_), fault.content);
}

}  // namespace
}  // namespace kevy_replica
