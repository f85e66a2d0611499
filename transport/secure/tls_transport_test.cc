// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/tls_transport.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/faulty_transport.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/handshake_failure.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/testing/ports.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::TestAuthority;
using transport_testing::TlsServer;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

const TestAuthority& Authority() {
  static const TestAuthority authority;  // Its end removes the files.
  return authority;
}

const std::string& GoodCertificate() {
  static const std::string file = Authority().Issue({});
  return file;
}

TlsOptions Options() {
  TlsOptions options;
  options.server_name = "localhost";
  options.ca_file = Authority().file();
  options.handshake_timeout = absl::Seconds(60);
  return options;
}

// Starts a client and waits for its handshake.
absl::StatusOr<std::unique_ptr<TlsTransport>> Connect(
    std::unique_ptr<Transport> inner, const TlsOptions& options) {
  auto client = TlsTransport::Start(std::move(inner), options);
  if (!client.ok()) return client;
  absl::Status status = (*client)->Handshake();
  if (!status.ok()) return status;
  return client;
}

// A client and a server, joined in memory.
struct Link {
  absl::StatusOr<std::unique_ptr<TlsTransport>> client;
  absl::StatusOr<std::unique_ptr<TlsTransport>> server;
};

// Decorates the client's inner end.
using Decorate =
    std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport>)>;

// Does both parts of the handshake.
Link Join(const TlsOptions& options, const TlsServer::Options& server_options,
          const Decorate& decorate = nullptr) {
  auto ends = InMemoryTransport::CreatePair();
  const TlsServer server(server_options);
  Link link;
  std::thread accept(
      [&] { link.server = server.Accept(std::move(ends.second)); });
  std::unique_ptr<Transport> inner = std::move(ends.first);
  if (decorate) inner = decorate(std::move(inner));
  link.client = Connect(std::move(inner), options);
  accept.join();
  return link;
}

Link Join(const TlsOptions& options) {
  return Join(options, {GoodCertificate()});
}

// The stream to one end, as somebody between the two ends changes it.
struct Stream {
  enum class Fault : uint8_t { kNone, kFlip, kEnd };

  uint64_t read = 0;             // Bytes so far.
  std::set<const char*> memory;  // That reads have gone to.
  std::string written;           // By this end.
  Fault fault = Fault::kNone;
  uint64_t at = 0;  // The byte that is flipped, or that is the first missing.
};

class ChangedTransport : public ForwardingTransport {
 public:
  ChangedTransport(std::unique_ptr<Transport> inner, Stream* stream)
      : ForwardingTransport(std::move(inner)), stream_(stream) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    const bool ends = stream_->fault == Stream::Fault::kEnd;
    if (ends && stream_->read >= stream_->at) return size_t{0};
    if (ends) buffer = buffer.subspan(0, stream_->at - stream_->read);
    stream_->memory.insert(buffer.data());
    absl::StatusOr<size_t> size = inner().Read(buffer, timeout);
    if (!size.ok()) return size;
    const uint64_t begin = stream_->read;
    stream_->read += *size;
    if (stream_->fault == Stream::Fault::kFlip && stream_->at >= begin &&
        stream_->at < stream_->read) {
      buffer[stream_->at - begin] ^= 1;
    }
    return size;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    absl::StrAppend(&stream_->written, bytes);
    return inner().Write(bytes, timeout);
  }

 private:
  Stream* const stream_;
};

Link JoinThrough(Stream* stream, const TlsOptions& options = Options()) {
  return Join(options, {GoodCertificate()}, [stream](auto inner) {
    return std::make_unique<ChangedTransport>(std::move(inner), stream);
  });
}

// The bytes of the server that a client reads in a handshake. A signature has
// one of several lengths, so it varies by a few bytes.
uint64_t HandshakeBytes() {
  static const uint64_t bytes = [] {
    Stream stream;
    const Link link = JoinThrough(&stream);
    EXPECT_TRUE(link.client.ok()) << link.client.status();
    return stream.read;
  }();
  return bytes;
}

absl::Status Refused(const TlsOptions& options,
                     const TlsServer::Options& server) {
  const Link link = Join(options, server);
  EXPECT_FALSE(link.server.ok() && link.client.ok());
  return link.client.status();
}

absl::Status Refused(const TestAuthority::Request& certificate) {
  return Refused(Options(), {Authority().Issue(certificate)});
}

// The server's certificate.

TEST(TlsTransportTest, GoodCertificateIsAccepted) {
  for (const char* name : {"localhost", "127.0.0.1"}) {
    TlsOptions options = Options();
    options.server_name = name;
    const Link link = Join(options);
    ASSERT_TRUE(link.client.ok()) << link.client.status();
    ASSERT_TRUE(link.server.ok()) << link.server.status();
    ASSERT_TRUE((*link.client)->Write("hello", kForEver).ok());
    EXPECT_EQ(ReadBytes(**link.server, 5), "hello");
  }
}

TEST(TlsTransportTest, NameIsSentToServerUnlessItIsAddress) {
  for (const char* name : {"localhost", "127.0.0.1"}) {
    TlsOptions options = Options();
    options.server_name = name;
    Stream stream;
    const Link link = JoinThrough(&stream, options);
    ASSERT_TRUE(link.client.ok()) << link.client.status();
    EXPECT_EQ(absl::StrContains(stream.written, "localhost"),
              options.server_name == "localhost");
  }
}

TEST(TlsTransportTest, BadCertificateIsRefused) {
  struct Case {
    TestAuthority::Request certificate;
    const char* reason;
  };
  std::vector<Case> cases(6);
  cases[0].certificate.end = -absl::Minutes(1);
  cases[0].reason = "certificate has expired";
  cases[1].certificate.begin = absl::Minutes(30);
  cases[1].reason = "certificate is not yet valid";
  cases[2].certificate.names = "DNS:other";
  cases[2].reason = "hostname mismatch (it is not for localhost)";
  cases[3].certificate.self_signed = true;
  cases[3].reason = "self-signed certificate";
  cases[4].certificate.names = "DNS:*host";
  cases[4].reason = "hostname mismatch";
  cases[5].certificate.names = "IP:127.0.0.1";
  cases[5].reason = "hostname mismatch";
  for (const Case& each : cases) {
    const absl::Status status = Refused(each.certificate);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("the certificate of memory is refused: ",
                                       each.reason)));
  }
}

TEST(TlsTransportTest, OtherAddressIsRefused) {
  TlsOptions options = Options();
  options.server_name = "127.0.0.2";
  const absl::Status status = Refused(options, {GoodCertificate()});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("IP address mismatch"));
}

TEST(TlsTransportTest, UnknownAuthorityIsRefused) {
  const TestAuthority other;
  TlsOptions options = Options();
  for (const std::string& ca_file : {other.file(), std::string()}) {
    options.ca_file = ca_file;  // Empty: the system's do not know it.
    const absl::Status status = Refused(options, {GoodCertificate()});
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("unable to get local issuer certificate"));
  }
}

TEST(TlsTransportTest, ServerLearnsOfRefusal) {
  const TestAuthority other;
  TlsOptions options = Options();
  options.ca_file = other.file();
  const Link link = Join(options);
  EXPECT_TRUE(absl::IsFailedPrecondition(link.server.status()))
      << link.server.status();
  EXPECT_THAT(std::string(link.server.status().message()),
              HasSubstr("alert unknown ca"));
}

TEST(TlsTransportTest, WithoutVerifyAnyCertificateIsAccepted) {
  TlsOptions options;
  options.verify = false;
  TestAuthority::Request request;
  request.self_signed = true;
  request.end = -absl::Minutes(1);
  const Link link = Join(options, {Authority().Issue(request)});
  EXPECT_TRUE(link.client.ok()) << link.client.status();
}

// The client's certificate.

TEST(TlsTransportTest, ClientCertificateIsShown) {
  TlsOptions options = Options();
  options.certificate_file = Authority().Issue({});
  const Link link = Join(options, {GoodCertificate(), Authority().file()});
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  EXPECT_TRUE(link.server.ok()) << link.server.status();
}

// The client learns of it behind the handshake.
TEST(TlsTransportTest, MissingClientCertificateIsRefused) {
  const Link link = Join(Options(), {GoodCertificate(), Authority().file()});
  EXPECT_FALSE(link.server.ok());
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  const absl::Status status = ReadOnce(**link.client).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("refuses this side's certificate"));
}

// TLS 1.2 has no alert for it.
TEST(TlsTransportTest, MissingClientCertificateIsHintedAtInTls12) {
  const absl::Status status = Refused(
      Options(), {GoodCertificate(), Authority().file(), TLS1_2_VERSION});
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("it may want a client's certificate"));
}

TEST(TlsTransportTest, UnknownClientCertificateIsRefused) {
  const TestAuthority other;
  TlsOptions options = Options();
  options.certificate_file = other.Issue({});
  const Link link = Join(options, {GoodCertificate(), Authority().file()});
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  const absl::Status status = ReadOnce(**link.client).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("unknown ca"));
}

// Files.

TEST(TlsTransportTest, BadFileIsInvalid) {
  TestAuthority::Request encrypted;
  encrypted.passphrase = "secret";
  const std::string certificate = Authority().Issue({});
  const std::string text = Authority().Write("no certificate");
  std::vector<TlsOptions> all(8, Options());
  all[0].ca_file = "/nowhere";
  all[1].ca_file = text;
  all[2].certificate_file = "/nowhere";
  all[3].certificate_file = text;
  all[4].certificate_file = certificate;
  all[4].key_file = "/nowhere";
  all[5].certificate_file = certificate;
  all[5].key_file = Authority().Issue({});  // Of another certificate.
  all[6].certificate_file = Authority().Issue(encrypted);
  all[7].key_file = certificate;
  for (size_t i = 0; i < all.size(); ++i) {
    const absl::Status status =
        TlsTransport::Start(std::move(InMemoryTransport::CreatePair().first),
                            all[i])
            .status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << i << ": " << status;
  }
}

// Another user of OpenSSL on this thread must not find them.
TEST(TlsTransportTest, LeavesNoErrorsInOpenSslsQueue) {
  ASSERT_TRUE(Join(Options()).client.ok());
  EXPECT_EQ(ERR_peek_error(), 0U);
  TlsOptions options = Options();
  options.server_name = "other";
  EXPECT_FALSE(Join(options).client.ok());
  EXPECT_EQ(ERR_peek_error(), 0U);
  options.ca_file = "/nowhere";
  EXPECT_FALSE(
      Connect(std::move(InMemoryTransport::CreatePair().first), options).ok());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

// A follower makes a context for each link.
TEST(TlsTransportTest, FreesItsContexts) {
  static int contexts = 0;
  CRYPTO_EX_new* const count_new = [](auto...) { ++contexts; };
  CRYPTO_EX_free* const count_free = [](auto...) { --contexts; };
  ASSERT_GE(
      SSL_CTX_get_ex_new_index(0, nullptr, count_new, nullptr, count_free), 0);
  {
    const auto client = TlsTransport::Start(
        std::move(InMemoryTransport::CreatePair().first), Options());
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_EQ(contexts, 1);
  }
  EXPECT_EQ(contexts, 0);
  TlsOptions options = Options();
  options.ca_file = "/nowhere";
  EXPECT_FALSE(TlsTransport::Start(
                   std::move(InMemoryTransport::CreatePair().first), options)
                   .ok());
  EXPECT_EQ(contexts, 0);
}

TEST(TlsTransportTest, NameIsNeeded) {
  // OpenSSL takes a dot in front for any host of the domain.
  for (const std::string& name :
       {std::string(), std::string("a\0b", 3), std::string("."),
        std::string(".."), std::string(".localhost")}) {
    TlsOptions options = Options();
    options.server_name = name;
    const absl::Status status =
        TlsTransport::Start(std::move(InMemoryTransport::CreatePair().first),
                            options)
            .status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
}

TEST(TlsTransportTest, DotAtNamesEndIsIgnored) {
  TlsOptions options = Options();
  options.server_name = "localhost.";
  const Link link = Join(options);
  EXPECT_TRUE(link.client.ok()) << link.client.status();
}

// A client may try again.
TEST(TlsTransportTest, MissingDescriptorIsNoBadFile) {
  ASSERT_TRUE(TlsTransport::Start(
                  std::move(InMemoryTransport::CreatePair().first), Options())
                  .ok());
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none = {0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const absl::Status status =
      TlsTransport::Start(std::move(InMemoryTransport::CreatePair().first),
                          Options())
          .status();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

TEST(TlsOptionsTest, ComparesAllFields) {
  EXPECT_EQ(TlsOptions(), TlsOptions());
  std::vector<TlsOptions> others(6);
  others[0].server_name = "a";
  others[1].ca_file = "a";
  others[2].certificate_file = "a";
  others[3].key_file = "a";
  others[4].verify = false;
  others[5].handshake_timeout = absl::Seconds(1);
  for (const TlsOptions& other : others) EXPECT_NE(other, TlsOptions());
}

// Bad peers.

TEST(TlsTransportTest, OldVersionIsRefused) {
  const absl::Status status =
      Refused(Options(), {GoodCertificate(), "", TLS1_1_VERSION});
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("version"));
}

// In a process of its own: the configuration is the process's.
TEST(TlsTransportTest, SystemMayDemandNewerVersion) {
  const std::string file = Authority().Write(
      "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\n"
      "system_default = strict\n[strict]\nMinProtocol = TLSv1.3\n");
  GoodCertificate();
  ASSERT_EXIT(
      {
        ASSERT_EQ(CONF_modules_load_file(file.c_str(), nullptr, 0), 1);
        const Link link =
            Join(Options(), {GoodCertificate(), "", TLS1_2_VERSION});
        std::_Exit(absl::IsUnavailable(link.client.status()) ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(TlsTransportTest, PlainPeerIsNamed) {
  auto ends = InMemoryTransport::CreatePair();
  ASSERT_TRUE(ends.second->Write("-ERR unknown command\r\n", kForEver).ok());
  const absl::Status status =
      Connect(std::move(ends.first), Options()).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("may not speak TLS"));
  EXPECT_TRUE(IsHandshakeFailure(status));
}

TEST(TlsTransportTest, StalledHandshakeTimesOut) {
  Faults faults;
  for (const uint64_t at : {uint64_t{0}, HandshakeBytes() / 2}) {
    faults.stall_at = at;
    TlsOptions options = Options();
    options.handshake_timeout = absl::Milliseconds(200);
    const Link link = Join(options, {GoodCertificate()}, [&](auto inner) {
      return std::make_unique<FaultyTransport>(std::move(inner), faults);
    });
    EXPECT_TRUE(absl::IsUnavailable(link.client.status()))
        << link.client.status();
    EXPECT_EQ(link.client.status().message(), "TLS handshake: timed out");
  }
}

// TLS lets a server send these at any time of a handshake.
class HelloRequests : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration) override {
    constexpr absl::string_view kRecord("\x16\x03\x03\0\4\0\0\0\0", 9);
    size_t size = 0;
    for (; size + kRecord.size() <= buffer.size(); size += kRecord.size()) {
      kRecord.copy(&buffer[size], kRecord.size());
    }
    return size;
  }
};

TEST(TlsTransportTest, EndlessMessagesKeepNeitherReadNorHandshake) {
  auto ends = InMemoryTransport::CreatePair();
  const auto reader = TlsTransport::Start(
      std::make_unique<HelloRequests>(std::move(ends.first)), Options());
  ASSERT_TRUE(reader.ok()) << reader.status();
  const absl::Status late =
      ReadOnce(**reader, 1, absl::ZeroDuration()).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;

  TlsOptions options = Options();
  options.handshake_timeout = absl::ZeroDuration();
  const absl::Status status =
      Connect(std::make_unique<HelloRequests>(std::move(ends.second)), options)
          .status();
  EXPECT_EQ(status.message(), "TLS handshake: timed out");
  EXPECT_TRUE(IsHandshakeFailure(status));
}

TEST(TlsTransportTest, InterruptEndsHandshake) {
  auto ends = InMemoryTransport::CreatePair();
  InMemoryTransport* const inner = ends.first.get();
  // It outlives the thread that interrupts it.
  const auto client = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(client.ok()) << client.status();
  const WhenBlocked interrupt([inner](auto&) { inner->Interrupt(); });
  const absl::Status status = (*client)->Handshake();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST(TlsTransportTest, EndAtEachByteOfHandshakeIsUnavailable) {
  for (uint64_t at = 0; at < HandshakeBytes(); ++at) {
    Stream stream;
    stream.fault = Stream::Fault::kEnd;
    stream.at = at;
    const Link link = JoinThrough(&stream);
    const absl::Status status = link.client.ok()
                                    ? ReadOnce(**link.client).status()
                                    : link.client.status();
    ASSERT_TRUE(absl::IsUnavailable(status)) << at << ": " << status;
    ASSERT_THAT(std::string(status.message()), HasSubstr("close_notify"));
  }
}

TEST(TlsTransportTest, FlippedByteOfHandshakeEndsIt) {
  // Byte 2 is a version that TLS ignores.
  for (uint64_t at = 3; at + 8 < HandshakeBytes(); at += 3) {
    Stream stream;
    stream.fault = Stream::Fault::kFlip;
    stream.at = at;
    TlsOptions options = Options();
    // A length that has become greater waits for the rest.
    options.handshake_timeout = absl::Milliseconds(200);
    const Link link = JoinThrough(&stream, options);
    EXPECT_FALSE(link.client.ok()) << at;
  }
}

// Records.

// Reads all that the server sends behind a handshake.
absl::StatusOr<std::string> ReadAll(TlsTransport& client) {
  std::string got;
  while (true) {
    const absl::StatusOr<std::string> read = ReadOnce(client);
    if (!read.ok()) {
      EXPECT_EQ(ReadOnce(client).status(), read.status()) << "it must last";
      return read.status();
    }
    if (read->empty()) return got;
    got += *read;
    EXPECT_TRUE(absl::StartsWith("helloworld", got)) << got;
  }
}

// The server sends "hello" and "world" and closes. `fault` is `at` bytes behind
// the handshake.
absl::StatusOr<std::string> ReadThrough(Stream::Fault fault, uint64_t at) {
  Stream stream;
  const Link link = JoinThrough(&stream);
  if (!link.client.ok()) return link.client.status();
  if (!link.server.ok()) return link.server.status();
  // Takes the session tickets.
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
  stream.fault = fault;
  stream.at = stream.read + at;
  EXPECT_TRUE((*link.server)->Write("hello", kForEver).ok());
  EXPECT_TRUE((*link.server)->Write("world", kForEver).ok());
  (*link.server)->Close();
  return ReadAll(**link.client);
}

// TLS 1.3: two records of 27 bytes, and close_notify with 24.
constexpr uint64_t kRecordBytes = 27 + 27 + 24;

TEST(TlsTransportTest, EndAtEachByteOfRecordsIsUnavailable) {
  for (uint64_t at = 0; at < kRecordBytes; ++at) {
    const auto read = ReadThrough(Stream::Fault::kEnd, at);
    ASSERT_TRUE(absl::IsUnavailable(read.status())) << at << read.status();
    ASSERT_THAT(std::string(read.status().message()),
                HasSubstr("without TLS's close_notify"));
  }
  const auto read = ReadThrough(Stream::Fault::kEnd, kRecordBytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "helloworld");
}

TEST(TlsTransportTest, FlippedByteOfRecordIsUnavailable) {
  for (uint64_t at = 0; at < kRecordBytes; ++at) {
    const auto read = ReadThrough(Stream::Fault::kFlip, at);
    ASSERT_TRUE(absl::IsUnavailable(read.status())) << at << read.status();
  }
}

TEST(TlsTransportTest, ErrorOfRecordIsToldToPeer) {
  Stream stream;
  const Link link = JoinThrough(&stream);
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  ASSERT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
  stream.fault = Stream::Fault::kFlip;
  stream.at = stream.read + 10;
  ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
  EXPECT_TRUE(absl::IsUnavailable(ReadOnce(**link.client).status()));
  EXPECT_TRUE(absl::IsUnavailable((*link.client)->Write("x", kForEver)));
  const absl::Status status = ReadOnce(**link.server).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("bad record mac"));
}

TEST(TlsTransportTest, SmallRecordsAreGathered) {
  const Link link = Join(Options());
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  for (const char* part : {"a", "b", "c"}) {
    ASSERT_TRUE((*link.server)->Write(part, kForEver).ok());
  }
  const absl::StatusOr<std::string> read = ReadOnce(**link.client);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, "abc");
}

// OpenSSL's buffer and the transport's own: bytes in the latter are copied.
TEST(TlsTransportTest, LargeRecordsAloneAreReadDirectly) {
  for (const size_t record : {1000, 16384}) {
    Stream stream;
    const Link link = JoinThrough(&stream);
    ASSERT_TRUE(link.client.ok()) << link.client.status();
    ASSERT_TRUE(link.server.ok()) << link.server.status();
    EXPECT_EQ(stream.memory.size(), 1U);
    const std::string bytes(record, 'x');
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE((*link.server)->Write(bytes, kForEver).ok());
      EXPECT_EQ(ReadBytes(**link.client, record), bytes);
    }
    EXPECT_EQ(stream.memory.size(), record == 16384 ? 2U : 1U);
  }
}

// Tells an error once, and the end after it, as a socket does.
class ErrorOnceTransport : public ForwardingTransport {
 public:
  ErrorOnceTransport(std::unique_ptr<Transport> inner, const Stream* stream)
      : ForwardingTransport(std::move(inner)), stream_(stream) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (stream_->at == 0) return inner().Read(buffer, timeout);
    if (stream_->at > read_) {
      buffer = buffer.subspan(0, stream_->at - read_);
      absl::StatusOr<size_t> size = inner().Read(buffer, timeout);
      if (size.ok()) read_ += *size;
      return size;
    }
    if (std::exchange(told_, true)) return size_t{0};
    return absl::UnavailableError("connection reset");
  }

 private:
  const Stream* const stream_;
  uint64_t read_ = 0;  // Since `at` was set.
  bool told_ = false;
};

TEST(TlsTransportTest, ErrorBehindLargeRecordsFollowsTheirBytes) {
  // In the second record, and in the third one.
  for (const uint64_t at : {20000, 40000}) {
    Stream stream;
    const Link link = Join(Options(), {GoodCertificate()}, [&](auto inner) {
      return std::make_unique<ErrorOnceTransport>(std::move(inner), &stream);
    });
    ASSERT_TRUE(link.client.ok()) << link.client.status();
    ASSERT_TRUE(link.server.ok()) << link.server.status();
    // Takes the session tickets.
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
    stream.at = at;
    const std::string bytes(3 * 16384, 'x');
    ASSERT_TRUE((*link.server)->Write(bytes, kForEver).ok());
    const size_t complete = at / 16406 * 16384;  // 22 bytes seal a record.
    EXPECT_EQ(ReadBytes(**link.client, complete), bytes.substr(0, complete));
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = ReadOnce(**link.client).status();
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr("connection reset"));
    }
  }
}

// A part of a record may be on its way, so no other can follow.
TEST(TlsTransportTest, FailedWriteLastsAndLeavesReads) {
  Faults faults;
  faults.write_error_at = 2000;  // Behind the client's part of the handshake.
  const Link link = Join(Options(), {GoodCertificate()}, [&](auto inner) {
    return std::make_unique<FaultyTransport>(std::move(inner), faults);
  });
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
  const absl::Status status =
      (*link.client)->Write(std::string(10000, 'x'), kForEver);
  EXPECT_THAT(std::string(status.message()), HasSubstr("injected"));
  EXPECT_EQ((*link.client)->Write("y", kForEver), status);
  // Nothing is sealed any more: it would stay in memory, and end the reads.
  const std::string large(1 << 20, 'x');
  EXPECT_EQ((*link.client)->Write(large, kForEver), status);
  EXPECT_EQ((*link.client)->Write("", kForEver), status);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ((*link.client)->Write(large.substr(0, 10000), kForEver), status);
  }
  EXPECT_EQ(ReadBytes(**link.client, 5), "hello");
  (*link.client)->Close();
  EXPECT_TRUE(absl::IsUnavailable(ReadOnce(**link.server).status()));
}

// Nothing can follow close_notify.
TEST(TlsTransportTest, WriteAfterCloseWriteFails) {
  const Link link = Join(Options());
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  (*link.client)->CloseWrite();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(absl::IsUnavailable((*link.client)->Write("x", kForEver)));
  }
  ASSERT_TRUE((*link.server)->Write("still", kForEver).ok());
  EXPECT_EQ(ReadBytes(**link.client, 5), "still");
}

// Another user of OpenSSL on this thread may leave errors in its queue.
TEST(TlsTransportTest, ErrorsOfOthersInOpenSslsQueueAreIgnored) {
  const auto leave_error = [] { ERR_raise(ERR_LIB_USER, 1); };
  auto ends = InMemoryTransport::CreatePair();
  leave_error();
  const auto unanswered = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(unanswered.ok()) << unanswered.status();
  leave_error();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**unanswered, 1, absl::ZeroDuration()).status()));

  const Link link = Join(Options());
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  leave_error();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
  leave_error();
  EXPECT_TRUE((*link.client)->Write("x", kForEver).ok());
  leave_error();
  EXPECT_EQ(ReadBytes(**link.server, 1), "x");
}

// Messages behind the handshake.

TEST(TlsTransportTest, KeyUpdateIsAnswered) {
  const Link link = Join(Options());
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  for (int i = 0; i < 3; ++i) {
    TlsServer::UpdateKeys(link.server->get());
    ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
    EXPECT_EQ(ReadBytes(**link.client, 5), "hello");
    ASSERT_TRUE((*link.client)->Write("world", kForEver).ok());
    EXPECT_EQ(ReadBytes(**link.server, 5), "world");
  }
}

TEST(TlsTransportTest, RenegotiationIsRefused) {
  const Link link = Join(Options(), {GoodCertificate(), "", TLS1_2_VERSION});
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  TlsServer::Renegotiate(link.server->get());
  ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
  EXPECT_EQ(ReadBytes(**link.client, 5), "hello");
  ASSERT_TRUE((*link.client)->Write("world", kForEver).ok());
  const absl::Status status = ReadOnce(**link.server).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("no renegotiation"));
}

TEST(TlsTransportTest, EndlessRenegotiationEndsLink) {
  const Link link = Join(Options(), {GoodCertificate(), "", TLS1_2_VERSION});
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  absl::Status status;
  int demands = 0;
  for (; demands < 10000 && status.ok(); ++demands) {
    TlsServer::Renegotiate(link.server->get());
    ASSERT_TRUE((*link.server)->Write("x", kForEver).ok());
    status = ReadOnce(**link.client).status();
  }
  EXPECT_GT(demands, 1000);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("renegotiation"));
}

// Hands out bytes up to a number that the test raises.
class GatedTransport : public ForwardingTransport {
 public:
  GatedTransport(std::unique_ptr<Transport> inner, size_t* left)
      : ForwardingTransport(std::move(inner)), left_(left) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (*left_ == 0) return absl::DeadlineExceededError("the gate is closed");
    const absl::StatusOr<size_t> size =
        inner().Read(buffer.subspan(0, *left_), timeout);
    if (size.ok()) *left_ -= *size;
    return size;
  }

 private:
  size_t* const left_;
};

// OpenSSL writes nothing within a message of the peer, and cannot wait for its
// rest in a write.
TEST(TlsTransportTest, WriteWithinSplitMessageOfPeerFails) {
  TlsOptions options = Options();
  options.certificate_file = Authority().Issue({});  // Makes tickets large.
  size_t left = std::numeric_limits<size_t>::max();
  const Link link = Join(
      options, {GoodCertificate(), Authority().file()}, [&left](auto inner) {
        return std::make_unique<GatedTransport>(std::move(inner), &left);
      });
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  // Takes the first tickets.
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
  TlsServer::LimitRecords(link.server->get(), 512);
  TlsServer::SendTickets(link.server->get(), 1);
  ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
  left = 5 + 512 + 17;  // The first record of the ticket.
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
  EXPECT_EQ(left, 0U);
  ERR_raise(ERR_LIB_USER, 1);  // Of another user of OpenSSL.
  const absl::Status status = (*link.client)->Write("x", kForEver);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("has split a message of TLS behind the handshake"));
  EXPECT_EQ((*link.client)->Write("x", kForEver), status);
  left = std::numeric_limits<size_t>::max();
  EXPECT_EQ(ReadBytes(**link.client, 5), "hello");
}

// An event loop waits for the inner descriptor then.
TEST(TlsTransportTest, LateReadLeavesNoBytes) {
  Faults faults;
  size_t read_size = 1000;
  faults.read_size = [&read_size] { return read_size; };
  const Link link = Join(Options(), {GoodCertificate()}, [&](auto inner) {
    return std::make_unique<FaultyTransport>(std::move(inner), faults);
  });
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 1, absl::ZeroDuration()).status()));
  read_size = 1;
  const std::string text(42, 'x');  // A record of 64 bytes, so 64 reads.
  ASSERT_TRUE((*link.server)->Write(text, kForEver).ok());
  const absl::StatusOr<std::string> read =
      ReadOnce(**link.client, 100, absl::ZeroDuration());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, text);
}

// Tickets are records without data.
TEST(TlsTransportTest, TicketsDoNotKeepLateRead) {
  Stream stream;
  Faults faults;
  faults.read_size = [] { return size_t{300}; };
  const Link link = Join(Options(), {GoodCertificate()}, [&](auto inner) {
    return std::make_unique<ChangedTransport>(
        std::make_unique<FaultyTransport>(std::move(inner), faults), &stream);
  });
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  constexpr int kTickets = 500;
  TlsServer::SendTickets(link.server->get(), kTickets);
  ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
  const uint64_t before = stream.read;
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 10, absl::ZeroDuration()).status()));
  EXPECT_LE(stream.read - before, uint64_t{100 * 300});
  EXPECT_EQ(ReadBytes(**link.client, 5), "hello");
}

// A large record makes the next ones be read directly.
TEST(TlsTransportTest, TicketsBehindLargeRecordDoNotKeepLateRead) {
  Stream stream;
  Faults faults;
  faults.read_size = [] { return size_t{300}; };
  const Link link = Join(Options(), {GoodCertificate()}, [&](auto inner) {
    return std::make_unique<ChangedTransport>(
        std::make_unique<FaultyTransport>(std::move(inner), faults), &stream);
  });
  ASSERT_TRUE(link.client.ok()) << link.client.status();
  ASSERT_TRUE(link.server.ok()) << link.server.status();
  const std::string large(16384, 'x');
  ASSERT_TRUE((*link.server)->Write(large, kForEver).ok());
  EXPECT_EQ(ReadBytes(**link.client, large.size()), large);
  TlsServer::SendTickets(link.server->get(), 500);
  ASSERT_TRUE((*link.server)->Write("hello", kForEver).ok());
  const uint64_t before = stream.read;
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**link.client, 10, absl::ZeroDuration()).status()));
  EXPECT_LE(stream.read - before, uint64_t{200 * 300});
  EXPECT_EQ(ReadBytes(**link.client, 5), "hello");
}

// Handshakes inside of Read().

TEST(TlsTransportTest, ReadsTakeStepsOfHandshake) {
  auto ends = InMemoryTransport::CreatePair();
  const auto client = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(client.ok()) << client.status();
  ASSERT_TRUE((*client)->Write("hello", kForEver).ok());
  const absl::Status status =
      ReadOnce(**client, 1, absl::ZeroDuration()).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  const TlsServer server({GoodCertificate()});
  std::thread accept([&] {
    const auto end = server.Accept(std::move(ends.second));
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(ReadBytes(**end, 5), "hello");
    ASSERT_TRUE((*end)->Write("world", kForEver).ok());
  });
  EXPECT_EQ(ReadBytes(**client, 5), "world");
  accept.join();
}

TEST(TlsTransportTest, EarlyBytesAreLimited) {
  auto ends = InMemoryTransport::CreatePair();
  const auto client = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(client.ok()) << client.status();
  const std::string most(TlsTransport::kMaxEarlyBytes, 'x');
  EXPECT_TRUE((*client)->Write(most, kForEver).ok());
  const absl::Status status = (*client)->Write("x", kForEver);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Handshake()"));
}

TEST(TlsTransportTest, EarlyWriteAfterCloseFails) {
  auto ends = InMemoryTransport::CreatePair();
  const auto client = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(client.ok()) << client.status();
  (*client)->Close();
  EXPECT_FALSE((*client)->Write("x", kForEver).ok());
}

TEST(TlsTransportTest, ErrorOfHandshakeLasts) {
  auto ends = InMemoryTransport::CreatePair();
  const auto client = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(client.ok()) << client.status();
  ends.second->Close();
  const absl::Status status = (*client)->Handshake();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(ReadOnce(**client).status(), status);
  EXPECT_EQ((*client)->Write("x", kForEver), status);
  EXPECT_EQ((*client)->Handshake(), status);
}

TEST(TlsTransportTest, InterruptedHandshakeGoesOn) {
  auto ends = InMemoryTransport::CreatePair();
  const auto client = TlsTransport::Start(std::move(ends.first), Options());
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**client, 1, absl::ZeroDuration()).status()));
  (*client)->Interrupt();
  EXPECT_TRUE(absl::IsCancelled((*client)->Handshake()));
  EXPECT_TRUE(absl::IsCancelled((*client)->Write("x", kForEver)));
  (*client)->ResumeReads();
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      ReadOnce(**client, 1, absl::ZeroDuration()).status()));
}

// Over sockets.

TEST(ConnectTlsTransportTest, TakesNameFromAddress) {
  const auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_TRUE(listener.ok()) << listener.status();
  const TlsServer server({GoodCertificate()});
  TlsOptions options = Options();
  options.server_name.clear();
  std::thread accept([&] {
    auto inner = (*listener)->Accept(absl::Seconds(60));
    ASSERT_TRUE(inner.ok()) << inner.status();
    const auto end = server.Accept(*std::move(inner));
    EXPECT_TRUE(end.ok()) << end.status();
  });
  const auto client = ConnectTlsTransport((*listener)->address(), options);
  accept.join();
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ((*client)->peer(), (*listener)->address());
}

TEST(ConnectTlsTransportTest, UnixSocketNeedsName) {
  const transport_testing::TempDir dir;
  const std::string address = absl::StrCat("unix:", dir.File("a"));
  const auto listener = Listener::Listen(address);
  ASSERT_TRUE(listener.ok()) << listener.status();
  const absl::Status status = ConnectTlsTransport(address).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST(ConnectTlsTransportTest, ErrorsOfConnectingPass) {
  const transport_testing::RefusingPort port;
  const absl::Status status =
      ConnectTlsTransport(port.address().ToString(), Options()).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(absl::IsInvalidArgument(ConnectTlsTransport("nowhere").status()));
}

}  // namespace
}  // namespace kevy_replica
