// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/reply_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

ReplyDecoder::ReplyDecoder(const ReplyLimits& limits) : scanner_(limits) {}

absl::Span<char> ReplyDecoder::Prepare(size_t min) {
  Release();
  return buffer_.Prepare(std::max<size_t>(min, 1));
}

void ReplyDecoder::Commit(size_t n) { buffer_.Commit(n); }

void ReplyDecoder::Feed(absl::string_view bytes) {
  if (bytes.empty()) return;
  const absl::Span<char> room = Prepare(bytes.size());
  if (room.empty()) std::abort();
  std::memcpy(room.data(), bytes.data(), bytes.size());
  Commit(bytes.size());
}

// Ends the validity of the last reply.
void ReplyDecoder::Release() {
  if (release_ == 0) return;
  buffer_.Consume(release_);
  release_ = 0;
  reply_ = ReplyView();
  scanner_.Start();
}

Outcome ReplyDecoder::Next() {
  if (error_ != WireError::kNone) return Outcome::kError;
  Release();
  const absl::string_view bytes = buffer_.bytes();
  const DecodeResult result = scanner_.Scan(bytes.data(), bytes.size());
  switch (result.outcome) {
    case Outcome::kDone:
      release_ = result.bytes_decoded;
      bytes_decoded_ += result.bytes_decoded;
      reply_ = ReplyView(bytes.data(), scanner_.nodes());
      break;
    case Outcome::kNeedMore:
      break;
    case Outcome::kError:
      error_ = result.error;
      error_in_buffer_ = result.bytes_decoded;
      bytes_decoded_ += result.bytes_decoded;
      break;
  }
  return result.outcome;
}

absl::string_view ReplyDecoder::Excerpt(size_t max) const {
  // After an error the buffer begins with the wrong reply.
  const size_t at = error_ == WireError::kNone ? 0 : error_in_buffer_;
  const size_t begin = at - std::min(at, max / 2);
  return buffer_.bytes().substr(begin, max);
}

}  // namespace kevy_replica
