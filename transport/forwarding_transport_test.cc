// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/forwarding_transport.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;

// Forwards everything.
class PlainDecorator : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;
};

// Logs its calls and gives recognizable results.
class LoggingTransport : public Transport {
 public:
  explicit LoggingTransport(std::vector<std::string>* log) : log_(*log) {}
  ~LoggingTransport() override { log_.push_back("destroy"); }

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    log_.push_back(absl::StrCat("read ", buffer.size(), " ",
                                absl::FormatDuration(timeout)));
    return 3;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override {
    log_.push_back(
        absl::StrCat("write ", bytes, " ", absl::FormatDuration(timeout)));
    return absl::DataLossError("written");
  }
  void Interrupt() override { log_.push_back("interrupt"); }
  void ResumeReads() override { log_.push_back("resume reads"); }
  void CloseWrite() override { log_.push_back("close write"); }
  void Close() override { log_.push_back("close"); }
  std::string peer() const override { return "inner"; }
  int fd() const override { return 77; }

 private:
  std::vector<std::string>& log_;
};

TEST(ForwardingTransportTest, ForwardsEachCall) {
  std::vector<std::string> log;
  {
    PlainDecorator transport(std::make_unique<LoggingTransport>(&log));
    char buffer[5];
    const absl::StatusOr<size_t> size =
        transport.Read(absl::MakeSpan(buffer), absl::Seconds(7));
    ASSERT_TRUE(size.ok()) << size.status();
    EXPECT_EQ(*size, 3u);
    EXPECT_EQ(transport.Write("xy", absl::Seconds(8)),
              absl::DataLossError("written"));
    transport.Interrupt();
    transport.ResumeReads();
    transport.CloseWrite();
    transport.Close();
    EXPECT_EQ(transport.peer(), "inner");
    EXPECT_EQ(transport.fd(), 77);
  }
  EXPECT_THAT(
      log, ElementsAre("read 5 7s", "write xy 8s", "interrupt", "resume reads",
                       "close write", "close", "destroy"));
}

// Reads ahead into a buffer of its own, as a TLS transport does.
class BufferingDecorator : public ForwardingTransport {
 public:
  using ForwardingTransport::ForwardingTransport;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (kept_.empty()) {
      absl::StatusOr<std::string> bytes = ReadOnce(inner(), 4096, timeout);
      if (!bytes.ok()) return bytes.status();
      kept_ = *std::move(bytes);
    }
    const size_t size = std::min(buffer.size(), kept_.size());
    std::copy_n(kept_.begin(), size, buffer.begin());
    kept_.erase(0, size);
    return size;
  }

 private:
  std::string kept_;
};

// The contract of fd() for decorators that keep bytes: reading until
// kDeadlineExceeded, then waiting for fd(), finds every byte.
TEST(ForwardingTransportTest, InnerFdServesBufferingDecorator) {
  InMemoryTransport::Pair pair = InMemoryTransport::CreatePair();
  BufferingDecorator transport(std::move(pair.first));
  for (const absl::string_view sent : {"abcdef", "g"}) {
    ASSERT_TRUE(pair.second->Write(sent, absl::ZeroDuration()).ok());
    transport_testing::WaitUntilReadable(transport.fd());
    std::string got;
    while (true) {
      const absl::StatusOr<std::string> bytes =
          ReadOnce(transport, 2, absl::ZeroDuration());
      if (absl::IsDeadlineExceeded(bytes.status())) break;
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      got += *bytes;
    }
    EXPECT_EQ(got, sent);
    EXPECT_FALSE(transport_testing::IsReadable(transport.fd()));
  }
}

}  // namespace
}  // namespace kevy_replica
