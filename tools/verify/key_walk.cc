// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/key_walk.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {
namespace {

using Take = std::function<absl::Status(const Piece& piece)>;

constexpr int64_t kPieceBytes = 256 << 10;
// More rounds than any real value needs: one that never ends must not keep the
// program.
constexpr int kMaxRounds = 10'000'000;

absl::Status Endless(const Server& server, absl::string_view command) {
  return absl::FailedPreconditionError(
      absl::StrCat(server.name(), ": ", command, " does not end"));
}

absl::Status Malformed(const Server& server, absl::string_view command) {
  return absl::FailedPreconditionError(absl::StrCat(
      server.name(), ": the reply to ", command, " has another form"));
}

// The reply to a command that reads the key. Asks again for fewer elements
// while the reply is over a limit; `argv` makes the command for a number.
absl::StatusOr<TargetReply> Read(
    Server* server, int64_t* count,
    const std::function<std::vector<std::string>(int64_t count)>& argv) {
  while (true) {
    const std::vector<std::string> words = argv(*count);
    absl::StatusOr<TargetReply> reply =
        server->Ask(std::vector<absl::string_view>(words.begin(), words.end()));
    if (absl::IsResourceExhausted(reply.status())) {
      absl::Status connected = server->Connect();
      if (!connected.ok()) return connected;
      if (*count == 1) return reply;
      *count = FewerElements(*count);
      continue;
    }
    if (!reply.ok() || !reply->is_error()) return reply;
    const std::string message =
        absl::StrCat(server->name(), ": ", words[0], ": ", reply->text);
    return IsChangedKey(*reply) ? absl::NotFoundError(message)
                                : absl::FailedPreconditionError(message);
  }
}

bool IsArray(const TargetReply& reply) {
  return reply.type == TargetReply::Type::kArray;
}

// Whether all are values without elements.
bool AreTexts(const std::vector<TargetReply>& elements) {
  return std::all_of(elements.begin(), elements.end(),
                     [](const TargetReply& element) {
                       return element.type == TargetReply::Type::kText ||
                              element.type == TargetReply::Type::kNull;
                     });
}

absl::Status WalkString(Server* server, const std::string& key,
                        const Take& take) {
  Piece piece;
  int64_t count = kPieceBytes;
  for (int round = 0; round < kMaxRounds; ++round) {
    absl::StatusOr<TargetReply> reply =
        Read(server, &count, [&](int64_t bytes) {
          return std::vector<std::string>{
              "GETRANGE", key, absl::StrCat(piece.begin),
              absl::StrCat(piece.begin + bytes - 1)};
        });
    if (!reply.ok()) return reply.status();
    if (reply->type != TargetReply::Type::kText) {
      return Malformed(*server, "GETRANGE");
    }
    const int64_t size = static_cast<int64_t>(reply->text.size());
    piece.elements.assign(1, *std::move(reply));
    absl::Status status = take(piece);
    if (!status.ok() || size < count) return status;
    piece.begin += size;
  }
  return Endless(*server, "GETRANGE");
}

// Of a list or a zset, by place. `step` replies are one element.
absl::Status WalkRange(Server* server, const std::string& key,
                       const std::string& command, int64_t step,
                       const Take& take, int64_t elements) {
  Piece piece;
  int64_t count = elements;
  for (int round = 0; round < kMaxRounds; ++round) {
    absl::StatusOr<TargetReply> reply =
        Read(server, &count, [&](int64_t number) {
          std::vector<std::string> argv = {
              command, key, absl::StrCat(piece.begin),
              absl::StrCat(piece.begin + number - 1)};
          if (step == 2) argv.push_back("WITHSCORES");
          return argv;
        });
    if (!reply.ok()) return reply.status();
    const int64_t size = static_cast<int64_t>(reply->elements.size());
    if (!IsArray(*reply) || size % step != 0 || size > count * step ||
        !AreTexts(reply->elements)) {
      return Malformed(*server, command);
    }
    piece.elements = std::move(reply->elements);
    absl::Status status = take(piece);
    if (!status.ok() || size < count * step) return status;
    piece.begin += count;
  }
  return Endless(*server, command);
}

// Of a hash or a set, by cursor.
absl::Status WalkCursor(Server* server, const std::string& key,
                        const std::string& command, size_t step,
                        const Take& take, int64_t elements) {
  std::string cursor = "0";
  int64_t count = elements;
  for (int round = 0; round < kMaxRounds; ++round) {
    absl::StatusOr<TargetReply> reply =
        Read(server, &count, [&](int64_t number) {
          return std::vector<std::string>{command, key, cursor, "COUNT",
                                          absl::StrCat(number)};
        });
    if (!reply.ok()) return reply.status();
    if (reply->elements.size() != 2 || !IsArray(reply->elements[1]) ||
        reply->elements[1].elements.size() % step != 0 ||
        !AreTexts(reply->elements[1].elements) ||
        (reply->elements[0].text == cursor && cursor != "0")) {
      return Malformed(*server, command);
    }
    cursor = reply->elements[0].text;
    std::vector<TargetReply>& taken = reply->elements[1].elements;
    const size_t most = static_cast<size_t>(kPieceElements) * step;
    for (size_t begin = 0; begin < taken.size(); begin += most) {
      Piece piece;
      const auto first = taken.begin() + static_cast<ptrdiff_t>(begin);
      piece.elements.assign(
          std::make_move_iterator(first),
          std::make_move_iterator(first + static_cast<ptrdiff_t>(std::min(
                                              most, taken.size() - begin))));
      absl::Status status = take(piece);
      if (!status.ok()) return status;
    }
    if (cursor == "0") return absl::OkStatus();
  }
  return Endless(*server, command);
}

bool IsEntry(const TargetReply& entry) {
  return entry.elements.size() == 2 &&
         entry.elements[0].type == TargetReply::Type::kText &&
         IsArray(entry.elements[1]) && AreTexts(entry.elements[1].elements);
}

absl::Status WalkStream(Server* server, const std::string& key,
                        const Take& take, int64_t elements) {
  Piece piece;
  piece.begin_id = "0-0";
  int64_t count = elements;
  for (int round = 0; round < kMaxRounds; ++round) {
    absl::StatusOr<TargetReply> reply =
        Read(server, &count, [&](int64_t entries) {
          return std::vector<std::string>{
              "XRANGE", key,     piece.begin_id,
              "+",      "COUNT", absl::StrCat(entries)};
        });
    if (!reply.ok()) return reply.status();
    const int64_t size = static_cast<int64_t>(reply->elements.size());
    if (!IsArray(*reply) || size > count ||
        !std::all_of(reply->elements.begin(), reply->elements.end(), IsEntry)) {
      return Malformed(*server, "XRANGE");
    }
    piece.elements = std::move(reply->elements);
    absl::Status status = take(piece);
    if (!status.ok() || size < count) return status;
    const std::string& last = piece.elements.back().elements[0].text;
    // Ids that go back would have no end.
    if (IsBefore(ParseStreamId(last).value_or(StreamId()),
                 ParseStreamId(piece.begin_id).value_or(StreamId()))) {
      return Malformed(*server, "XRANGE");
    }
    piece.begin_id = NextStreamId(last);
    if (piece.begin_id.empty()) return absl::OkStatus();
  }
  return Endless(*server, "XRANGE");
}

}  // namespace

bool IsKnownType(absl::string_view type) {
  return type == "string" || type == "hash" || type == "list" ||
         type == "set" || type == "zset" || type == "stream";
}

absl::Status Walk(Server* server, absl::string_view key_view,
                  absl::string_view type, const Take& take, int64_t elements) {
  const std::string key(key_view);
  if (type == "string") return WalkString(server, key, take);
  if (type == "list")
    return WalkRange(server, key, "LRANGE", 1, take, elements);
  if (type == "zset")
    return WalkRange(server, key, "ZRANGE", 2, take, elements);
  if (type == "hash")
    return WalkCursor(server, key, "HSCAN", 2, take, elements);
  if (type == "set") return WalkCursor(server, key, "SSCAN", 1, take, elements);
  return WalkStream(server, key, take, elements);
}

std::optional<StreamId> ParseStreamId(absl::string_view id) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(id, absl::MaxSplits('-', 1));
  const std::optional<uint64_t> ms = internal::ParseDecimal(parts.first);
  const std::optional<uint64_t> seq = internal::ParseDecimal(parts.second);
  if (!ms.has_value() || !seq.has_value()) return std::nullopt;
  return StreamId{*ms, *seq};
}

bool IsBefore(const StreamId& a, const StreamId& b) {
  return std::tie(a.ms, a.seq) < std::tie(b.ms, b.seq);
}

std::string NextStreamId(absl::string_view text) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const std::optional<StreamId> id = ParseStreamId(text);
  if (!id.has_value()) return "";
  if (id->seq != kMost) return absl::StrCat(id->ms, "-", id->seq + 1);
  if (id->ms != kMost) return absl::StrCat(id->ms + 1, "-0");
  return "";
}

}  // namespace kevy_replica
