// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/fuzz_primary.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/testing/fuzz_stream.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kEnd = "the fuzz bytes are used up";

// The replica's end of a link. It holds the primary's end, too.
class FuzzLink : public ForwardingTransport {
 public:
  FuzzLink(InMemoryTransport::Pair pair, std::shared_ptr<FuzzStream> stream)
      : ForwardingTransport(std::move(pair.first)),
        primary_(std::move(pair.second)),
        stream_(std::move(stream)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    return inner().Read(buffer.first(std::min(buffer.size(), piece_)), timeout);
  }

  absl::Status Write(absl::string_view bytes,
                     absl::Duration /*timeout*/) override {
    if (answered_) return absl::OkStatus();
    request_.append(bytes.data(), bytes.size());
    ArgvStorage storage;
    HandshakeRequest request;
    const DecodeResult result =
        DecodeHandshakeRequest(request_, Limits(), &storage, &request);
    if (result.outcome == Outcome::kNeedMore) return absl::OkStatus();
    answered_ = true;
    absl::Status status;
    if (result.done()) {
      // At most 64 reads, or a byte a read would take most of the time.
      const std::string link = stream_->NextLink(request);
      piece_ = stream_->piece() == 0
                   ? link.size()
                   : std::max(stream_->piece(), (link.size() + 63) / 64);
      piece_ = std::max<size_t>(piece_, 1);
      status = primary_->Write(link, absl::ZeroDuration());
    }
    primary_->CloseWrite();
    return status;
  }

 private:
  const std::unique_ptr<InMemoryTransport> primary_;
  const std::shared_ptr<FuzzStream> stream_;
  std::string request_;
  bool answered_ = false;
  size_t piece_ = 1;
};

}  // namespace

TransportFactory FuzzPrimary::InMemory() const {
  return [stream = stream_]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    if (stream->done()) return absl::InvalidArgumentError(kEnd);
    return std::make_unique<FuzzLink>(InMemoryTransport::CreatePair(), stream);
  };
}

bool FuzzPrimary::IsEnd(const absl::Status& status) {
  return absl::IsInvalidArgument(status) &&
         absl::StrContains(status.message(), kEnd);
}

}  // namespace kevy_replica
