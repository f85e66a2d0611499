// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The replies of both servers to kevy_verify, and of the target to the mirror's
// questions about its record. The first bytes choose the question. The answers
// keep their contracts, every error is a documented one, and each text is
// printable.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/fuzz/byte_link.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/tight_reply_limits.h"
#include "kevy_replica/testing/internal/fuzz_input.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/key_comparison.h"
#include "kevy_replica/tools/verify/key_walk.h"
#include "kevy_replica/tools/verify/key_watch.h"
#include "kevy_replica/tools/verify/mirror_progress.h"
#include "kevy_replica/tools/verify/server.h"
#include "kevy_replica/tools/verify/small_keys.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using testing_internal::FuzzInput;

constexpr size_t kMaxConnections = 20;
constexpr const char* kTypes[] = {"string", "hash", "list",
                                  "set",    "zset", "stream"};

bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
}

// Checks the errors of all functions over a Server.
bool IsOk(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return true;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDeadlineExceeded:
      FUZZ_CHECK(IsPrintable(status.message()));
      return false;
    default:
      FUZZ_CHECK(status.ok());
      return false;
  }
}

void CheckWalk(FuzzInput* input, Server* server) {
  const std::string type = kTypes[input->Below(6)];
  const int64_t elements = static_cast<int64_t>(1 + input->Below(3));
  int64_t next = 0;
  const absl::Status status = Walk(
      server, "key", type,
      [&](const Piece& piece) {
        const auto size = static_cast<int64_t>(piece.elements.size());
        FUZZ_CHECK(size <= 2 * kPieceElements);
        if (type == "string" || type == "list") {
          FUZZ_CHECK(piece.begin == next);
          next += type == "list"
                      ? size
                      : static_cast<int64_t>(piece.elements[0].text.size());
        }
        for (const TargetReply& element : piece.elements) {
          FUZZ_CHECK(!element.is_error());
          FUZZ_CHECK((element.type == TargetReply::Type::kArray) ==
                     (type == "stream"));
        }
        return absl::OkStatus();
      },
      elements);
  if (!absl::IsNotFound(status)) IsOk(status);
}

void CheckComparison(Server* primary, Server* target) {
  const absl::StatusOr<KeyComparison> result =
      CompareKey("key", absl::Seconds(1), 2, primary, target);
  if (!IsOk(result.status())) return;
  FUZZ_CHECK(IsPrintable(result->text));
  FUZZ_CHECK(result->text.empty() == (result->outcome == KeyOutcome::kEqual ||
                                      result->outcome == KeyOutcome::kChanged));
}

void CheckSmallKeys(Server* primary, Server* target) {
  const std::vector<std::string> keys = {"a", "b", "c"};
  const absl::StatusOr<std::vector<std::string>> types =
      FindEqualSmallKeys(keys, absl::Seconds(1), primary, target);
  if (!IsOk(types.status())) return;
  FUZZ_CHECK(types->size() == keys.size());
  for (const std::string& type : *types) {
    FUZZ_CHECK(type.empty() || IsKnownType(type));
  }
}

void CheckProgress(FuzzInput* input, Server* primary, Server* target) {
  MirrorProgressOptions options;
  options.timeout = absl::ZeroDuration();
  options.interrupter = std::make_shared<Interrupter>();
  const size_t shards = input->Below(3);
  options.is_cluster = input->Bool();
  MirrorProgress progress(options, primary, target);
  if (!IsOk(progress.Begin(shards))) return;
  const absl::StatusOr<ReplicationToken> begin = progress.Token();
  if (!IsOk(begin.status())) return;
  FUZZ_CHECK(!begin->shards.empty());
  const absl::StatusOr<bool> between =
      progress.IsBetween(*begin, &*begin, "key");
  if (!IsOk(between.status())) return;
  if (*between) IsOk(progress.WaitFor(*begin, {"key"}));
}

void CheckRecord(FuzzInput* input, CheckedLink* link) {
  const size_t shards = 1 + input->Below(3);
  const absl::StatusOr<MirrorRecord> record =
      ReadMirrorRecord("kevy_mirror", shards, link);
  if (!IsOk(record.status())) return;
  FUZZ_CHECK(record->shards.size() == shards);
  bool is_loading = false;
  for (const ShardRecord& shard : record->shards) {
    const bool is_at = shard.state == ShardRecord::State::kAt;
    FUZZ_CHECK(is_at ? ParseFeedPosition(shard.text) == shard.position
                     : shard.position == FeedPosition());
    is_loading = is_loading || shard.state == ShardRecord::State::kLoading;
  }
  FUZZ_CHECK(record->is_loading() == is_loading);
  FUZZ_CHECK(!record->is_untold() || (record->exists && !is_loading));
}

void Run(FuzzInput input, size_t size) {
  const size_t question = input.Below(6);
  const TargetReplyLimits limits =
      input.Bool() ? TightReplyLimits() : TargetReplyLimits();
  FuzzInput details(input.Bytes(2));
  absl::string_view replies[2];
  replies[0] = input.Bytes(4 * input.Byte());
  replies[1] = input.Bytes(size);
  const auto connector = [&limits](absl::string_view* bytes) {
    return [bytes, limits, left = kMaxConnections]() mutable
               -> absl::StatusOr<std::unique_ptr<TargetLink>> {
      if (left-- == 0) return absl::UnavailableError("no more connections");
      return std::make_unique<ByteLink>(bytes, limits);
    };
  };
  Server primary("the primary", connector(&replies[0]));
  Server target("the target", connector(&replies[1]));
  if (!IsOk(primary.Connect()) || !IsOk(target.Connect())) return;
  switch (question) {
    case 0:
      return CheckWalk(&details, &target);
    case 1:
      return CheckSmallKeys(&primary, &target);
    case 2:
      return CheckProgress(&details, &primary, &target);
    case 3:
      return CheckRecord(&details, target.link());
    case 4: {
      KeyWatch watch(&target);
      if (IsOk(watch.Begin("key"))) IsOk(watch.Stood().status());
      return;
    }
    default:
      return CheckComparison(&primary, &target);
  }
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Run(kevy_replica::testing_internal::FuzzInput(bytes), size);
  return 0;
}
