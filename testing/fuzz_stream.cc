// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/fuzz_stream.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/internal/fuzz_input.h"
#include "kevy_replica/testing/internal/fuzz_payload.h"

namespace kevy_replica {
namespace {

using testing_internal::FuzzInput;
using testing_internal::FuzzPayload;

void Check(WireError error) {
  if (error == WireError::kNone) return;
  std::fprintf(stderr, "FuzzStream: %s\n",
               std::string(WireErrorName(error)).c_str());
  std::abort();
}

// Commands as replicas see them: K is one of a few keys, V any bytes, N a
// number, L a long value. The last one is a name of any bytes.
constexpr absl::string_view kCommands[] = {
    "SET K V",           "DEL K",         "INCR K",
    "HSET K V V",        "RPUSH K V V",   "SADD K V",
    "ZADD K N V",        "PEXPIREAT K N", "XADD K N V V",
    "FLUSHALL",          "SET K L",       "XINTERNAL.CONSUMERSEEN K V V N",
    "ZPOPMIN.BELOW K N", "V K V N V",
};

std::vector<std::string> Command(FuzzInput* input) {
  std::vector<std::string> argv;
  const absl::string_view command =
      kCommands[input->Below(std::size(kCommands))];
  for (const absl::string_view word : absl::StrSplit(command, ' ')) {
    if (word == "K") {
      argv.push_back(absl::StrCat("k", input->Below(8)));
    } else if (word == "V") {
      argv.emplace_back(input->String());
    } else if (word == "N") {
      argv.push_back(absl::StrCat(input->Number()));
    } else if (word == "L") {
      argv.emplace_back(size_t{16} * input->Byte(), 'x');
    } else {
      argv.emplace_back(word);
    }
  }
  return argv;
}

// Beginnings of elements that declare much and bring nothing.
constexpr absl::string_view kDeclarations[] = {
    "*2\r\n:0\r\n*1048576\r\n",
    "*2\r\n:0\r\n*1\r\n$536870912\r\n",
    "*2\r\n:0\r\n*-1\r\n",
    "*2\r\n:9223372036854775807\r\n",
    "$65536\r\n",
    "$-1\r\n",
    "+PING 18446744073709551615 18446744073709551615\r\n",
    "+SNAPSHOT\r\n",
    "+SNAPSHOT_END 9223372036854775807\r\n",
    "+ACK 1 1\r\n",
};

}  // namespace

FuzzStream::FuzzStream(absl::string_view bytes,
                       const FuzzStreamOptions& options)
    : input_(bytes),
      options_(options),
      old_heartbeats_(options.protocol == Protocol::kV1 && input_.Bool()),
      // Far from the largest number, so that each history can have a larger
      // one.
      generation_(1 + input_.Number() / 2) {
  switch (input_.Below(4)) {
    case 0:
      base_ = input_.Byte();
      break;
    case 1:
      base_ = kMaxFrameOffset - input_.Byte();
      break;
    default:
      break;
  }
}

std::string FuzzStream::NextLink(const HandshakeRequest& request) {
  link_.clear();
  BetweenLinks();
  piece_ = input_.Byte();
  if (request.protocol != options_.protocol) return "";
  Answer(request);
  Steps();
  if (options_.cuts && !link_.empty()) {
    link_.resize(link_.size() - std::min<size_t>(link_.size(), input_.Byte()));
  }
  made_ += link_.size();
  return std::move(link_);
}

// The primary's life while the replica is away.
void FuzzStream::BetweenLinks() {
  switch (input_.Below(8)) {
    case 1:
      BeginHistory();
      break;
    case 2:  // The backlog loses its oldest frames.
      base_ += log_.size() / 2;
      log_.erase(log_.begin(),
                 log_.begin() + static_cast<ptrdiff_t>(log_.size() / 2));
      break;
    case 3:
    case 4:
      WriteFrames(input_.Below(4));
      break;
    default:
      break;
  }
}

void FuzzStream::BeginHistory() {
  generation_ += 1 + input_.Byte();
  base_ = 0;
  log_.clear();
}

void FuzzStream::WriteFrames(size_t count) {
  for (; count > 0 && next_offset() <= kMaxFrameOffset; --count) {
    const std::vector<std::string> argv = Command(&input_);
    std::string frame;
    Check(AppendFrame(next_offset(), argv, &frame));
    made_ += frame.size();
    log_.push_back(std::move(frame));
  }
}

void FuzzStream::Answer(const HandshakeRequest& request) {
  const bool known =
      request.protocol == Protocol::kV1 || request.generation == generation_;
  silent_ = request.protocol == Protocol::kV1 && request.offset > next_offset();
  const bool resumes =
      known && request.offset >= base_ && request.offset <= next_offset();
  HandshakeAnswer answer;
  answer.protocol = request.protocol;
  answer.generation = request.protocol == Protocol::kV2 ? generation_ : 0;
  answer.offset = request.offset;
  const bool embedded = !resumes && !silent_ && input_.Bool();
  if (embedded) answer.offset = next_offset();
  Check(Append(answer, &link_));
  sent_ = request.offset;
  if (!resumes && !silent_) Snapshot();
  SendLog();
}

void FuzzStream::Steps() {
  while (!input_.done() && made_ + link_.size() < options_.max_bytes) {
    const size_t step = input_.Below(options_.corruptions ? 16 : 12);
    if (step < 6) {
      Frames();
    } else if (step < 8) {
      MaybeHeartbeat();
    } else if (step == 8) {
      BeginHistory();
      Snapshot();
    } else if (step == 9) {  // The replica fell behind.
      WriteFrames(input_.Below(3));
      Snapshot();
    } else if (step < 12) {
      return;
    } else {
      Corrupt();
    }
  }
}

void FuzzStream::Frames() {
  WriteFrames(1 + input_.Below(4));
  MaybeHeartbeat();
  SendLog();
}

void FuzzStream::SendLog() {
  if (silent_) return;
  for (; sent_ < next_offset(); ++sent_) link_ += log_[sent_ - base_];
}

void FuzzStream::SendHeartbeat(uint64_t generation, uint64_t next_offset) {
  Heartbeat heartbeat;
  heartbeat.generation = old_heartbeats_ ? 0 : generation;
  heartbeat.next_offset = next_offset;
  Check(Append(heartbeat, &link_));
}

void FuzzStream::MaybeHeartbeat() {
  if (input_.Bool()) SendHeartbeat(generation_, next_offset());
}

void FuzzStream::Snapshot() {
  Check(Append(SnapshotBegin(), &link_));
  MaybeHeartbeat();
  const std::string payload = FuzzPayload(generation_, next_offset(), &input_);
  const size_t chunk = input_.Byte();
  for (absl::string_view rest = payload; !rest.empty();) {
    const size_t size =
        chunk == 0 ? rest.size()
                   : std::min(rest.size(), std::max(chunk, rest.size() / 4));
    Check(Append(SnapshotChunk{rest.substr(0, size)}, &link_));
    rest.remove_prefix(size);
  }
  MaybeHeartbeat();
  Check(Append(SnapshotEnd{next_offset()}, &link_));
  // The backlog begins with the snapshot.
  base_ = next_offset();
  log_.clear();
  sent_ = base_;
  silent_ = false;
}

void FuzzStream::Corrupt() {
  const size_t back = std::min<size_t>(link_.size(), input_.Byte());
  const size_t at = link_.size() - back;
  switch (input_.Below(8)) {
    case 0:
      if (back > 0) link_[at] = static_cast<char>(link_[at] ^ input_.Byte());
      break;
    case 1:
      link_.insert(at, std::string(input_.Bytes(input_.Below(9))));
      break;
    case 2:
      link_.erase(at, 1 + input_.Below(8));
      break;
    case 3:
      link_ += std::string(link_, at, back);
      break;
    case 4:
      absl::StrAppend(&link_,
                      kDeclarations[input_.Below(std::size(kDeclarations))]);
      break;
    case 5: {
      const uint64_t generation = input_.Bool() ? generation_ : input_.Number();
      SendHeartbeat(generation, input_.Number());
      break;
    }
    case 6: {  // A frame is missing.
      const uint64_t before = next_offset();
      WriteFrames(1);
      if (sent_ == before) sent_ = next_offset();
      break;
    }
    default: {  // A frame of the wrong history, or a repeated one.
      const uint64_t offset = input_.Number() >> 1;
      Check(AppendFrame(offset, {"SET", "foreign", "x"}, &link_));
    }
  }
}

std::string MakeFuzzStream(absl::string_view bytes,
                           const FuzzStreamOptions& options) {
  FuzzStream stream(bytes, options);
  HandshakeRequest request;
  request.protocol = options.protocol;
  request.replica_id = "fuzz";
  return stream.NextLink(request);
}

}  // namespace kevy_replica
