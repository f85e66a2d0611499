// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each call of OpenSSL, and each allocation inside of it, in turn: see
// openssl_failures.h. A link ends with an error that tells lack of memory, or
// goes on. No plain byte is on the wire, no block of OpenSSL leaks, and the
// other end sees the end of the link.

#include <openssl/bio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/secure/testing/openssl_failures.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/secure/tls_security.h"
#include "kevy_replica/transport/testing/call_failures.h"
#include "kevy_replica/transport/testing/failing_calls.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;
using secure_testing::PrimaryKey;
using secure_testing::ReplicaKey;
using secure_testing::ResponderOptions;
using transport_testing::CallFailure;
using transport_testing::CountAllocations;
using transport_testing::FailEachCall;
using transport_testing::FailEachCallOptions;
using transport_testing::FailedCalls;
using transport_testing::FailingCalls;
using transport_testing::FileContents;
using transport_testing::OpenSslBlocks;
using transport_testing::ReadOnce;
using transport_testing::TempDir;
using transport_testing::TestAuthority;
using transport_testing::TlsServer;

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::string_view kRequest = "a request in plain text";

// Bytes of a primary: more than a record of TLS.
const std::string& Story() {
  static const auto* const story = [] {
    auto* const made = new std::string();
    while (made->size() < 40000) *made += "a story in plain text, ";
    return made;
  }();
  return *story;
}

// Notes the bytes that are written.
class NotingTransport : public ForwardingTransport {
 public:
  NotingTransport(std::unique_ptr<Transport> inner, std::string* written)
      : ForwardingTransport(std::move(inner)), written_(written) {}

  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    absl::StrAppend(written_, bytes);
    return inner().Write(bytes, timeout);
  }

 private:
  std::string* const written_;
};

// One end of a link. The transport is gone after an error or the end, as a
// client's is.
class End {
 public:
  // `calls` may be null: this end does not fail.
  End(std::unique_ptr<Transport> inner, const TransportWrapper& wrap,
      FailingCalls* calls)
      : calls_(calls) {
    Count([&] {
      Take(wrap(std::make_unique<NotingTransport>(std::move(inner), &wire_)));
    });
  }

  bool open() const { return transport_ != nullptr; }

  void Write(absl::string_view bytes) {
    if (!open()) return;
    Count([&] { Keep(transport_->Write(bytes, absl::ZeroDuration())); });
  }
  void CloseWrite() {
    if (open()) Count([&] { transport_->CloseWrite(); });
  }
  // Reads the bytes that are there.
  void Read() {
    while (open()) {
      absl::StatusOr<std::string> bytes;
      Count(
          [&] { bytes = ReadOnce(*transport_, 65536, absl::ZeroDuration()); });
      if (absl::IsDeadlineExceeded(bytes.status())) return;
      if (!bytes.ok()) return Keep(bytes.status());
      if (bytes->empty()) {
        ended_ = true;
        return Close();
      }
      read_ += *bytes;
    }
  }
  void Close() {
    if (open()) Count([&] { transport_.reset(); });
  }

  const absl::Status& status() const { return status_; }
  const std::string& read() const { return read_; }
  const std::string& wire() const { return wire_; }
  bool ended() const { return ended_; }

 private:
  void Count(const std::function<void()>& call) {
    if (calls_ != nullptr) calls_->Begin();
    call();
    if (calls_ != nullptr) calls_->End();
  }
  void Take(absl::StatusOr<std::unique_ptr<Transport>> transport) {
    if (!transport.ok()) return Keep(transport.status());
    transport_ = *std::move(transport);
  }
  void Keep(const absl::Status& status) {
    if (status.ok()) return;
    status_ = status;
    if (open()) {
      // An error stays.
      EXPECT_FALSE(ReadOnce(*transport_, 1, absl::ZeroDuration()).ok() &&
                   transport_->Write("x", absl::ZeroDuration()).ok());
    }
    transport_ = nullptr;
  }

  FailingCalls* const calls_;
  std::unique_ptr<Transport> transport_;
  std::string wire_;
  std::string read_;
  absl::Status status_;
  bool ended_ = false;
};

// The replica sends kRequest, the primary answers Story() and closes.
void Talk(End* replica, End* primary) {
  bool answered = false;
  replica->Write(kRequest);
  // Ten turns are more than any link takes.
  for (int turn = 0; turn < 20 && (replica->open() || primary->open());
       ++turn) {
    primary->Read();
    if (primary->read() == kRequest && !answered) {
      primary->Write(Story());
      primary->CloseWrite();
      answered = true;
    }
    replica->Read();
  }
}

enum class Failing { kReplica, kPrimary };

// An error that lets a follower try again: kInvalidArgument would end it.
void CheckError(const absl::Status& status) {
  // OpenSSL does not tell each lack of memory while it handles certificates. It
  // refuses the other side's then, or goes on without its own.
  if (absl::StrContains(status.message(), "is refused") ||
      absl::StrContains(status.message(), "refuses this side's certificate")) {
    return;
  }
  EXPECT_THAT(status.code(),
              AnyOf(absl::StatusCode::kInternal, absl::StatusCode::kUnavailable,
                    absl::StatusCode::kResourceExhausted))
      << status;
}

// Lets two ends talk, of which one fails. Returns its error. `calls` may be
// null.
absl::Status TalkOnce(Failing failing, const TransportWrapper& replica_wrap,
                      const TransportWrapper& primary_wrap,
                      FailingCalls* calls) {
  auto ends = InMemoryTransport::CreatePair();
  End primary(std::move(ends.second), primary_wrap,
              failing == Failing::kPrimary ? calls : nullptr);
  End replica(std::move(ends.first), replica_wrap,
              failing == Failing::kReplica ? calls : nullptr);
  Talk(&replica, &primary);
  End& failed = failing == Failing::kPrimary ? primary : replica;
  End& other = failing == Failing::kPrimary ? replica : primary;
  EXPECT_FALSE(failed.open()) << "it hangs";
  failed.Close();
  other.Read();
  EXPECT_FALSE(other.open()) << "the other end does not see the end";
  if (calls == nullptr || !calls->failed()) {
    EXPECT_TRUE(failed.status().ok()) << failed.status();
    EXPECT_TRUE(replica.read() == Story());
    EXPECT_TRUE(primary.read() == kRequest);
  } else if (!failed.status().ok()) {
    CheckError(failed.status());
  }
  EXPECT_TRUE(absl::StartsWith(Story(), replica.read()));
  EXPECT_TRUE(absl::StartsWith(kRequest, primary.read()));
  for (const End* end : {&replica, &primary}) {
    EXPECT_FALSE(absl::StrContains(end->wire(), "plain text"));
  }
  return failed.status();
}

void Report(absl::string_view scenario, const FailedCalls& tried) {
  std::cout << scenario << ": " << tried.ToString() << std::endl;
}

FailedCalls FailLinks(Failing failing, const TransportWrapper& replica_wrap,
                      const TransportWrapper& primary_wrap, size_t stride = 1) {
  // Twice, since the first time fills caches of OpenSSL.
  for (int i = 0; i < 2; ++i) {
    TalkOnce(failing, replica_wrap, primary_wrap, nullptr).IgnoreError();
  }
  const size_t blocks = OpenSslBlocks();
  FailEachCallOptions options;
  options.stride = stride;
  return FailEachCall(
      [&](FailingCalls* calls) {
        TalkOnce(failing, replica_wrap, primary_wrap, calls).IgnoreError();
        EXPECT_EQ(OpenSslBlocks(), blocks) << "OpenSSL's memory leaks";
      },
      options);
}

// A handshake of TLS takes some ten thousand allocations.
constexpr size_t kTlsStride = 37;

// The only one of the system's authorities, too. Its end removes the files.
const TestAuthority& Authority() {
  static const TestAuthority authority;
  static const bool is_systems =
      ::setenv("SSL_CERT_FILE", authority.file().c_str(), 1) == 0 &&
      ::setenv("SSL_CERT_DIR", "/nonexistent", 1) == 0;
  EXPECT_TRUE(is_systems);
  return authority;
}

TransportWrapper TlsPrimary(const std::string& certificate,
                            const std::string& client_ca_file) {
  TlsServer::Options options;
  options.certificate_file = certificate;
  options.client_ca_file = client_ca_file;
  const auto server = std::make_shared<const TlsServer>(options);
  return [server](std::unique_ptr<Transport> inner)
             -> absl::StatusOr<std::unique_ptr<Transport>> {
    return server->Wrap(std::move(inner));
  };
}

// The first TLS link of a process.
struct FirstLink {
  TransportWrapper replica;
  TransportWrapper primary;
  bool allocations;
};

// Runs `run` in a child process. Returns its exit status.
int InChild(const std::function<int()>& run) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

absl::Status Start(const FirstLink& link) {
  return link.replica(InMemoryTransport::CreatePair().first).status();
}

// Starts the first link, in which a call fails, and then a second one. Returns
// 0: all was right; 1: it was not; 2: no call failed.
int FailFirstStart(const FirstLink& link, const CallFailure& failure) {
  FailingCalls calls(failure);
  calls.Begin();
  const absl::Status first = Start(link);
  calls.End();
  if (!calls.failed()) return 2;
  if (link.allocations) {
    // OpenSSL does without some of them, and does not tell it.
    EXPECT_TRUE(first.ok() || absl::IsResourceExhausted(first)) << first;
    EXPECT_TRUE(Start(link).ok());
  } else {
    EXPECT_TRUE(absl::IsResourceExhausted(first)) << first;
    TalkOnce(Failing::kReplica, link.replica, link.primary, nullptr)
        .IgnoreError();
  }
  return ::testing::Test::HasFailure() ? 1 : 0;
}

// Returns the number of calls.
size_t FailFirstStarts(const FirstLink& link, size_t stride) {
  CountAllocations(link.allocations);
  CallFailure failure = {1, 0, false};
  int status = 0;
  while ((status = InChild([&] { return FailFirstStart(link, failure); })) ==
         0) {
    if (failure.lasting) failure.call += stride;
    failure.lasting = !failure.lasting;
  }
  CountAllocations(true);
  EXPECT_EQ(status, 2) << "call " << failure.call;
  return failure.call;
}

// Must be the first tests: a process makes the system's authorities once.
TEST(FailingOpenSslTest, FirstTlsLinkFailsForItselfAlone) {
  // OpenSSL initializes its own parts once: such a failure would be final.
  TlsOptions options;
  options.server_name = "localhost";
  FirstLink link = {Must(TlsSecurity(options)({})),
                    TlsPrimary(Authority().Issue({}), ""), false};
  BIO_get_new_index();
  EXPECT_GT(FailFirstStarts(link, 1), 5u);
  link.allocations = true;
  const size_t calls = FailFirstStarts(link, 11);
  EXPECT_GT(calls, 500u);
  std::cout << "first TLS link: " << calls << " calls" << std::endl;
}

TEST(FailingOpenSslTest, BrokenAuthoritiesAreReadAgain) {
  TlsOptions options;
  options.server_name = "localhost";
  const FirstLink link = {Must(TlsSecurity(options)({})),
                          TlsPrimary(Authority().Issue({}), ""), false};
  const TempDir folder;
  const std::string file = folder.File("a.pem");
  EXPECT_EQ(InChild([&] {
              ::setenv("SSL_CERT_FILE", file.c_str(), 1);
              std::ofstream(file) << "-----BEGIN CERTIFICATE-----\n";
              EXPECT_TRUE(Start(link).ok());
              std::ofstream(file) << FileContents(Authority().file());
              TalkOnce(Failing::kReplica, link.replica, link.primary, nullptr)
                  .IgnoreError();
              return ::testing::Test::HasFailure() ? 1 : 0;
            }),
            0);
}

TransportWrapper NoiseReplica() {
  return Must(
      NoiseSecurity(ReplicaKey())({PrimaryKey()->public_key().ToHex()}));
}

TEST(FailingOpenSslTest, NoiseReplicaEndsCleanly) {
  const FailedCalls tried = FailLinks(Failing::kReplica, NoiseReplica(),
                                      NoiseAcceptor(ResponderOptions()));
  EXPECT_GT(tried.calls, 200u);
  Report("Noise, replica", tried);
}

TEST(FailingOpenSslTest, NoisePrimaryEndsCleanly) {
  const FailedCalls tried = FailLinks(Failing::kPrimary, NoiseReplica(),
                                      NoiseAcceptor(ResponderOptions()));
  EXPECT_GT(tried.calls, 200u);
  Report("Noise, primary", tried);
}

TEST(FailingOpenSslTest, TlsClientEndsCleanly) {
  const std::string certificate = Authority().Issue({});
  TlsOptions options;
  options.server_name = "localhost";
  options.ca_file = Authority().file();
  options.certificate_file = certificate;
  const FailedCalls tried =
      FailLinks(Failing::kReplica, Must(TlsSecurity(options)({})),
                TlsPrimary(certificate, Authority().file()), kTlsStride);
  EXPECT_GT(tried.calls, 1000u);
  Report("TLS, client with a certificate", tried);
}

// Without allocations each call of TLS fails, and tells the lack.
TEST(FailingOpenSslTest, TlsTellsLackOfMemory) {
  TlsOptions options;
  options.server_name = "localhost";
  const TransportWrapper replica = Must(TlsSecurity(options)({}));
  const TransportWrapper primary = TlsPrimary(Authority().Issue({}), "");
  CountAllocations(false);
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    const absl::Status status =
        TalkOnce(Failing::kReplica, replica, primary, calls);
    if (calls->report().name != std::string("SSL_shutdown")) {
      EXPECT_EQ(absl::IsResourceExhausted(status), calls->failed()) << status;
    }
  });
  CountAllocations(true);
  EXPECT_GT(tried.calls, 8u);
  Report("TLS, calls", tried);
}

TEST(FailingOpenSslTest, TlsClientOfAnAddressEndsCleanly) {
  TlsOptions options;
  options.server_name = "127.0.0.1";
  const FailedCalls tried =
      FailLinks(Failing::kReplica, Must(TlsSecurity(options)({})),
                TlsPrimary(Authority().Issue({}), ""), kTlsStride);
  EXPECT_GT(tried.calls, 1000u);
  Report("TLS, client of an address", tried);
}

TEST(FailingOpenSslTest, KeyFileIsWholeOrMissing) {
  const TempDir folder;
  const std::string path = folder.File("key");
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    calls->Begin();
    absl::StatusOr<PrivateKey> key = PrivateKey::Generate();
    absl::Status status = key.status();
    if (key.ok()) status = key->WriteFile(path);
    calls->End();
    EXPECT_EQ(::access(path.c_str(), F_OK) == 0, status.ok()) << status;
    if (status.ok()) {
      const std::string secret = FileContents(path).substr(0, 64);
      calls->Begin();
      const absl::StatusOr<PrivateKey> read = PrivateKey::FromFile(path);
      calls->End();
      status = read.status();
      if (read.ok()) {
        EXPECT_EQ(read->public_key(), key->public_key());
      }
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(secret)));
    }
    ::unlink(path.c_str());
    EXPECT_TRUE(status.ok() || calls->failed()) << status;
    EXPECT_THAT(status.code(), Not(absl::StatusCode::kInvalidArgument));
  });
  EXPECT_GT(tried.calls, 20u);
  Report("key file", tried);
}

TEST(FailingOpenSslTest, PrivateKeyInAddressIsNeverAccepted) {
  const std::string key(64, '1');  // ReplicaKey()'s.
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    const TransportSecurity security = NoiseSecurity(ReplicaKey());
    calls->Begin();
    const absl::Status status = security({key}).status();
    calls->End();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(key)));
  });
  EXPECT_GT(tried.calls, 4u);
  Report("address", tried);
}

}  // namespace
}  // namespace kevy_replica
