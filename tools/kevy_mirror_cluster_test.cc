// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// kevy_mirror into a real cluster of three masters, whose nodes and slots are
// killed and moved while frames flow.
//
//   kevy_mirror_cluster_test --rounds=50            more rounds
//   kevy_mirror_cluster_test --rounds=1 --seed=7    one round of another seed

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/long_primary.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/model_server.h"
#include "kevy_replica/tools/testing/redis_cluster.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/listener.h"

namespace kevy_replica {
namespace {

using client_testing::TempFolder;
using ::testing::HasSubstr;
using Argv = std::vector<std::string>;

struct Flags {
  uint64_t rounds = 4;
  uint64_t seed = 1;
} flags;

constexpr uint64_t kFramesOfRound = 1500;
constexpr uint32_t kKeys = 60;  // Of each type.

// The command at an offset, always the same.
Argv FrameAt(uint64_t offset) {
  std::mt19937 random(static_cast<uint32_t>(offset * 2654435761u + flags.seed));
  random.discard(3);
  const auto key = [&random](const char* type) {
    return absl::StrCat(type, random() % kKeys);
  };
  switch (random() % 20) {
    case 0:
      return {"DEL", key("n"), key("l"), key("t")};
    case 1:
      return {"MSET", key("n"), absl::StrCat(random() % 9), key("n"), "7"};
    case 2:
      return {"RENAME", key("n"), key("n")};
    case 3:
      return {"COPY", key("t"), key("t")};
    case 4:
      return {"SMOVE", key("t"), key("t"), absl::StrCat(random() % 5)};
    case 5:
      return {"RPOPLPUSH", key("l"), key("l")};
    case 6:
      return {"SUNIONSTORE", key("t"), key("t"), key("t")};
    case 7:
    case 8:
      return {"LPOP", key("l")};
    case 9:
    case 10:
    case 11:
      return {"RPUSH", key("l"), absl::StrCat(offset)};
    case 12:
    case 13:
      return {"SADD", key("t"), absl::StrCat(random() % 5)};
    case 14:
      return {"LPUSH", key("n"), "wrong type"};
    default:
      return {"INCR", key("n")};
  }
}

// A cluster, a primary, and a mirror between them.
class ClusterRig {
 public:
  explicit ClusterRig(const RedisClusterOptions& options,
                      LongPrimary::Frames frames = FrameAt)
      : cluster_(options) {
    cluster_.Form();
    auto listener = Listener::Listen("127.0.0.1:0");
    EXPECT_TRUE(listener.ok()) << listener.status();
    primary_ = std::make_unique<LongPrimary>(*std::move(listener),
                                             static_cast<uint32_t>(flags.seed),
                                             std::move(frames));
  }

  RedisCluster& cluster() { return cluster_; }
  LongPrimary& primary() { return *primary_; }

  std::string metrics() const { return folder_.File("metrics"); }

  void Start(const Argv& more = {}) {
    ChildProcess::Options options;
    options.patience = absl::Seconds(120);
    Argv arguments = {absl::StrCat("--primary=", primary_->address()),
                      absl::StrCat("--target=", cluster_.target()),
                      "--on_lost_target=reload",
                      absl::StrCat("--prometheus=", metrics())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    mirror_ = std::make_unique<ChildProcess>(kKevyMirror, arguments, options);
  }
  ChildProcess& mirror() { return *mirror_; }

  // Ends it by SIGTERM. Returns its messages.
  std::string Stop() {
    mirror_->Signal(SIGTERM);
    const std::string errors = mirror_->ReadErrors();
    EXPECT_EQ(mirror_->Wait(), 0) << errors;
    return errors;
  }
  void Kill() {
    mirror_->Signal(SIGKILL);
    EXPECT_EQ(mirror_->Wait(), -SIGKILL);
  }

  // The primary's data in front of `offset`.
  Content Expected(uint64_t offset) {
    for (; applied_ < offset; ++applied_) {
      (void)model_.Ask(0, FrameAt(applied_));
    }
    return model_.ContentIn(0);
  }

 private:
  TempFolder folder_;
  RedisCluster cluster_;
  std::unique_ptr<LongPrimary> primary_;
  std::unique_ptr<ChildProcess> mirror_;
  ModelServer model_;
  uint64_t applied_ = 0;
};

enum class Fault : uint8_t {
  kKillMirror,
  kKillNode,      // A master with a replica, which is promoted.
  kRestartNode,   // It comes back with its acknowledged writes.
  kMigrateSlots,  // Under load, from one master to another.
};
constexpr size_t kFaults = 4;
constexpr const char* kFaultNames[kFaults] = {
    "kill the mirror", "kill a node", "restart a node", "migrate slots"};

struct Totals {
  size_t faults[kFaults] = {};
  size_t migrated = 0;
  size_t differences = 0;
};

class ClusterRounds {
 public:
  ClusterRounds(ClusterRig* rig, Totals* totals)
      : rig_(*rig),
        totals_(*totals),
        random_(static_cast<uint32_t>(flags.seed)) {}

  void Run(uint64_t round) {
    const uint64_t end = (round + 1) * kFramesOfRound;
    const auto fault = static_cast<Fault>(round % kFaults);
    ++totals_.faults[static_cast<size_t>(fault)];
    rig_.primary().ExpectUpTo(end);
    const size_t links = rig_.primary().asked().size();
    rig_.Start();
    rig_.mirror().Await("the mirror's link to the primary",
                        [&] { return rig_.primary().asked().size() > links; });
    Happen(fault);
    rig_.mirror().Await("all frames are acknowledged",
                        [&] { return rig_.primary().reached(); });
    const std::string errors = rig_.Stop();
    rig_.cluster().AwaitWhole();
    const Content held = rig_.cluster().ReadAll();
    const Content expected = rig_.Expected(end);
    for (const auto& [key, text] : expected) {
      const auto found = held.find(key);
      if (found == held.end() || found->second != text) ++totals_.differences;
    }
    for (const auto& each : held) {
      if (expected.count(each.first) == 0) ++totals_.differences;
    }
    EXPECT_EQ(held, expected)
        << "round " << round << " (" << kFaultNames[static_cast<size_t>(fault)]
        << ")\n"
        << errors;
  }

 private:
  size_t RandomMaster() {
    std::vector<size_t> masters;
    for (size_t i = 0; i < rig_.cluster().size(); ++i) {
      if (rig_.cluster().IsMaster(i)) masters.push_back(i);
    }
    return masters[random_() % masters.size()];
  }

  void Happen(Fault fault) {
    RedisCluster& cluster = rig_.cluster();
    switch (fault) {
      case Fault::kKillMirror:
        rig_.Kill();
        rig_.Start();
        return;
      case Fault::kKillNode: {
        const size_t node = RandomMaster();
        cluster.Kill(node);
        cluster.AwaitFailoverOf(node);
        cluster.Restart(node);
        return;
      }
      case Fault::kRestartNode: {
        const size_t node = RandomMaster();
        cluster.Kill(node);
        cluster.Restart(node);
        return;
      }
      case Fault::kMigrateSlots:
        for (int i = 0; i < 5; ++i) {
          const uint16_t slot = KeySlot(absl::StrCat("n", random_() % kKeys));
          const size_t source = cluster.MasterOf(slot);
          const size_t target = RandomMaster();
          if (source == target) continue;
          cluster.MigrateSlot(slot, source, target);
          ++totals_.migrated;
        }
        return;
    }
  }

  ClusterRig& rig_;
  Totals& totals_;
  std::mt19937 random_;
};

class KevyMirrorClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisCluster::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
  }
};

TEST_F(KevyMirrorClusterTest, FaultsUnderLoadLeaveNoDifference) {
  RedisClusterOptions options;
  options.has_replicas = true;
  ClusterRig rig(options);
  Totals totals;
  ClusterRounds rounds(&rig, &totals);
  for (uint64_t i = 0; i < flags.rounds && !HasFailure(); ++i) rounds.Run(i);
  for (size_t i = 0; i < kFaults; ++i) {
    std::printf("%-16s %3zu rounds\n", kFaultNames[i], totals.faults[i]);
  }
  std::printf("%-16s %3zu slots\n%-16s %3zu\n", "moved", totals.migrated,
              "differences", totals.differences);
}

// Each command of docs/cluster.md, with keys in several slots. Some have no
// source, have another type, or find their destination in place.
std::vector<Argv> SeveralSlotFrames() {
  return {
      {"MSET", "a", "1", "b", "2", "c", "3"},
      {"MSETNX", "a", "9", "d", "9"},
      {"MSETNX", "d", "4", "e", "5", "f", "6"},
      {"PEXPIREAT", "a", "4102444800000"},
      {"RENAME", "a", "a2"},
      {"RENAME", "none", "a3"},
      {"RENAMENX", "b", "c"},
      {"RENAMENX", "b", "b2"},
      {"COPY", "c", "c2"},
      {"COPY", "d", "c2"},
      {"COPY", "e", "c2", "REPLACE"},
      {"SADD", "s1", "x", "y", "z"},
      {"SADD", "s2", "y", "z", "w"},
      {"SMOVE", "s1", "s3", "x"},
      {"SMOVE", "s1", "s3", "none"},
      {"SMOVE", "s1", "c", "y"},
      {"SUNIONSTORE", "s4", "s1", "s2", "none"},
      {"SINTERSTORE", "s5", "s1", "s2"},
      {"SDIFFSTORE", "s6", "s2", "s1"},
      {"SINTERSTORE", "s4", "s1", "none"},
      {"SUNIONSTORE", "s7", "s1", "c"},
      {"RPUSH", "l1", "1", "2", "3", "4"},
      {"LMOVE", "l1", "l2", "LEFT", "RIGHT"},
      {"LMOVE", "l1", "l2", "RIGHT", "LEFT"},
      {"RPOPLPUSH", "l1", "l3"},
      {"RPOPLPUSH", "none", "l3"},
      {"RPOPLPUSH", "l1", "s1"},
      {"LMPOP", "3", "none", "l2", "l3", "LEFT", "COUNT", "1"},
      {"BLPOP", "none", "l2", "l1", "0"},
      {"LMPOP", "2", "none", "s1", "LEFT"},
      {"ZADD", "z1", "1", "a", "2", "b", "3", "c"},
      {"ZADD", "z2", "10", "b", "20", "d"},
      {"ZUNIONSTORE", "z3", "2", "z1", "z2", "WEIGHTS", "1", "2"},
      {"ZINTERSTORE", "z4", "2", "z1", "z2"},
      {"ZDIFFSTORE", "z5", "2", "z1", "z2"},
      {"ZRANGESTORE", "z6", "z1", "0", "1"},
      {"ZMPOP", "2", "none", "z2", "MIN"},
      {"GEOADD", "g", "13", "38", "p", "15", "37", "q"},
      {"GEOSEARCHSTORE", "g2", "g", "FROMMEMBER", "p", "BYRADIUS", "900", "km"},
      {"GEORADIUS", "g", "15", "37", "200", "km", "STORE", "g3"},
      {"GEORADIUSBYMEMBER", "g", "q", "200", "km", "STOREDIST", "g4"},
      {"BITOP", "XOR", "bits", "c", "d", "none"},
      {"PFADD", "p1", "a", "b"},
      {"PFADD", "p2", "b", "c"},
      {"PFMERGE", "p3", "p1", "p2"},
      {"UNLINK", "d", "e", "none"},
      {"DEL", "f", "z6", "l3"},
      {"XADD", "st", "1-1", "f", "v"},
      {"XGROUP", "CREATE", "st", "g", "0"},
      {"RENAME", "st", "st2"},
  };
}

TEST_F(KevyMirrorClusterTest, FramesOnSeveralSlotsEqualOneServer) {
  const std::vector<Argv> frames = SeveralSlotFrames();
  ClusterRig rig(RedisClusterOptions(),
                 [frames](uint64_t offset) { return frames[offset]; });
  rig.primary().ExpectUpTo(frames.size());
  rig.Start();
  rig.mirror().Await("all frames are acknowledged",
                     [&rig] { return rig.primary().reached(); });
  const std::string errors = rig.Stop();
  RedisServer one;
  one.Start();
  for (const Argv& frame : frames) (void)one.Ask(frame);
  EXPECT_EQ(rig.cluster().ReadAll(), ContentOf(&one)) << errors;
}

TEST_F(KevyMirrorClusterTest, FrameThatCannotBePlacedStopsMirror) {
  const std::vector<Argv> frames = {
      {"XADD", "st1", "1-1", "f", "v"},
      {"XADD", "st2", "1-1", "f", "v"},
      {"XGROUP", "CREATE", "st1", "g", "0"},
      {"XGROUP", "CREATE", "st2", "g", "0"},
      {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "st1", "st2", ">", ">"},
      {"SET", "behind", "1"},
  };
  ClusterRig rig(RedisClusterOptions(),
                 [frames](uint64_t offset) { return frames[offset]; });
  rig.primary().ExpectUpTo(frames.size());
  for (int run = 0; run < 2; ++run) {
    rig.Start();
    EXPECT_THAT(rig.mirror().ReadErrors(),
                HasSubstr("its keys are those of several slots: pass it over "
                          "with --on_reject=skip"));
    EXPECT_EQ(rig.mirror().Wait(), 1);
    EXPECT_EQ(rig.cluster().AskForKey("st2", {"XLEN", "st2"}).integer, 1);
    EXPECT_EQ(rig.cluster().AskForKey("behind", {"EXISTS", "behind"}).integer,
              0);
  }
  rig.Start({"--on_reject=skip"});
  rig.mirror().Await("all frames are acknowledged",
                     [&rig] { return rig.primary().reached(); });
  (void)rig.Stop();
  EXPECT_EQ(rig.cluster().AskForKey("behind", {"GET", "behind"}).text, "1");
}

TEST_F(KevyMirrorClusterTest, ExplainTellsNodesSlotsAndCommands) {
  ClusterRig rig((RedisClusterOptions()));
  ChildProcess child(kKevyMirror,
                     {"--primary=127.0.0.1:1", "--explain",
                      absl::StrCat("--target=", rig.cluster().target())});
  const std::string text = child.ReadOutput();
  EXPECT_EQ(child.Wait(), 0) << child.ReadErrors();
  EXPECT_THAT(text, HasSubstr("cluster: 3 masters, 0 replicas, 16384 of 16384 "
                              "slots covered\n"));
  EXPECT_THAT(
      text, HasSubstr(absl::StrCat("node ", rig.cluster().address(0).ToString(),
                                   ": 5461 slots\n")));
  EXPECT_THAT(text, HasSubstr("no mirror's record"));
  EXPECT_THAT(text, HasSubstr("  split: del, mset, unlink\n"));
  EXPECT_THAT(text, HasSubstr("rename, renamenx, rpoplpush"));
  EXPECT_THAT(text, HasSubstr("stop the mirror: xreadgroup"));
}

TEST_F(KevyMirrorClusterTest, ForeignKeysAreNotReplaced) {
  ClusterRig rig((RedisClusterOptions()));
  (void)rig.cluster().AskForKey("theirs", {"SET", "theirs", "1"});
  rig.primary().ExpectUpTo(10);
  ChildProcess child(kKevyMirror,
                     {absl::StrCat("--primary=", rig.primary().address()),
                      absl::StrCat("--target=", rig.cluster().target())});
  EXPECT_THAT(child.ReadErrors(),
              HasSubstr("1 keys that a mirror did not write"));
  EXPECT_EQ(child.Wait(), 1);
  EXPECT_EQ(rig.cluster().AskForKey("theirs", {"GET", "theirs"}).text, "1");
}

TEST(KevyMirrorClusterFlagsTest, FlagsOfOneServerAreRefused) {
  const std::pair<Argv, std::string> cases[] = {
      {{"--reload=swap", "--swap_database=1"}, "a cluster has one"},
      {{"--scripts=allow"}, "--scripts=allow is not for a cluster"},
      {{"--position_key=a{b}"}, "--position_key must not have a {"}};
  for (const auto& one : cases) {
    Argv arguments = one.first;
    arguments.push_back("--primary=127.0.0.1:1");
    arguments.push_back("--target=redis+cluster://127.0.0.1:1");
    ChildProcess child(kKevyMirror, arguments);
    EXPECT_THAT(child.ReadErrors(), HasSubstr(one.second));
    EXPECT_EQ(child.Wait(), 2);
  }
}

bool ParseFlag(absl::string_view argument) {
  if (absl::ConsumePrefix(&argument, "--rounds=")) {
    return absl::SimpleAtoi(argument, &flags.rounds);
  }
  return absl::ConsumePrefix(&argument, "--seed=") &&
         absl::SimpleAtoi(argument, &flags.seed);
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (!kevy_replica::ParseFlag(argv[i])) {
      std::fprintf(stderr, "usage: %s [--rounds=N] [--seed=N]\n", argv[0]);
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
