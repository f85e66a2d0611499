// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each system call of kevy_verify in turn: see failing_child.h. A failure
// that passes goes unnoticed. After any other the program ends with its
// verdict, or with status 1 and a message. It never calls different data equal,
// writes nothing without --repair, and with it repairs a key as a whole.

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_client_port.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/empty_node.h"
#include "kevy_replica/tools/testing/failing_child.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

using client_testing::TempFolder;

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kFailingVerify[] = "tools/kevy_verify_failing";

// The primary lacks the key "k" of the target.
class KevyVerifyFailingCallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) GTEST_SKIP() << "no redis-server";
    target_.Start();
    port_.SetNode(EmptyNode());
    ASSERT_TRUE(port_.Listen("127.0.0.1:0").ok());
    Fill();
  }

  void Fill() {
    target_.Ask({"FLUSHALL"});
    target_.Ask({"HSET", "kevy_mirror", "kevy_mirror", "1", "shards", "1",
                 "shard-0", "77:5"});
    target_.Ask({"RPUSH", "k", "a", "b"});
  }

  std::vector<std::string> Items(const std::string& key) {
    std::vector<std::string> items;
    for (const auto& item : target_.Ask({"LRANGE", key, "0", "-1"}).elements) {
      items.push_back(item.text);
    }
    return items;
  }

  // Checks the end of a run. `expected`: the status without a failure.
  ChildResult Run(FailingChild* failing, int expected,
                  const std::vector<std::string>& more) {
    std::vector<std::string> flags = {
        absl::StrCat("--primary=kevy://", port_.address()),
        absl::StrCat("--target=", target_.target())};
    flags.insert(flags.end(), more.begin(), more.end());
    ChildProcess child(kFailingVerify, flags);
    const ChildResult result = EndOf(*failing, &child);
    failing->Stop();
    const ChildReport report = failing->report();
    if (!report.failed || report.passes) {
      EXPECT_EQ(result.status, expected) << result.err;
    }
    EXPECT_THAT(result.status, AnyOf(expected, 1)) << result.err;
    if (result.status == 1) {
      EXPECT_THAT(result.err, HasSubstr("kevy_verify: "));
    }
    EXPECT_EQ(target_.Ask({"HGET", "kevy_mirror", "shard-0"}).text, "77:5");
    return result;
  }

  RedisServer target_;
  ScriptedClientPort port_;
  const TempFolder folder_;
};

TEST_F(KevyVerifyFailingCallsTest, DifferenceIsNeverEqual) {
  const std::string tried =
      FailEachCallOfChild(folder_.File("report"), [&](FailingChild* failing) {
        const ChildResult result = Run(failing, 3, {});
        if (result.status == 3) {
          EXPECT_THAT(result.out, HasSubstr("\nresult: different\n"));
        } else {
          // The report may be whole when its output fails.
          EXPECT_THAT(result.out, AnyOf("", HasSubstr("result: incomplete\n"),
                                        HasSubstr("\nresult: different\n")));
        }
        EXPECT_THAT(Items("k"), ElementsAre("a", "b"));
      });
  std::cout << "kevy_verify: " << tried << std::endl;
}

TEST_F(KevyVerifyFailingCallsTest, RepairedKeyIsWhole) {
  const std::string tried =
      FailEachCallOfChild(folder_.File("report"), [&](FailingChild* failing) {
        Fill();
        const ChildResult result = Run(failing, 0, {"--repair"});
        const std::vector<std::string> items = Items("k");
        if (result.status == 0) {
          EXPECT_THAT(result.out, HasSubstr("\nresult: repaired\n"));
        }
        EXPECT_THAT(items, result.status == 0
                               ? ::testing::Matcher<std::vector<std::string>>(
                                     ElementsAre())
                               : AnyOf(ElementsAre(), ElementsAre("a", "b")));
      });
  std::cout << "kevy_verify --repair: " << tried << std::endl;
}

}  // namespace
}  // namespace kevy_replica
