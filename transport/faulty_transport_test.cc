// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/faulty_transport.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/when_blocked.h"

namespace kevy_replica {
namespace {

using transport_testing::CodeOf;
using transport_testing::IsReadable;
using transport_testing::ReadBytes;
using transport_testing::ReadOnce;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();
constexpr absl::string_view kInput = "0123456789";

// Makes a faulty end that reads kInput.
class Reader {
 public:
  explicit Reader(Faults faults,
                  std::shared_ptr<Interrupter> interrupter = nullptr) {
    auto pair = InMemoryTransport::CreatePair();
    inner_ = pair.first.get();
    faulty_ = std::make_unique<FaultyTransport>(
        std::move(pair.first), std::move(faults), std::move(interrupter));
    peer_ = std::move(pair.second);
    EXPECT_TRUE(peer_->Write(kInput, kForEver).ok());
  }
  FaultyTransport& operator*() { return *faulty_; }
  FaultyTransport* operator->() { return faulty_.get(); }
  InMemoryTransport& inner() { return *inner_; }
  InMemoryTransport& peer() { return *peer_; }

 private:
  InMemoryTransport* inner_;
  std::unique_ptr<FaultyTransport> faulty_;
  std::unique_ptr<InMemoryTransport> peer_;
};

// Calls `test(at, make_reader, description)` for each fault position, each read
// size of the caller and each read size of the decorator.
template <typename Test>
void ForEachByteAndReadSize(Test test) {
  for (size_t at = 0; at <= kInput.size(); ++at) {
    for (size_t size = 1; size <= kInput.size() + 1; ++size) {
      for (size_t short_size = 0; short_size <= kInput.size(); ++short_size) {
        SCOPED_TRACE(absl::StrCat("at ", at, ", reads of ", size, ", cut to ",
                                  short_size, " (0: not)"));
        Faults faults;
        if (short_size > 0) {
          faults.read_size = [short_size] { return short_size; };
        }
        test(at, size, std::move(faults));
      }
    }
  }
}

TEST(FaultyTransportTest, EndsAtEachByte) {
  ForEachByteAndReadSize([](size_t at, size_t size, Faults faults) {
    faults.eof_at = at;
    Reader reader(std::move(faults));
    EXPECT_EQ(ReadBytes(*reader, at, [size] { return size; }),
              kInput.substr(0, at));
    for (int i = 0; i < 2; ++i) {
      const auto end = ReadOnce(*reader, size);
      ASSERT_TRUE(end.ok()) << end.status();
      EXPECT_EQ(*end, "");
    }
  });
}

TEST(FaultyTransportTest, FailsAtEachByte) {
  ForEachByteAndReadSize([](size_t at, size_t size, Faults faults) {
    faults.error_at = at;
    faults.read_error = absl::DataLossError("boom");
    Reader reader(std::move(faults));
    EXPECT_EQ(ReadBytes(*reader, at, [size] { return size; }),
              kInput.substr(0, at));
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(ReadOnce(*reader, size).status(), absl::DataLossError("boom"));
    }
  });
}

TEST(FaultyTransportTest, StallsAtEachByte) {
  ForEachByteAndReadSize([](size_t at, size_t size, Faults faults) {
    faults.stall_at = at;
    Reader reader(std::move(faults));
    EXPECT_EQ(ReadBytes(*reader, at, [size] { return size; }),
              kInput.substr(0, at));
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(CodeOf(ReadOnce(*reader, size, absl::ZeroDuration())),
                absl::StatusCode::kDeadlineExceeded);
    }
    reader->Interrupt();
    EXPECT_EQ(CodeOf(ReadOnce(*reader, size)), absl::StatusCode::kCancelled);
  });
}

TEST(FaultyTransportTest, StallKeepsPeersEnd) {
  Faults faults;
  faults.stall_at = 2;
  Reader reader(std::move(faults));
  EXPECT_EQ(ReadBytes(*reader, 2), "01");
  reader.peer().Close();
  EXPECT_EQ(CodeOf(ReadOnce(*reader, 1, absl::Milliseconds(1))),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(FaultyTransportTest, FdIsUnreadableDuringStall) {
  Faults faults;
  faults.stall_at = 2;
  Reader reader(std::move(faults));
  EXPECT_EQ(reader->fd(), reader.inner().fd());
  EXPECT_TRUE(IsReadable(reader->fd()));
  EXPECT_EQ(ReadBytes(*reader, 2), "01");
  // The inner transport has more bytes, behind the stall.
  EXPECT_EQ(CodeOf(ReadOnce(*reader, 1, absl::ZeroDuration())),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(IsReadable(reader->fd()));
  reader->Interrupt();
  EXPECT_TRUE(IsReadable(reader->fd()));
}

TEST(FaultyTransportTest, InterruptEndsStall) {
  Faults faults;
  faults.stall_at = 0;
  Reader reader(std::move(faults));
  {
    WhenBlocked interrupt([&](auto&) { reader->Interrupt(); });
    EXPECT_EQ(CodeOf(ReadOnce(*reader)), absl::StatusCode::kCancelled);
  }
  EXPECT_EQ(CodeOf(ReadOnce(reader.inner())), absl::StatusCode::kCancelled);
}

TEST(FaultyTransportTest, SharedInterrupterEndsStall) {
  const auto interrupter = std::make_shared<Interrupter>();
  Faults faults;
  faults.stall_at = 0;
  Reader reader(std::move(faults), interrupter);
  WhenBlocked interrupt([&](auto&) { interrupter->Interrupt(); });
  EXPECT_EQ(CodeOf(ReadOnce(*reader)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(reader->Write("x", kForEver)), absl::StatusCode::kCancelled);
}

TEST(FaultyTransportTest, InterruptPrecedesFaults) {
  for (const auto member :
       {&Faults::eof_at, &Faults::error_at, &Faults::stall_at}) {
    Faults faults;
    faults.*member = 0;
    faults.write_error_at = 0;
    Reader reader(std::move(faults));
    reader->Interrupt();
    EXPECT_EQ(CodeOf(ReadOnce(*reader)), absl::StatusCode::kCancelled);
    EXPECT_EQ(CodeOf(reader->Write("x", kForEver)),
              absl::StatusCode::kCancelled);
  }
}

TEST(FaultyTransportTest, LowestFaultCounts) {
  Faults all;
  all.error_at = all.eof_at = all.stall_at = 3;
  all.read_error = absl::DataLossError("boom");
  {
    Faults faults = all;
    faults.eof_at = 2;
    Reader reader(faults);
    EXPECT_EQ(ReadBytes(*reader, 10), "01");
    EXPECT_TRUE(ReadOnce(*reader).ok());
  }
  {
    Faults faults = all;
    faults.stall_at = 2;
    Reader reader(faults);
    EXPECT_EQ(ReadBytes(*reader, 2), "01");
    EXPECT_EQ(CodeOf(ReadOnce(*reader, 1, absl::ZeroDuration())),
              absl::StatusCode::kDeadlineExceeded);
  }
  {
    Reader reader(all);
    EXPECT_EQ(ReadBytes(*reader, 10), "012");
    EXPECT_EQ(CodeOf(ReadOnce(*reader)), absl::StatusCode::kDataLoss);
  }
  all.error_at = std::nullopt;
  {
    Reader reader(all);
    EXPECT_EQ(ReadBytes(*reader, 10), "012");
    EXPECT_TRUE(ReadOnce(*reader).ok());
  }
}

TEST(FaultyTransportTest, LimitsReadSizes) {
  size_t next = 0;
  Faults faults;
  faults.read_size = [&next] { return ++next; };
  Reader reader(std::move(faults));
  for (const char* expected : {"0", "12", "345", "6789"}) {
    const auto read = ReadOnce(*reader);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, expected);
  }
}

TEST(FaultyTransportTest, ReadSizeOfZeroReadsOneByte) {
  Faults faults;
  faults.read_size = [] { return 0; };
  Reader reader(std::move(faults));
  EXPECT_EQ(ReadBytes(*reader, kInput.size()), kInput);
}

TEST(FaultyTransportTest, WriteFailsAtEachByte) {
  for (size_t at = 0; at <= kInput.size(); ++at) {
    for (size_t size = 1; size <= kInput.size() + 1; ++size) {
      SCOPED_TRACE(absl::StrCat("at ", at, ", writes of ", size));
      Faults faults;
      faults.write_error_at = at;
      faults.write_error = absl::DataLossError("boom");
      Reader reader(std::move(faults));
      absl::string_view rest = kInput;
      absl::Status status;
      while (status.ok() && !rest.empty()) {
        const absl::string_view piece = rest.substr(0, size);
        status = reader->Write(piece, kForEver);
        if (status.ok()) rest.remove_prefix(piece.size());
      }
      if (at < kInput.size()) {
        EXPECT_EQ(status, absl::DataLossError("boom"));
      } else {
        EXPECT_TRUE(status.ok()) << status;
      }
      EXPECT_EQ(reader->Write("x", kForEver), absl::DataLossError("boom"));
      // Exactly the bytes before the error arrive.
      reader->Close();
      EXPECT_EQ(ReadBytes(reader.peer(), kInput.size() + 1),
                kInput.substr(0, at));
    }
  }
}

TEST(FaultyTransportTest, ForwardsOtherCalls) {
  Reader reader(Faults{});
  EXPECT_EQ(reader->peer(), reader.inner().peer());
  reader.peer().Close();
  EXPECT_EQ(ReadBytes(*reader, 100), kInput);
  EXPECT_EQ(CodeOf(reader->Write("x", kForEver)),
            absl::StatusCode::kUnavailable);
  reader.inner().Interrupt();
  EXPECT_EQ(CodeOf(ReadOnce(*reader)), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace kevy_replica
