// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Keeps the strings of one shard in a SQLite database, each write exactly once,
// even if this program is killed and started again any number of times. Needs
// SQLite (Debian: libsqlite3-dev).
//
//   ./bazelw run //examples:sqlite_index -- 127.0.0.1:16004 /tmp/index.db
//   sqlite3 /tmp/index.db 'SELECT key, value FROM strings'
//
// Each transaction has the position of its data in it: see Commit(). A snapshot
// is one transaction, too: readers see the old strings until its end.
//
// It knows SET, INCR and DEL in their plain forms. An index of yours checks
// types and arguments as kevy does: see docs/guide.md.

#include <signal.h>
#include <sqlite3.h>

#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/client/snapshot_options.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"

namespace {

using kevy_replica::FeedPosition;
using Argv = absl::Span<const absl::string_view>;

// A connection. The first error stays, and later statements are not run.
class Database {
 public:
  explicit Database(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Fail();
    sqlite3_busy_timeout(db_, 60000);  // A reader may hold a lock for a moment.
  }
  ~Database() {
    for (const auto& [sql, statement] : statements_) {
      sqlite3_finalize(statement);
    }
    sqlite3_close(db_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs `sql` with its parameters. Returns the first column of its first row.
  std::optional<std::string> Run(const char* sql, Argv parameters = {}) {
    if (!status_.ok()) return std::nullopt;
    sqlite3_stmt*& statement = statements_[sql];
    if (statement == nullptr &&
        sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) {
      return Fail();
    }
    for (size_t i = 0; i < parameters.size(); ++i) {
      sqlite3_bind_blob64(statement, static_cast<int>(i) + 1,
                          parameters[i].data(), parameters[i].size(),
                          SQLITE_STATIC);
    }
    std::optional<std::string> value;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
      value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
      result = SQLITE_DONE;
    }
    if (result != SQLITE_DONE) Fail();
    sqlite3_reset(statement);
    return value;
  }

  bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  const absl::Status& status() const { return status_; }

 private:
  std::nullopt_t Fail() {
    status_ =
        absl::UnavailableError(absl::StrCat("SQLite: ", sqlite3_errmsg(db_)));
    return std::nullopt;
  }

  sqlite3* db_ = nullptr;
  std::map<const char*, sqlite3_stmt*> statements_;  // By the literal.
  absl::Status status_;
};

class Index : public kevy_replica::FollowerHandler {
 public:
  explicit Index(Database* db) : db_(*db) {}

  // Returns the position of the strings, or {0, 0} in a new database.
  absl::StatusOr<FeedPosition> Load() {
    db_.Run("PRAGMA journal_mode = WAL");  // Readers do not wait.
    db_.Run("CREATE TABLE IF NOT EXISTS strings (key BLOB PRIMARY KEY, value)");
    db_.Run("CREATE TABLE IF NOT EXISTS position (position TEXT)");
    const auto text = db_.Run("SELECT position FROM position");
    if (!db_.status().ok()) return db_.status();
    if (!text.has_value()) return FeedPosition{};
    const auto position = kevy_replica::ParseFeedPosition(*text);
    if (!position.has_value()) return absl::DataLossError("bad position");
    saved_ = *position;
    return *position;
  }

  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const FeedPosition& position) override {
    db_.Run("BEGIN");
    for (const kevy_replica::FrameView& frame : frames) {
      argv_.assign(frame.argv().begin(), frame.argv().end());
      Apply(argv_);
    }
    return Commit(position);
  }

  absl::Status OnReset(const FeedPosition& position) override {
    db_.Run("BEGIN");
    db_.Run("DELETE FROM strings");
    return Commit(position);
  }

  absl::Status OnSnapshotBegin() override {
    db_.Run("BEGIN");
    db_.Run("DELETE FROM strings");
    return db_.status();
  }
  absl::Status OnPayload(const kevy_replica::PayloadEvent& event) override {
    return commands_.Take(event);
  }
  absl::Status OnSnapshotEnd(const FeedPosition& position) override {
    return Commit(position);
  }
  absl::Status OnSnapshotVoid() override {
    if (db_.in_transaction()) db_.Run("ROLLBACK");
    return db_.status();
  }

  // The heartbeat may be the first to tell the position's generation.
  absl::Status OnHeartbeat(const kevy_replica::Heartbeat&,
                           const FeedPosition& position) override {
    if (position == saved_ || db_.in_transaction()) return absl::OkStatus();
    db_.Run("BEGIN");
    return Commit(position);
  }

  // The strings belong to a history that the primary has left.
  absl::Status OnLinkDown(const kevy_replica::LinkDown& link) override {
    if (!link.resync) return absl::OkStatus();
    db_.Run("BEGIN");
    return Commit({});
  }

 private:
  void Apply(Argv argv) {
    if (argv[0] == "SET" && argv.size() == 3) {
      db_.Run("REPLACE INTO strings VALUES (?1, ?2)", argv.subspan(1));
    } else if (argv[0] == "INCR" && argv.size() == 2) {
      db_.Run(
          "INSERT INTO strings VALUES (?1, 1) ON CONFLICT (key) "
          "DO UPDATE SET value = CAST(value AS INTEGER) + 1",
          argv.subspan(1));
    } else if (argv[0] == "DEL") {
      for (const absl::string_view key : argv.subspan(1)) {
        db_.Run("DELETE FROM strings WHERE key = ?1", {key});
      }
    }
  }

  absl::Status Commit(const FeedPosition& position) {
    std::ostringstream text;
    text << position;
    db_.Run("DELETE FROM position");
    db_.Run("INSERT INTO position VALUES (?1)", {text.str()});
    db_.Run("COMMIT");
    saved_ = position;
    return db_.status();
  }

  Database& db_;
  FeedPosition saved_;
  std::vector<absl::string_view> argv_;
  // The records of a snapshot, as commands.
  kevy_replica::PayloadCommands commands_{
      [this](const kevy_replica::PayloadCommand& command) {
        Apply(command.argv);
        return db_.status();
      }};
};

kevy_replica::Follower* stopped_by_signal = nullptr;

absl::Status Follow(absl::string_view address, const std::string& path) {
  Database db(path);
  Index index(&db);
  const absl::StatusOr<FeedPosition> from = index.Load();
  if (!from.ok()) return from.status();
  kevy_replica::FollowerOptions options;
  options.link.replica_id = "sqlite-index";
  options.from = *from;
  options.snapshots.policy = kevy_replica::SnapshotPolicy::kRecords;
  auto follower = kevy_replica::Follower::Create(address, &index, options);
  if (!follower.ok()) return follower.status();
  stopped_by_signal = follower->get();
  signal(SIGINT, [](int) { stopped_by_signal->Stop(); });
  const absl::Status status = (*follower)->Run();
  signal(SIGINT, SIG_DFL);  // The handler must not outlive the follower.
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: sqlite_index HOST:PORT FILE\n";
    return 2;
  }
  const absl::Status status = Follow(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
