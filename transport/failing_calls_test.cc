// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each system call of the transports in turn: see failing_calls.h. A
// failure that passes must go unnoticed. Any other ends in success or in an
// error that names its object, and leaves no descriptor.

#include "kevy_replica/transport/testing/failing_calls.h"

#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
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
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/file_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/poller.h"
#include "kevy_replica/transport/recording_transport.h"
#include "kevy_replica/transport/resolver.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/secure/tls_security.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/call_failures.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/socket_pair.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/transport.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {
namespace {

using secure_testing::InitiatorOptions;
using secure_testing::Must;
using secure_testing::PrimaryKey;
using secure_testing::ReplicaKey;
using secure_testing::ResponderOptions;
using transport_testing::CallReport;
using transport_testing::CanListen;
using transport_testing::FailEachCall;
using transport_testing::FailEachCallOptions;
using transport_testing::FailedCalls;
using transport_testing::FailingCalls;
using transport_testing::FileContents;
using transport_testing::IsReadable;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::TempDir;
using transport_testing::TestAuthority;
using transport_testing::TlsServer;

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A deadline of a wait that ends far earlier, unless a failure hides its event.
constexpr absl::Duration kPatience = absl::Seconds(30);

constexpr absl::string_view kRequest = "request";

// Bytes of a primary.
const std::string& Story() {
  static const auto* const story = new std::string(10000, 's');
  return *story;
}

void Report(absl::string_view scenario, const FailedCalls& tried) {
  std::cout << scenario << ": " << tried.ToString() << std::endl;
}

// Checks the result of a run. `objects`: an error names one of them.
// `needless`: functions without which the run succeeds.
void Check(const absl::Status& status, const CallReport& failed,
           const std::vector<std::string>& objects,
           const std::vector<std::string>& needless = {}) {
  if (failed.variants == 0 || failed.passes) {
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  if (status.ok()) {
    EXPECT_THAT(needless, Contains(failed.name));
    return;
  }
  EXPECT_NE(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  for (const std::string& object : objects) {
    if (absl::StrContains(status.message(), object)) return;
  }
  ADD_FAILURE() << "names none of its objects: " << status;
}

// Reads to the end. Stores the bytes.
absl::Status ReadAll(Transport& transport, std::string* bytes) {
  for (;;) {
    const absl::StatusOr<std::string> more =
        ReadOnce(transport, 4096, kPatience);
    if (!more.ok()) return more.status();
    if (more->empty()) return absl::OkStatus();
    *bytes += *more;
  }
}

// A server on another thread, whose calls do not fail. It answers each
// "request" by Story().
class Server {
 public:
  explicit Server(absl::string_view address, TransportWrapper wrap = nullptr)
      : listener_(Must(Listener::Listen(address))),
        wrap_(std::move(wrap)),
        thread_([this] { Run(); }) {}
  ~Server() {
    listener_->Interrupt();
    thread_.join();
  }

  std::string address() const { return listener_->address(); }

 private:
  void Run() {
    for (;;) {
      auto accepted = listener_->Accept(absl::InfiniteDuration());
      if (!accepted.ok()) return;
      if (wrap_ != nullptr) accepted = wrap_(*std::move(accepted));
      if (!accepted.ok()) continue;
      if (ReadBytes(**accepted, kRequest.size()) == kRequest) {
        (*accepted)->Write(Story(), kPatience).IgnoreError();
      }
    }
  }

  const std::unique_ptr<Listener> listener_;
  const TransportWrapper wrap_;
  std::thread thread_;
};

// Asks the server, and reads its answer.
absl::Status Ask(absl::string_view address, const TransportWrapper& wrap,
                 const ConnectOptions& options, std::string* answer) {
  absl::StatusOr<std::unique_ptr<Transport>> transport =
      ConnectTransport(address, options);
  if (transport.ok() && wrap != nullptr) {
    transport = wrap(*std::move(transport));
  }
  if (!transport.ok()) return transport.status();
  absl::Status status = (*transport)->Write(kRequest, kPatience);
  if (!status.ok()) return status;
  return ReadAll(**transport, answer);
}

// A failed close, or the drain before it, is no failure of the run. A secure
// link may send its last bytes after Write() has accepted them.
FailedCalls FailAsking(absl::string_view address,
                       const TransportWrapper& wrap) {
  const std::string send = wrap == nullptr ? "" : "send";
  return FailEachCall([&](FailingCalls* calls) {
    std::string answer;
    ConnectOptions connect;
    connect.receive_buffer_bytes = 4096;  // One call more.
    calls->Begin();
    const absl::Status status = Ask(address, wrap, connect, &answer);
    calls->End();
    Check(status, calls->report(),
          {std::string(address), "socket option", "resolve 127.0.0.1"},
          {"pipe", "shutdown", "getnameinfo", "close", "recv", send});
    // A numeric address needs no resolver.
    EXPECT_THAT(std::string(status.message()),
                Not(HasSubstr("the resolver returned")));
    EXPECT_THAT(Story(), StartsWith(answer));
    if (status.ok() && calls->report().name != send) {
      EXPECT_EQ(answer.size(), Story().size());
    }
  });
}

TEST(FailingCallsTest, TcpClientEndsCleanly) {
  const Server server("127.0.0.1:0");
  const FailedCalls tried = FailAsking(server.address(), nullptr);
  EXPECT_GT(tried.calls, 12u);
  Report("TCP client", tried);
}

TEST(FailingCallsTest, UnixClientEndsCleanly) {
  const TempDir folder;
  const Server server(absl::StrCat("unix:", folder.File("a")));
  const FailedCalls tried = FailAsking(server.address(), nullptr);
  EXPECT_GT(tried.calls, 8u);
  Report("Unix client", tried);
}

TEST(FailingCallsTest, NoiseClientEndsCleanly) {
  const Server server("127.0.0.1:0", NoiseAcceptor(ResponderOptions()));
  const TransportWrapper wrap =
      Must(NoiseSecurity(ReplicaKey())({PrimaryKey()->public_key().ToHex()}));
  const FailedCalls tried = FailAsking(server.address(), wrap);
  EXPECT_GT(tried.calls, 12u);
  Report("Noise client", tried);
}

TEST(FailingCallsTest, TlsClientEndsCleanly) {
  const TestAuthority authority;
  const TlsServer tls({authority.Issue({})});
  const Server server("127.0.0.1:0", [&tls](std::unique_ptr<Transport> inner) {
    return absl::StatusOr<std::unique_ptr<Transport>>(
        tls.Wrap(std::move(inner)));
  });
  TlsOptions options;
  options.server_name = "localhost";
  options.ca_file = authority.file();
  const FailedCalls tried =
      FailAsking(server.address(), Must(TlsSecurity(options)({})));
  EXPECT_GT(tried.calls, 12u);
  Report("TLS client", tried);
}

// The lookup has a thread of its own.
TEST(FailingCallsTest, LookupEndsCleanly) {
  if (!CanListen("localhost:0")) GTEST_SKIP() << "no localhost";
  size_t variants = 0;
  FailEachCallOptions options;
  options.threads = FailingCalls::Threads::kAll;
  const FailedCalls tried = FailEachCall(
      [&](FailingCalls* calls) {
        calls->Begin();
        const auto resolver = std::make_shared<Resolver>();
        {
          const Resolver::Lookup lookup = resolver->Begin("localhost");
          // Without a thread there is nothing to wait for.
          if (calls->report().name == std::string("pthread_create")) {
            ASSERT_TRUE(lookup.Poll().has_value());
          }
          pollfd wait = {lookup.fd(), 0, 0};
          while (!lookup.Poll().has_value()) ::poll(&wait, 1, 1000);
          const Resolver::Addresses found = *lookup.Poll();
          if (calls->report().error == EAI_SYSTEM) {
            EXPECT_THAT(found.status().message(),
                        HasSubstr(std::strerror(EMFILE)));
          }
          if (!calls->failed()) {
            EXPECT_TRUE(found.ok()) << found.status();
          }
          if (!found.ok()) {
            EXPECT_THAT(found.status().message(), HasSubstr("localhost"));
            ++variants;
          }
        }
        calls->End();
      },
      options);
  EXPECT_GT(variants, 5u);
  Report("lookup", tried);
}

TEST(FailingCallsTest, ListenerEndsCleanly) {
  const TempDir folder;
  for (const std::string& address :
       {std::string("127.0.0.1:0"), absl::StrCat("unix:", folder.File("b"))}) {
    const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
      calls->Begin();
      absl::StatusOr<std::unique_ptr<Listener>> listener =
          Listener::Listen(address);
      calls->End();
      absl::Status status = listener.status();
      // Of the options, SO_REUSEADDR alone counts.
      const bool listened = !calls->failed();
      std::string name = address;
      if (status.ok()) {
        name = (*listener)->address();
        // The system completes the connection before Accept().
        auto client = Must(ConnectTransport(name));
        client->Write(kRequest, kPatience).IgnoreError();
        client->CloseWrite();
        calls->Begin();
        auto accepted = (*listener)->Accept(kPatience);
        status = accepted.status();
        std::string request;
        if (status.ok()) status = ReadAll(**accepted, &request);
        accepted = absl::CancelledError("closed");
        listener->reset();
        calls->End();
        if (status.ok()) {
          EXPECT_EQ(request, kRequest);
        }
      }
      Check(status, calls->report(),
            {name, "socket option", "resolve", "from 127.0.0.1:"},
            {"pipe", "shutdown", "getnameinfo", "close", "unlink", "recv",
             listened ? "setsockopt" : ""});
      ::unlink(folder.File("b").c_str());  // If the listener could not.
    });
    EXPECT_GT(tried.calls, 6u);
    Report(absl::StrCat("listener, ", address), tried);
  }
}

TEST(FailingCallsTest, PollerEndsCleanly) {
  const FailedCalls tried = FailEachCall([](FailingCalls* calls) {
    Wakeup wakeup;
    wakeup.Notify();
    calls->Begin();
    absl::StatusOr<std::unique_ptr<Poller>> poller = Poller::Create();
    absl::Status status = poller.status();
    size_t ready = 0;
    if (status.ok()) status = (*poller)->Set(wakeup.fd(), POLLIN, 7);
    // A signal may leave a wait without a result.
    for (int i = 0; status.ok() && ready == 0 && i < 2; ++i) {
      const auto ids = (*poller)->Wait(kPatience);
      status = ids.status();
      if (status.ok()) ready = ids->size();
    }
    poller = absl::CancelledError("closed");
    calls->End();
    Check(status, calls->report(),
          {"epoll", absl::StrCat("descriptor ", wakeup.fd()), "descriptors"});
    if (status.ok()) {
      EXPECT_EQ(ready, 1u);
    }
  });
  EXPECT_GT(tried.calls, 3u);
  Report("poller", tried);
}

TEST(FailingCallsTest, WakeupWorksOrHasNoDescriptor) {
  const FailedCalls tried = FailEachCall([](FailingCalls* calls) {
    calls->Begin();
    {
      Wakeup wakeup;
      wakeup.Notify();
      calls->End();
      const bool notified = !calls->failed() || calls->report().passes;
      if (notified && wakeup.fd() >= 0) {
        EXPECT_TRUE(IsReadable(wakeup.fd()));
      }
      calls->Begin();
      wakeup.Clear();
      calls->End();
      if (!calls->failed() || calls->report().passes) {
        EXPECT_FALSE(IsReadable(wakeup.fd()));
      }
      calls->Begin();
    }
    calls->End();
  });
  EXPECT_GT(tried.calls, 4u);
  Report("wakeup", tried);
}

// The caller has seen no byte that the recording lacks.
TEST(FailingCallsTest, RecordingHoldsEachByteThatWasRead) {
  const TempDir folder;
  const std::string path = folder.File("a");
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
    ASSERT_TRUE(pair.second->Write(Story(), kPatience).ok());
    pair.second->Close();
    std::string seen;
    calls->Begin();
    absl::StatusOr<std::unique_ptr<RecordingTransport>> recording =
        RecordingTransport::Create(std::move(pair.first), path);
    absl::Status status = recording.status();
    if (status.ok()) status = ReadAll(**recording, &seen);
    recording = absl::CancelledError("closed");
    calls->End();
    // The destructor closes, and cannot fail.
    Check(status, calls->report(), {path}, {"close"});
    if (status.ok()) {
      EXPECT_EQ(seen, Story());
    }
    if (!seen.empty()) {
      EXPECT_THAT(FileContents(path), StartsWith(seen));
      EXPECT_THAT(Story(), StartsWith(FileContents(path)));
    }
  });
  EXPECT_GT(tried.calls, 4u);
  Report("recording", tried);
}

TEST(FailingCallsTest, KeyFileIsWholeOrMissing) {
  const TempDir folder;
  const std::string path = folder.File("a");
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    calls->Begin();
    absl::Status status = PrimaryKey()->WriteFile(path);
    calls->End();
    EXPECT_EQ(::access(path.c_str(), F_OK) == 0, status.ok());
    if (status.ok()) {
      calls->Begin();
      const absl::StatusOr<PrivateKey> key = PrivateKey::FromFile(path);
      calls->End();
      status = key.status();
      if (key.ok()) {
        EXPECT_EQ(key->public_key(), PrimaryKey()->public_key());
      }
    }
    ::unlink(path.c_str());
    Check(status, calls->report(), {path}, {"close"});
  });
  EXPECT_GT(tried.calls, 6u);
  Report("key file", tried);
}

TEST(FailingCallsTest, FileIsReadUpToTheError) {
  const TempDir folder;
  const std::string path = folder.File("a");
  {
    InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
    ASSERT_TRUE(pair.second->Write(Story(), kPatience).ok());
    pair.second->Close();
    std::string seen;
    auto recording =
        Must(RecordingTransport::Create(std::move(pair.first), path));
    ASSERT_TRUE(ReadAll(*recording, &seen).ok());
  }
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    std::string seen;
    calls->Begin();
    absl::StatusOr<std::unique_ptr<FileTransport>> file =
        FileTransport::Open(path);
    absl::Status status = file.status();
    if (status.ok()) status = ReadAll(**file, &seen);
    file = absl::CancelledError("closed");
    calls->End();
    Check(status, calls->report(), {path}, {"close", "pipe"});
    EXPECT_THAT(Story(), StartsWith(seen));
    if (status.ok()) {
      EXPECT_EQ(seen.size(), Story().size());
    }
  });
  EXPECT_GT(tried.calls, 6u);
  Report("file", tried);
}

}  // namespace
}  // namespace kevy_replica
