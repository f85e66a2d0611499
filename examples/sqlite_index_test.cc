// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Kills sqlite_index at each statement that it runs, and compares its database
// with a model.

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

using Strings = std::map<std::string, std::string>;
using Argv = std::vector<std::string>;

// One history of a primary: a snapshot, and frames behind it.
struct History {
  uint64_t generation;
  Strings snapshot;
  uint64_t snapshot_end;
  std::vector<Argv> frames;

  uint64_t end() const { return snapshot_end + frames.size(); }
  Argv FrameAt(uint64_t offset) const { return frames[offset - snapshot_end]; }
};

const History& First() {
  static const auto* const history =
      new History{7,
                  {{"n", "5"}, {"text", "a"}, {"old", "b"}},
                  3,
                  {{"INCR", "n"},
                   {"SET", "text", "c"},
                   {"INCR", "n"},
                   {"DEL", "old"},
                   {"INCR", "new"},
                   {"INCR", "n"}}};
  return *history;
}

const History& Second() {
  static const auto* const history = new History{
      8, {{"n", "100"}}, 5, {{"INCR", "n"}, {"INCR", "n"}, {"SET", "x", ""}}};
  return *history;
}

// The strings of `history` before the frame at `end`.
Strings Model(const History& history, uint64_t end) {
  Strings strings = history.snapshot;
  for (uint64_t i = history.snapshot_end; i < end; ++i) {
    const Argv argv = history.FrameAt(i);
    if (argv[0] == "SET") strings[argv[1]] = argv[2];
    if (argv[0] == "DEL") strings.erase(argv[1]);
    if (argv[0] == "INCR") {
      int n = 0;
      if (!strings[argv[1]].empty()) {
        EXPECT_TRUE(absl::SimpleAtoi(strings[argv[1]], &n));
      }
      strings[argv[1]] = absl::StrCat(n + 1);
    }
  }
  return strings;
}

std::string PayloadOf(const Strings& strings) {
  std::string payload;
  PayloadEncoder encoder;
  const auto append = [&](const PayloadEvent& event) {
    EXPECT_EQ(encoder.Append(event, &payload), WireError::kNone);
  };
  append(PayloadHeader{4, 0, 0});
  for (const auto& entry : strings) {
    append(RecordBegin{RecordType::kString, entry.first, {}, 0});
    append(StringValue{entry.second});
    append(RecordEnd());
  }
  append(PayloadEnd());
  return payload;
}

// A primary that has `history`, as it serves a replica that holds `held`.
PrimaryScript Serve(const History& history, const FeedPosition& held) {
  PrimaryScript script;
  script.Speak(Protocol::kV2).Generation(history.generation);
  uint64_t at = held.next_offset;
  if (held.generation != history.generation) {
    at = history.snapshot_end;
    script.Snapshot(PayloadOf(history.snapshot), at);
  }
  for (; at < history.end(); ++at) script.Frame(at, history.FrameAt(at));
  return std::move(script.Heartbeat(history.generation, history.end()).Stall());
}

// Returns the rows of two columns that `sql` selects, first column first.
Strings Select(const std::string& path, const char* sql) {
  Strings rows;
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  sqlite3_busy_timeout(db, 60000);
  sqlite3_exec(db, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  const auto add = [](void* out, int, char** row, char**) {
    (*static_cast<Strings*>(out))[row[0]] = row[1];
    return 0;
  };
  // A database of before the first table has none.
  const int result = sqlite3_exec(db, sql, add, &rows, nullptr);
  EXPECT_TRUE(result == SQLITE_OK || result == SQLITE_ERROR)
      << sqlite3_errmsg(db);
  sqlite3_close(db);
  return rows;
}

class SqliteIndexTest : public ::testing::Test {
 protected:
  SqliteIndexTest() { EXPECT_TRUE(primary_.Listen("127.0.0.1:0").ok()); }

  FeedPosition Position() const {
    const Strings rows =
        Select(path_, "SELECT 'position', position FROM position");
    if (rows.empty()) return {};
    return ParseFeedPosition(rows.at("position")).value();
  }
  Strings Content() const {
    return Select(path_, "SELECT key, CAST(value AS TEXT) FROM strings");
  }

  // Runs the program until it has acknowledged `end`, or has killed itself at
  // statement `kill_at` (0: it does not). Returns whether it has.
  bool Run(uint64_t end, int kill_at) {
    const size_t first_link = primary_.connections();
    ChildProcess child(
        "env", {absl::StrCat("KILL_AT=", kill_at),
                "examples/sqlite_index_killed", primary_.address(), path_});
    EXPECT_TRUE(child.Await("the end or the last acknowledgement", [&] {
      for (size_t i = first_link; i < primary_.connections(); ++i) {
        const std::vector<uint64_t> acks = primary_.connection(i).acks;
        if (!acks.empty() && acks.back() == end) return true;
      }
      return child.ExitStatus().has_value();
    }));
    if (child.ExitStatus() == -SIGKILL) return true;
    child.Signal(SIGINT);
    const int status = child.Wait();
    EXPECT_TRUE(status == 0 || (kill_at > 0 && status == -SIGKILL))
        << child.ReadErrors();
    return status == -SIGKILL;
  }

  // The same with a primary that has `history`.
  bool RunWith(const History& history, int kill_at) {
    const FeedPosition held = Position();
    const size_t link = primary_.connections();
    primary_.SetDefault(Serve(history, held));
    const bool killed = Run(history.end(), kill_at);
    if (!killed) {
      EXPECT_EQ(primary_.connection(link).request->offset, held.next_offset);
      EXPECT_EQ(Position(), (FeedPosition{history.generation, history.end()}));
      EXPECT_EQ(Content(), Model(history, history.end()));
    }
    return killed;
  }

  // The database has all of a transaction or none of it.
  void ExpectWhole() const {
    const FeedPosition position = Position();
    Strings expected;
    for (const History* history : {&First(), &Second()}) {
      if (position.generation == history->generation) {
        expected = Model(*history, position.next_offset);
      }
    }
    EXPECT_EQ(Content(), expected) << position;
  }

  void Forget() const {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      unlink(absl::StrCat(path_, suffix).c_str());
    }
  }

  const client_testing::TempFolder folder_;
  const std::string path_ = folder_.File("index.db");
  ScriptedPrimary primary_;
};

TEST_F(SqliteIndexTest, KillInFirstSnapshotOrFramesLosesAndDoublesNothing) {
  int kill_at = 1;
  for (; !HasFailure() && RunWith(First(), kill_at); ++kill_at) {
    SCOPED_TRACE(kill_at);
    ExpectWhole();
    EXPECT_FALSE(RunWith(First(), 0));
    Forget();
  }
  EXPECT_GT(kill_at, 30);
}

TEST_F(SqliteIndexTest, KillInForeignSnapshotKeepsOldOrNewStrings) {
  ASSERT_FALSE(RunWith(First(), 0));
  const std::string held = client_testing::FileContents(path_);
  int kill_at = 1;
  for (; !HasFailure() && RunWith(Second(), kill_at); ++kill_at) {
    SCOPED_TRACE(kill_at);
    ExpectWhole();
    EXPECT_FALSE(RunWith(Second(), 0));
    Forget();
    client_testing::WriteFile(path_, held);
  }
  EXPECT_GT(kill_at, 20);
}

TEST_F(SqliteIndexTest, BrokenSnapshotIsRolledBack) {
  ASSERT_FALSE(RunWith(First(), 0));
  std::string whole = PayloadOf(Second().snapshot);
  primary_.Enqueue(
      PrimaryScript()
          .Speak(Protocol::kV2)
          .Generation(8)
          .Send(absl::StrCat("+SNAPSHOT\r\n$", whole.size() - 1, "\r\n",
                             whole.substr(0, whole.size() - 1), "\r\n")));
  EXPECT_FALSE(RunWith(Second(), 0));
}

// Protocol 1 tells the generation in heartbeats, and may send a history from
// its first write on.
TEST_F(SqliteIndexTest, MixedHistoryIsDropped) {
  ASSERT_FALSE(RunWith(First(), 0));
  const auto script = [] { return PrimaryScript().Speak(Protocol::kV1); };
  primary_.Enqueue(script().Frame(9, {"INCR", "n"}).Heartbeat(9, 10).Stall());
  primary_.SetDefault(script()
                          .Frame(0, {"SET", "a", "1"})
                          .Frame(1, {"INCR", "a"})
                          .Heartbeat(9, 2)
                          .Stall());
  ChildProcess child("examples/sqlite_index", {primary_.address(), path_});
  EXPECT_TRUE(child.Await("the position of the heartbeat",
                          [&] { return Position() == (FeedPosition{9, 2}); }));
  EXPECT_EQ(Content(), (Strings{{"a", "2"}}));
}

TEST_F(SqliteIndexTest, ForeignHistoryForgetsPosition) {
  ASSERT_FALSE(RunWith(First(), 0));
  primary_.Enqueue(
      PrimaryScript().Speak(Protocol::kV1).Heartbeat(9, 10).Stall());
  primary_.SetDefault(PrimaryScript().Refuse());
  ChildProcess child("examples/sqlite_index", {primary_.address(), path_});
  EXPECT_TRUE(child.Await("a position of {0, 0}",
                          [&] { return Position() == FeedPosition{}; }));
}

TEST_F(SqliteIndexTest, UnusableDatabaseIsError) {
  const ChildResult result =
      RunChild("examples/sqlite_index", {primary_.address(), folder_.path()});
  EXPECT_THAT(result.err, testing::HasSubstr("SQLite: unable to open"));
  EXPECT_EQ(result.status, 1);
}

}  // namespace
}  // namespace kevy_replica
