// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/fuzz_primary.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/fuzz_stream.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// Reads to the end of a link. Returns the bytes, and counts the reads.
std::string ReadAll(Transport* link, int* reads) {
  std::string bytes;
  std::vector<char> buffer(1 << 16);
  *reads = 0;
  while (true) {
    const absl::StatusOr<size_t> n =
        link->Read(absl::MakeSpan(buffer), absl::ZeroDuration());
    EXPECT_TRUE(n.ok()) << n.status();
    if (!n.ok() || *n == 0) return bytes;
    bytes.append(buffer.data(), *n);
    ++*reads;
  }
}

std::string Request() {
  HandshakeRequest request;
  request.replica_id = "r1";
  std::string bytes;
  EXPECT_EQ(Append(request, &bytes), WireError::kNone);
  return bytes;
}

std::unique_ptr<Transport> Connect(const FuzzPrimary& primary) {
  auto link = primary.InMemory()();
  EXPECT_TRUE(link.ok()) << link.status();
  return *std::move(link);
}

TEST(FuzzPrimaryTest, AnswersTheWholeRequest) {
  const std::string fuzz_bytes(100, '\0');
  const FuzzPrimary primary(fuzz_bytes);
  const std::unique_ptr<Transport> link = Connect(primary);
  char c;
  for (const char byte : Request()) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(
        link->Read({&c, 1}, absl::ZeroDuration()).status()));
    EXPECT_TRUE(link->Write({&byte, 1}, absl::ZeroDuration()).ok());
  }
  int reads;
  EXPECT_EQ(ReadAll(link.get(), &reads), MakeFuzzStream(fuzz_bytes));
}

TEST(FuzzPrimaryTest, BytesArriveInChosenPieces) {
  int whole_reads = 0;
  int cut_reads = 0;
  for (char c = 0; c < 100; ++c) {
    const std::string fuzz_bytes(100, c);
    const FuzzPrimary primary(fuzz_bytes);
    const std::unique_ptr<Transport> link = Connect(primary);
    EXPECT_TRUE(link->Write(Request(), absl::ZeroDuration()).ok());
    int reads;
    const size_t size = ReadAll(link.get(), &reads).size();
    EXPECT_EQ(size, MakeFuzzStream(fuzz_bytes).size());
    EXPECT_LE(reads, 64);
    (reads <= 1 ? whole_reads : cut_reads) += 1;
  }
  EXPECT_GT(whole_reads, 0);
  EXPECT_GT(cut_reads, 50);
}

TEST(FuzzPrimaryTest, MalformedRequestEndsLink) {
  const FuzzPrimary primary("many bytes");
  const std::unique_ptr<Transport> link = Connect(primary);
  EXPECT_TRUE(link->Write("PING\r\n", absl::ZeroDuration()).ok());
  int reads;
  EXPECT_EQ(ReadAll(link.get(), &reads), "");
}

TEST(FuzzPrimaryTest, EndOfBytesEndsConnecting) {
  const FuzzPrimary primary("");
  const absl::Status status = primary.InMemory()().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_TRUE(FuzzPrimary::IsEnd(status));
  EXPECT_FALSE(FuzzPrimary::IsEnd(absl::InvalidArgumentError("other")));
  EXPECT_FALSE(FuzzPrimary::IsEnd(absl::OkStatus()));
}

}  // namespace
}  // namespace kevy_replica
