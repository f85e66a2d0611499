// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A real server answers as a primary, and a real cluster is the target. The
// test plays the mirror.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/hooked_link.h"
#include "kevy_replica/tools/testing/redis_cluster.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/tools/testing/replies.h"
#include "kevy_replica/tools/verify/cluster_link.h"
#include "kevy_replica/tools/verify/server.h"
#include "kevy_replica/tools/verify/verify.h"
#include "kevy_replica/tools/verify/verify_report.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Argv = std::vector<std::string>;

class VerifyClusterTest : public ::testing::Test {
 protected:
  // One cluster for all tests: forming it takes seconds.
  static void SetUpTestSuite() {
    if (!RedisCluster::IsInstalled()) return;
    cluster_ = new RedisCluster();
    cluster_->Form();
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }

  void SetUp() override {
    if (!RedisCluster::IsInstalled()) GTEST_SKIP() << "no redis-server";
    primary_.Start();
    for (size_t i = 0; i < cluster_->size(); ++i) {
      cluster_->server(i).Ask({"FLUSHALL"});
    }
    options_.connect_primary = [this] { return ConnectPrimary(); };
    options_.connect_target = [this] { return ConnectCluster(); };
    options_.progress.is_cluster = true;
    options_.progress.interrupter = std::make_shared<Interrupter>();
    options_.progress.timeout = absl::Seconds(20);
    options_.log = [](absl::string_view) {};
    OnTarget("HSET kevy_mirror kevy_mirror 1 shards 1 shard-0 slots");
  }

  absl::StatusOr<std::unique_ptr<TargetLink>> ConnectPrimary() {
    const absl::StatusOr<TargetAddress> address =
        ParseTargetAddress(primary_.target());
    if (!address.ok()) return address.status();
    absl::StatusOr<std::unique_ptr<RedisLink>> link =
        RedisLink::Connect(*address, options_.progress.interrupter);
    if (!link.ok()) return link.status();
    return std::make_unique<HookedLink>(*std::move(link), &all_of_primary_);
  }

  absl::StatusOr<std::unique_ptr<TargetLink>> ConnectCluster() {
    const absl::StatusOr<ClusterAddress> address =
        ParseClusterAddress(cluster_->target());
    if (!address.ok()) return address.status();
    const NodeConnector connect =
        RedisNodeConnector(*address, options_.progress.interrupter);
    absl::StatusOr<std::unique_ptr<TargetLink>> link = ClusterLink::Connect(
        address->seeds,
        [this, connect](const NodeAddress& node)
            -> absl::StatusOr<std::unique_ptr<TargetLink>> {
          absl::StatusOr<std::unique_ptr<TargetLink>> inner = connect(node);
          if (!inner.ok()) return inner;
          return std::make_unique<HookedLink>(*std::move(inner), &on_node_);
        });
    if (!link.ok()) return link.status();
    return std::make_unique<HookedLink>(*std::move(link), &on_target_);
  }

  // The second word of a line is its key.
  void OnPrimary(const std::string& line) {
    const TargetReply reply = primary_.Ask(Argv(absl::StrSplit(line, ' ')));
    EXPECT_FALSE(reply.is_error()) << line << ": " << reply.text;
    MoveMirror(KeyIn(line));
  }
  void OnTarget(const std::string& line) {
    const Argv argv = absl::StrSplit(line, ' ');
    const TargetReply reply = cluster_->AskForKey(KeyIn(line), argv);
    EXPECT_FALSE(reply.is_error()) << line << ": " << reply.text;
  }
  void OnBoth(const std::string& line) {
    OnPrimary(line);
    OnTarget(line);
  }
  static std::string KeyIn(const std::string& line) {
    const Argv argv = absl::StrSplit(line, ' ');
    return argv[argv[0] == "XGROUP" ? 2 : 1];
  }

  // The mirror reaches the primary's end in the slot of `key`.
  void MoveMirror(const std::string& key) {
    const std::string place = SlotKey("kevy_mirror", KeySlot(key));
    OnTarget(absl::StrCat("HSET ", place, " shard-0 ", ToString(end_)));
  }

  VerifyReport VerifyOk() {
    VerifyReport report;
    const absl::Status status = Verify(options_, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }
  absl::Status VerifyFails() {
    VerifyReport report;
    const absl::Status status = Verify(options_, &report);
    EXPECT_EQ(report.result(), "incomplete");
    return status;
  }

  // Values of all types at all masters.
  void FillBoth() {
    OnBoth("SET expires value PXAT 4102444800000");
    OnBoth("HSET h a 1 b 2");
    OnBoth("RPUSH l a b c");
    OnBoth("SADD set a b c");
    OnBoth("ZADD z 1.5 a inf b");
    OnBoth("XADD x 5-1 f v");
    OnBoth("XGROUP CREATE x g 5-1");
    for (int i = 0; i < 30; ++i) OnBoth(absl::StrCat("SET s", i, " value"));
  }
  static constexpr uint64_t kFilled = 36;

  // Migrates the slot of `key` to the next master.
  static void Migrate(const std::string& key) {
    const uint16_t slot = KeySlot(key);
    const size_t source = cluster_->MasterOf(slot);
    cluster_->MigrateSlot(slot, source, (source + 1) % cluster_->size());
    cluster_->AwaitWhole();
  }

  static RedisCluster* cluster_;
  RedisServer primary_;
  FeedPosition end_ = {77, 5};
  Hook on_target_ = [](const Argv&) { return std::nullopt; };
  Hook on_node_ = [](const Argv&) { return std::nullopt; };
  const Hook all_of_primary_ =
      [this](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] != "REPL.TOKEN") return std::nullopt;
    return ArrayReply({IntegerReply(static_cast<int64_t>(end_.generation)),
                       IntegerReply(static_cast<int64_t>(end_.next_offset))});
  };
  VerifyOptions options_;
};

RedisCluster* VerifyClusterTest::cluster_ = nullptr;

TEST_F(VerifyClusterTest, EqualDatabasesAreEqual) {
  FillBoth();
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "equal");
  EXPECT_EQ(report.primary_keys, kFilled);
  EXPECT_GT(report.target_keys, kFilled);  // The positions, too.
  EXPECT_EQ(report.types.size(), 6u);
  EXPECT_EQ(report.types.at("string").equal, 31u);
}

TEST_F(VerifyClusterTest, DifferencesAreFoundAndRepaired) {
  FillBoth();
  OnTarget("SET s1 other");
  OnTarget("DEL s2");
  OnTarget("HSET h a 7");
  OnTarget("RPUSH l d");
  MoveMirror("extra");
  OnTarget("SET extra value");
  VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "different");
  std::set<std::string> keys;
  for (const KeyDifference& difference : report.differences) {
    keys.insert(difference.key);
  }
  EXPECT_EQ(keys, (std::set<std::string>{"extra", "h", "l", "s1", "s2"}));

  options_.repair = true;
  report = VerifyOk();
  EXPECT_EQ(report.result(), "repaired");
  EXPECT_EQ(report.repaired, 5u);
  EXPECT_EQ(VerifyOk().result(), "equal");
  EXPECT_EQ(cluster_->ReadAll(), ContentOf(&primary_));
}

// The mirror has passed the slots without frames long ago.
TEST_F(VerifyClusterTest, OnlySlotsOfSuspectsAreWaitedFor) {
  OnBoth("SET a value");
  OnBoth("SET b value");
  OnTarget("SET b other");
  end_.next_offset = 6;
  MoveMirror("b");
  EXPECT_EQ(VerifyOk().result(), "different");
}

TEST_F(VerifyClusterTest, ChangeThatTheMirrorBringsSettles) {
  OnBoth("SET k old");
  OnPrimary("SET k new");
  end_.next_offset = 6;
  int reads = 0;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    // The first read of the position is too early.
    if (argv[0] == "HMGET" && ++reads == 2) {
      OnTarget("SET k new");
      MoveMirror("k");
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().result(), "equal");
  EXPECT_GE(reads, 2);
}

TEST_F(VerifyClusterTest, MirrorThatDoesNotMoveIsAnError) {
  OnBoth("SET k old");
  OnPrimary("SET k new");
  end_.next_offset = 6;
  options_.progress.timeout = absl::Milliseconds(30);
  const absl::Status status = VerifyFails();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("shard-0 is at \"77:5\", the primary at 77:6"));
}

TEST_F(VerifyClusterTest, LoadingSlotIsWaitedFor) {
  OnBoth("SET k old");
  OnPrimary("SET k new");
  const std::string place = SlotKey("kevy_mirror", KeySlot("k"));
  OnTarget(absl::StrCat("HSET ", place, " shard-0 loading"));
  OnTarget(absl::StrCat("HDEL ", place, " shard-0"));
  cluster_->AskForKey(place, {"HSET", place, "shard-0", "loading 3"});
  int reads = 0;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "HMGET" && ++reads == 2) {
      OnTarget("SET k new");
      MoveMirror("k");
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().result(), "equal");
}

TEST_F(VerifyClusterTest, LostPositionIsAnError) {
  OnBoth("SET k old");
  OnPrimary("SET k new");
  OnTarget(absl::StrCat("DEL ", SlotKey("kevy_mirror", KeySlot("k"))));
  const absl::Status status = VerifyFails();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("a node has lost data, or the key was deleted"));
}

TEST_F(VerifyClusterTest, OneNodeAsTargetIsAnError) {
  OnBoth("SET k value");
  OnTarget("SET k other");
  options_.progress.is_cluster = false;
  const absl::Status status = VerifyFails();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("redis+cluster://"));
}

// The reads by key find the slot's new master.
TEST_F(VerifyClusterTest, MigrationBeforeScanIsFollowed) {
  FillBoth();
  OnTarget("SET s1 other");
  bool is_migrated = false;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "TYPE" && argv[1] == "s1" && !is_migrated) {
      is_migrated = true;
      Migrate("s1");
      Migrate("s2");
    }
    return std::nullopt;
  };
  options_.repair = true;
  EXPECT_EQ(VerifyOk().result(), "repaired");
  EXPECT_TRUE(is_migrated);
  EXPECT_EQ(cluster_->ReadAll(), ContentOf(&primary_));
}

// A key may have gone from a master that is not scanned yet to one that was.
TEST_F(VerifyClusterTest, MigrationDuringScanIsAnError) {
  FillBoth();
  bool is_migrated = false;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "SCAN" && argv[1] == "1:0" && !is_migrated) {
      is_migrated = true;
      Migrate("s1");
    }
    return std::nullopt;
  };
  const absl::Status status = VerifyFails();
  EXPECT_TRUE(is_migrated);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("slots have moved during SCAN"));
}

TEST_F(VerifyClusterTest, OpenMigrationIsAnError) {
  FillBoth();
  const uint16_t slot = KeySlot("s1");
  const size_t source = cluster_->MasterOf(slot);
  const size_t target = (source + 1) % cluster_->size();
  absl::Status status;
  cluster_->MigrateSlot(slot, source, target, [&](MigrationStep step) {
    if (step == MigrationStep::kMigrating) status = VerifyFails();
  });
  cluster_->AwaitWhole();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("is being migrated"));
  EXPECT_EQ(VerifyOk().result(), "equal");
}

TEST_F(VerifyClusterTest, MigrationDuringRepairBeginsItAgain) {
  for (const absl::string_view command : {"WATCH", "EXEC"}) {
    OnBoth("SET k value");
    OnTarget("SET k other");
    options_.repair = true;
    bool is_migrated = false;
    on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
      if (argv[0] == command && !is_migrated) {
        is_migrated = true;
        Migrate("k");
      }
      return std::nullopt;
    };
    const VerifyReport report = VerifyOk();
    EXPECT_EQ(report.result(), "repaired") << command;
    EXPECT_TRUE(is_migrated);
    EXPECT_EQ(cluster_->AskForKey("k", {"GET", "k"}).text, "value");
  }
}

// Followed over another connection, it would watch nothing.
TEST_F(VerifyClusterTest, RedirectionOfWatchIsItsReply) {
  Server target("the target", options_.connect_target);
  ASSERT_TRUE(target.Connect().ok());
  Migrate("k");
  EXPECT_THAT(target.Ask({"WATCH", "k"})->text, StartsWith("MOVED "));
  EXPECT_EQ(target.Ask({"WATCH", "k"})->text, "OK");
  Migrate("k");
  EXPECT_EQ(target.Ask({"GET", "k"})->type, TargetReply::Type::kNull);
}

// A node refuses a key that it lacks while the slot migrates.
TEST_F(VerifyClusterTest, KeyOfOpenMigrationIsNotRepaired) {
  OnBoth("SET k value");
  OnTarget("DEL k");
  options_.repair = true;
  const uint16_t slot = KeySlot("k");
  const size_t source = cluster_->MasterOf(slot);
  const size_t target = (source + 1) % cluster_->size();
  VerifyReport report;
  absl::Status status;
  cluster_->MigrateSlot(slot, source, target, [&](MigrationStep step) {
    if (step == MigrationStep::kMigrating) status = Verify(options_, &report);
  });
  cluster_->AwaitWhole();
  EXPECT_THAT(std::string(status.message()), HasSubstr("is being migrated"));
  ASSERT_EQ(report.not_repaired, 1u);
  EXPECT_THAT(report.differences[0].not_repaired,
              HasSubstr("a slot that migrates"));
  EXPECT_EQ(VerifyOk().result(), "repaired");
}

// A frame of the mirror comes between the read and the write of a repair.
TEST_F(VerifyClusterTest, NewerPositionOfSlotFencesRepair) {
  OnBoth("SET k value");
  OnTarget("SET k other");
  options_.repair = true;
  bool is_written = false;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC" && !is_written) {
      is_written = true;
      end_.next_offset = 6;
      OnPrimary("SET k newer");  // And the mirror's position.
      OnTarget("SET k newer");
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().result(), "repaired");
  EXPECT_TRUE(is_written);
  EXPECT_EQ(cluster_->AskForKey("k", {"GET", "k"}).text, "newer");
}

// A frame that does not touch the key on the target: the value that the repair
// has read is too old all the same.
TEST_F(VerifyClusterTest, FrameWithoutEffectFencesRepair) {
  OnBoth("SET k value");
  OnTarget("DEL k");
  options_.repair = true;
  bool is_deleted = false;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC" && !is_deleted) {
      is_deleted = true;
      end_.next_offset = 6;
      OnPrimary("DEL k");  // And the mirror's position.
    }
    return std::nullopt;
  };
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "repaired");
  EXPECT_EQ(report.repaired, 1u) << "it wrote a value, and deleted it again";
  EXPECT_TRUE(is_deleted);
  EXPECT_EQ(cluster_->AskForKey("k", {"EXISTS", "k"}).integer, 0);
}

// The commands of a large value are queued before the slot migrates.
TEST_F(VerifyClusterTest, MigrationBeforeExecBeginsRepairAgain) {
  OnBoth("SET k value");
  primary_.Ask({"SETRANGE", "k", "2000000", "end"});
  options_.repair = true;
  bool is_migrated = false;
  on_target_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "EXEC" && !is_migrated) {
      is_migrated = true;
      Migrate("k");
    }
    return std::nullopt;
  };
  EXPECT_EQ(VerifyOk().result(), "repaired");
  EXPECT_TRUE(is_migrated);
  EXPECT_EQ(cluster_->AskForKey("k", {"STRLEN", "k"}).integer, 2000003);
}

TEST_F(VerifyClusterTest, OwnKeysOnPrimaryAreNeverWritten) {
  OnBoth("SET k value");
  const std::string place = SlotKey("kevy_mirror", KeySlot("k"));
  OnPrimary(absl::StrCat("SET ", place, " value"));
  OnPrimary("SET kevy_mirror value");
  options_.repair = true;
  const VerifyReport report = VerifyOk();
  EXPECT_EQ(report.result(), "partial");
  EXPECT_EQ(report.not_compared.at("the key of the mirror's record"), 2u);
  EXPECT_EQ(cluster_->AskForKey(place, {"TYPE", place}).text, "hash");
}

TEST_F(VerifyClusterTest, HostileNodesEndScan) {
  OnBoth("SET k value");
  for (const auto& [reply, fault] :
       std::vector<std::pair<TargetReply, std::string>>{
           {TextReply("garbage"), "hold 0 of 16384 slots"},
           {IntegerReply(7), "hold 0 of 16384 slots"},
           {TextReply("a b myself,master d e f g h 0-99999 -5 7-3 x"),
            "hold 0 of 16384 slots"},
           {TextReply("a b myself,master d e f g h 0-16383"),
            "hold 49152 of 16384 slots"},
           {TextReply("a b myself,master d e f g h [5->-x]"),
            "is being migrated"},
           {ErrorReply("NOPERM no"), "CLUSTER NODES: NOPERM"}}) {
    on_node_ = [&, hostile =
                       reply](const Argv& argv) -> std::optional<TargetReply> {
      if (argv[0] == "CLUSTER" && argv[1] == "NODES") return hostile;
      return std::nullopt;
    };
    EXPECT_THAT(std::string(VerifyFails().message()), HasSubstr(fault));
  }
}

TEST_F(VerifyClusterTest, HostileRedirectionsEnd) {
  OnBoth("SET k value");
  for (const std::string text : {"MOVED 1 127.0.0.1:1", "ASK 1 127.0.0.1:1"}) {
    on_node_ = [&](const Argv& argv) -> std::optional<TargetReply> {
      if (argv[0] == "TYPE") return ErrorReply(text);
      return std::nullopt;
    };
    // Of another slot: an error reply as any other.
    const VerifyReport report = VerifyOk();
    EXPECT_EQ(report.not_compared.size(), 1u);
  }
  const std::string circle = absl::StrCat("MOVED ", KeySlot("k"), " ",
                                          cluster_->address(0).ToString());
  on_node_ = [&](const Argv& argv) -> std::optional<TargetReply> {
    if (argv[0] == "TYPE") return ErrorReply(circle);
    return std::nullopt;
  };
  EXPECT_TRUE(absl::IsUnavailable(VerifyFails()));
}

}  // namespace
}  // namespace kevy_replica
