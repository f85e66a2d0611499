// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs the programs with TLS: to the mirror's target, a real server, and to a
// primary behind a proxy.

#include <signal.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/redis_server.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_testing::TestAuthority;
using transport_testing::TlsServer;

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

// A primary behind TLS.

class KevyTlsProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    primary_.SetDefault(
        PrimaryScript().Generation(7).Frame(0, {"SET", "a", "1"}));
    primary_.SetWrapper([this](std::unique_ptr<Transport> inner)
                            -> absl::StatusOr<std::unique_ptr<Transport>> {
      return server_.Wrap(std::move(inner));
    });
    ASSERT_TRUE(primary_.Listen("127.0.0.1:0").ok());
  }

  ChildResult Tail(const std::vector<std::string>& more) {
    std::vector<std::string> flags = {
        absl::StrCat("--primary=", primary_.address()), "--tls"};
    flags.insert(flags.end(), more.begin(), more.end());
    return RunChild(kKevyTail, flags);
  }

  std::string CaFlag() const {
    return absl::StrCat("--tls_ca_file=", authority_.file());
  }

  const TestAuthority authority_;
  const TlsServer server_{{authority_.Issue({})}};
  ScriptedPrimary primary_;
};

TEST_F(KevyTlsProxyTest, TailPrintsOnce) {
  const ChildResult result = Tail({CaFlag(), "--once"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"SET\" \"a\" \"1\""));
}

TEST_F(KevyTlsProxyTest, TailFollows) {
  const ChildResult result = Tail({CaFlag(), "--max_frames=1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"SET\" \"a\" \"1\""));
}

TEST_F(KevyTlsProxyTest, MirrorPrints) {
  ChildProcess child(kKevyMirror,
                     {absl::StrCat("--primary=", primary_.address()), "--tls",
                      CaFlag(), "--heartbeat_timeout=inf"});
  std::string line;
  do {
    line = child.ReadLine();
  } while (!line.empty() && !absl::StrContains(line, "SET"));
  EXPECT_THAT(line, HasSubstr("a"));
  child.Signal(SIGINT);
  child.ReadOutput();
  EXPECT_EQ(child.Wait(), 0) << child.ReadErrors();
}

TEST_F(KevyTlsProxyTest, OtherNameIsRefused) {
  const ChildResult result = Tail({CaFlag(), "--once", "--tls_name=other"});
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("hostname mismatch (it is not for other)"));
}

TEST_F(KevyTlsProxyTest, PlainTailIsNotAnswered) {
  const ChildResult result = RunChild(
      kKevyTail, {absl::StrCat("--primary=", primary_.address()), "--once"});
  EXPECT_EQ(result.status, 1) << result.err;
}

// Flags.

TEST(KevyTlsFlagsTest, FilesNeedTls) {
  const ChildResult result = RunChild(
      kKevyMirror, {"--primary=127.0.0.1:1", "--target=redis://127.0.0.1:1",
                    "--target_ca_file=/nowhere"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("need --target=rediss://"));
}

TEST(KevyTlsFlagsTest, TlsNeedsPlainAddress) {
  const std::string key(64, 'a');
  const struct {
    std::vector<std::string> flags;
    const char* message;
  } kCases[] = {
      {{"--tls"}, "--tls needs the plain HOST:PORT"},
      {{"--tls", "--primary=kevy://h:1"}, "--tls needs the plain HOST:PORT"},
      {{"--tls", "--primary=kevys://h:1?key=" + key},
       "--tls needs the plain HOST:PORT"},
      {{"--tls", "--primary=unix:/a"}, "--tls over unix:PATH needs --tls_name"},
      {{"--primary=h:1", "--tls_name=a"}, "need --tls"},
  };
  for (const char* tool : {kKevyTail, kKevyMirror}) {
    for (const auto& each : kCases) {
      const ChildResult result = RunChild(tool, each.flags);
      EXPECT_EQ(result.status, 2) << each.message;
      EXPECT_THAT(result.err, HasSubstr(each.message));
    }
  }
}

}  // namespace
}  // namespace kevy_replica
