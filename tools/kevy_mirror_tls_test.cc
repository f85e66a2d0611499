// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs kevy_mirror as a program with a real server that speaks TLS.

#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_testing::TestAuthority;

class KevyMirrorTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      GTEST_SKIP() << "redis-server is not installed";
    }
    primary_.SetDefault(PrimaryScript()
                            .Generation(7)
                            .Frame(0, {"SET", "a", "1"})
                            .Frame(1, {"SET", "b", std::string(1 << 20, 'x')})
                            .Stall());
    ASSERT_TRUE(primary_.Listen("127.0.0.1:0").ok());
  }

  void StartServer(bool demand_client_certificate = false) {
    server_.SetTls(authority_.Issue({}), authority_.file(),
                   demand_client_certificate);
    server_.Start();
  }

  std::vector<std::string> Flags(const std::vector<std::string>& more) const {
    std::vector<std::string> flags = {
        absl::StrCat("--primary=", primary_.address()),
        absl::StrCat("--target=", server_.target()), "--heartbeat_timeout=inf"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  void ExpectMirrored(const std::vector<std::string>& more) {
    ChildProcess child(kKevyMirror, Flags(more));
    ASSERT_TRUE(child.Await("both writes are stored", [&] {
      return server_.Ask({"HGET", "kevy_mirror", "shard-0"}).text == "7:2";
    }));
    child.Signal(SIGINT);
    child.ReadErrors();
    EXPECT_EQ(child.Wait(), 0);
    EXPECT_EQ(server_.Ask({"GET", "a"}).text, "1");
    EXPECT_EQ(server_.Ask({"STRLEN", "b"}).integer, 1 << 20);
  }

  // Expects an end by itself, with `message`, and a target without keys.
  void ExpectStopped(const std::vector<std::string>& more,
                     const std::string& message) {
    const ChildResult result = RunChild(kKevyMirror, Flags(more));
    EXPECT_EQ(result.status, 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(server_.Ask({"DBSIZE"}).integer, 0);
  }

  std::string CaFlag() const {
    return absl::StrCat("--target_ca_file=", authority_.file());
  }

  const TestAuthority authority_;
  ScriptedPrimary primary_;
  RedisServer server_{RedisServer::Socket::kLoopback};
};

TEST_F(KevyMirrorTlsTest, TargetFollowsPrimary) {
  StartServer();
  ExpectMirrored({CaFlag()});
}

TEST_F(KevyMirrorTlsTest, ClientCertificateIsShown) {
  StartServer(/*demand_client_certificate=*/true);
  ExpectMirrored(
      {CaFlag(), absl::StrCat("--target_cert_file=", authority_.Issue({}))});
}

TEST_F(KevyMirrorTlsTest, MissingClientCertificateStops) {
  StartServer(/*demand_client_certificate=*/true);
  ExpectStopped({CaFlag()}, "refuses this side's certificate");
}

TEST_F(KevyMirrorTlsTest, UnknownAuthorityStops) {
  StartServer();
  const TestAuthority other;
  const std::string refused = absl::StrCat(
      "the certificate of 127.0.0.1:", server_.port(), " is refused: ");
  ExpectStopped({absl::StrCat("--target_ca_file=", other.file())}, refused);
  ExpectStopped({}, refused);  // The system's authorities.
}

TEST_F(KevyMirrorTlsTest, UnusableFileStops) {
  StartServer();
  ExpectStopped({"--target_ca_file=/nowhere"},
                "the authorities in /nowhere: No such file or directory");
}

TEST(KevyMirrorTlsFlagsTest, FilesNeedTls) {
  const ChildResult result = RunChild(
      kKevyMirror, {"--primary=127.0.0.1:1", "--target=redis://127.0.0.1:1",
                    "--target_ca_file=/nowhere"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("need --target=rediss://"));
}

}  // namespace
}  // namespace kevy_replica
