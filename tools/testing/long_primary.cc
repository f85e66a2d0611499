// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/long_primary.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

bool ReadSome(Transport* transport, internal::ByteBuffer* input) {
  const absl::StatusOr<size_t> n =
      transport->Read(input->Prepare(1), absl::InfiniteDuration());
  if (!n.ok() || *n == 0) return false;
  input->Commit(*n);
  return true;
}

std::optional<HandshakeRequest> ReadRequest(Transport* transport,
                                            internal::ByteBuffer* input) {
  while (true) {
    HandshakeRequest request;
    ArgvStorage storage;
    const DecodeResult result =
        DecodeHandshakeRequest(input->bytes(), Limits(), &storage, &request);
    if (result.done()) {
      input->Consume(result.bytes_decoded);
      return request;
    }
    if (result.outcome == Outcome::kError || !ReadSome(transport, input)) {
      return std::nullopt;
    }
  }
}

// Reads until `next_offset` is acknowledged.
bool AwaitAck(Transport* transport, internal::ByteBuffer* input,
              uint64_t next_offset, uint64_t* acked) {
  while (*acked < next_offset) {
    std::optional<Ack> ack;
    const DecodeResult result = DecodeAck(input->bytes(), Limits(), &ack);
    if (result.done()) {
      input->Consume(result.bytes_decoded);
      if (ack.has_value()) *acked = ack->next_offset;
    } else if (!ReadSome(transport, input)) {
      return false;
    }
  }
  return true;
}

void ReadToEnd(Transport* transport, internal::ByteBuffer* input) {
  while (ReadSome(transport, input)) input->Consume(input->size());
}

}  // namespace

LongPrimary::LongPrimary(std::unique_ptr<Listener> listener, uint32_t seed,
                         Frames frames)
    : listener_(std::move(listener)),
      seed_(seed),
      frames_(frames != nullptr ? std::move(frames)
                                : [](uint64_t offset) {
                                    return std::vector<std::string>{
                                        "SET", "key", absl::StrCat(offset)};
                                  }),
      thread_([this] { Run(); }) {}

LongPrimary::~LongPrimary() {
  listener_->Interrupt();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    if (transport_ != nullptr) transport_->Interrupt();
  }
  thread_.join();
}

void LongPrimary::Expect(uint64_t frames, bool end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  plan_ = {plan_.number + 1, frames, end, /*is_offset=*/false};
  reached_ = false;
}

void LongPrimary::ExpectUpTo(uint64_t offset) {
  const std::lock_guard<std::mutex> lock(mutex_);
  plan_ = {plan_.number + 1, offset, /*end=*/true, /*is_offset=*/true};
  reached_ = false;
}

bool LongPrimary::reached() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return reached_;
}

std::vector<uint64_t> LongPrimary::asked() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return asked_;
}

void LongPrimary::Run() {
  while (true) {
    absl::StatusOr<std::unique_ptr<Transport>> accepted =
        listener_->Accept(absl::InfiniteDuration());
    if (!accepted.ok()) return;
    const std::shared_ptr<Transport> transport = *std::move(accepted);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopped_) return;
      transport_ = transport;
    }
    Serve(transport.get());
  }
}

void LongPrimary::Reached(const Plan& plan) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // An older connection may notice late that it is broken.
  if (plan.number != plan_.number) return;
  reached_ = true;
}

void LongPrimary::Serve(Transport* transport) {
  internal::ByteBuffer input;
  const std::optional<HandshakeRequest> request =
      ReadRequest(transport, &input);
  if (!request.has_value()) return;
  // A fresh start, or a position in this history.
  EXPECT_EQ(request->generation,
            request->offset == 0 ? request->generation : kGeneration);
  Plan plan;
  size_t number;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    plan = plan_;
    number = asked_.size();
    asked_.push_back(request->offset);
  }
  std::mt19937 random(static_cast<uint32_t>(seed_ + number));
  const uint64_t ahead = random() % 100;
  const uint64_t reach = (plan.is_offset ? 0 : request->offset) + plan.frames;
  uint64_t next = request->offset;
  uint64_t acked = next;
  std::string out;
  EXPECT_EQ(Append(HandshakeAnswer{request->protocol, kGeneration, next}, &out),
            WireError::kNone);
  while (true) {
    for (uint64_t left = 1 + random() % 50; left > 0; --left) {
      if (plan.end && next == reach) break;
      EXPECT_EQ(AppendFrame(next, frames_(next), &out), WireError::kNone);
      ++next;
    }
    // Half of the time the frames go out before the heartbeat. After the
    // expected frames, silence may follow instead of the heartbeat.
    if (random() % 2 == 0) {
      if (!transport->Write(out, absl::InfiniteDuration()).ok()) return;
      out.clear();
      if (next >= reach && !plan.end && random() % 2 == 0) {
        Reached(plan);
        ReadToEnd(transport, &input);
        return;
      }
    }
    EXPECT_EQ(Append(Heartbeat{kGeneration, next}, &out), WireError::kNone);
    if (!transport->Write(out, absl::InfiniteDuration()).ok()) return;
    out.clear();
    const bool ends = plan.end && next == reach;
    if (next >= reach && !ends) Reached(plan);
    if (!AwaitAck(transport, &input, ends ? next : next - std::min(next, ahead),
                  &acked)) {
      return;
    }
    if (!ends) continue;
    Reached(plan);
    ReadToEnd(transport, &input);
    return;
  }
}

std::vector<std::unique_ptr<Listener>> ListenInARow(int count) {
  constexpr int kMaxTries = 1000;
  for (int i = 0; i < kMaxTries; ++i) {
    std::vector<std::unique_ptr<Listener>> row;
    absl::StatusOr<std::unique_ptr<Listener>> next =
        Listener::Listen("127.0.0.1:0");
    EXPECT_TRUE(next.ok()) << next.status();
    while (next.ok()) {
      row.push_back(*std::move(next));
      if (static_cast<int>(row.size()) == count) return row;
      absl::StatusOr<Address> address = ParseAddress(row.back()->address());
      EXPECT_TRUE(address.ok()) << address.status();
      // The port after the last one would be 0, which means any port.
      if (address->port == std::numeric_limits<uint16_t>::max()) break;
      ++address->port;
      next = Listener::Listen(address->ToString());
    }
    // One port was taken: try another row.
  }
  ADD_FAILURE() << "cannot find " << count << " free ports in a row";
  std::abort();
}

}  // namespace kevy_replica
