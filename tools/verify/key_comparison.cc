// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/key_comparison.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/key_walk.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {
namespace {

// The longest excerpt of a value in a message, in bytes.
constexpr size_t kExcerptBytes = 48;

std::string Excerpt(absl::string_view bytes) {
  const std::string text = Escaped(bytes.substr(0, kExcerptBytes));
  return bytes.size() > kExcerptBytes
             ? absl::StrCat(text, "... (", bytes.size(), " bytes)")
             : text;
}

std::string Shown(const TargetReply& reply) {
  switch (reply.type) {
    case TargetReply::Type::kNull:
      return "missing";
    case TargetReply::Type::kText:
      return Excerpt(reply.text);
    case TargetReply::Type::kInteger:
      return absl::StrCat(reply.integer);
    case TargetReply::Type::kArray:
      return "another form";
    case TargetReply::Type::kError:
      return reply.text;
  }
  return "";
}

std::string Shown(std::optional<int64_t> deadline_ms) {
  return deadline_ms.has_value() ? absl::StrCat(*deadline_ms) : "none";
}

// "x, target y", in the primary's view whichever side is walked.
std::string Both(bool walks_target, absl::string_view walked,
                 absl::string_view asked) {
  return walks_target ? absl::StrCat(asked, ", target ", walked)
                      : absl::StrCat(walked, ", target ", asked);
}

// Compares the value of one key: pieces of one side with the other's.
class PieceComparison {
 public:
  PieceComparison(absl::string_view key, absl::string_view type,
                  absl::Duration tolerance, Server* walked, Server* asked,
                  bool walks_target)
      : key_(key),
        type_(type),
        tolerance_(tolerance),
        walked_(walked),
        asked_(asked),
        walks_target_(walks_target) {}

  // Walks the value up to the first difference. Sets it, as text, or "".
  // Errors: Walk()'s.
  absl::Status Find(int64_t elements, std::string* difference) {
    absl::Status status = Walk(
        walked_, key_, type_,
        [this](const Piece& piece) {
          absl::Status taken = Take(piece);
          return taken.ok() && !difference_.empty() ? absl::AbortedError("")
                                                    : taken;
        },
        elements);
    *difference = difference_;
    return absl::IsAborted(status) ? absl::OkStatus() : status;
  }

 private:
  absl::Status Take(const Piece& piece) {
    if (type_ == "string" || type_ == "list") return TakeRange(piece);
    if (type_ == "stream") return TakeEntries(piece);
    if (piece.elements.empty()) return absl::OkStatus();
    absl::Status status = TakeElements(piece);
    if (!status.ok() || type_ != "hash" || !difference_.empty()) return status;
    return TakeFieldDeadlines(piece);
  }

  // Receives a reply of the asked side that must not be an error.
  absl::StatusOr<TargetReply> ReceiveValue(absl::string_view command) {
    absl::StatusOr<TargetReply> reply = asked_->Receive();
    if (!reply.ok() || !reply->is_error()) return reply;
    const std::string message =
        absl::StrCat(asked_->name(), ": ", command, ": ", reply->text);
    return IsChangedKey(*reply) ? absl::NotFoundError(message)
                                : absl::FailedPreconditionError(message);
  }

  absl::StatusOr<TargetReply> AskValue(const std::vector<std::string>& argv) {
    asked_->Add(std::vector<absl::string_view>(argv.begin(), argv.end()));
    const absl::Status sent = asked_->Send();
    if (!sent.ok()) return sent;
    return ReceiveValue(argv[0]);
  }

  void Differ(absl::string_view place, absl::string_view walked,
              absl::string_view asked) {
    difference_ = absl::StrCat(place, ": ", Both(walks_target_, walked, asked));
  }

  absl::Status TakeRange(const Piece& piece) {
    const bool is_list = type_ == "list";
    const int64_t size = static_cast<int64_t>(
        is_list ? piece.elements.size() : piece.elements[0].text.size());
    if (size == 0) return absl::OkStatus();
    const absl::StatusOr<TargetReply> reply = AskValue(
        {is_list ? "LRANGE" : "GETRANGE", key_, absl::StrCat(piece.begin),
         absl::StrCat(piece.begin + size - 1)});
    if (!reply.ok()) return reply.status();
    if (!is_list) {
      CompareBytes(piece, reply->text);
      return absl::OkStatus();
    }
    const std::vector<TargetReply>& theirs = reply->elements;
    TargetReply missing;
    for (size_t i = 0; i < piece.elements.size(); ++i) {
      const TargetReply& own = piece.elements[i];
      const TargetReply& other = i < theirs.size() ? theirs[i] : missing;
      if (SameReply(own, other)) continue;
      Differ(absl::StrCat("item ", piece.begin + static_cast<int64_t>(i)),
             Shown(own), Shown(other));
      break;
    }
    return absl::OkStatus();
  }

  void CompareBytes(const Piece& piece, absl::string_view theirs) {
    const absl::string_view own = piece.elements[0].text;
    if (own == theirs) return;
    const size_t at = static_cast<size_t>(
        std::mismatch(own.begin(),
                      own.begin() + static_cast<ptrdiff_t>(
                                        std::min(own.size(), theirs.size())),
                      theirs.begin())
            .first -
        own.begin());
    Differ(absl::StrCat("byte ", piece.begin + static_cast<int64_t>(at)),
           Excerpt(own.substr(at)), Excerpt(theirs.substr(at)));
  }

  absl::Status TakeEntries(const Piece& piece) {
    const bool is_last = piece.elements.empty();
    const absl::StatusOr<TargetReply> reply = AskValue(
        {"XRANGE", key_, piece.begin_id,
         is_last ? "+" : piece.elements.back().elements[0].text, "COUNT",
         absl::StrCat(std::max<size_t>(piece.elements.size(), 1))});
    if (!reply.ok()) return reply.status();
    const std::vector<TargetReply>& theirs = reply->elements;
    for (size_t i = 0; i < std::max(piece.elements.size(), theirs.size());
         ++i) {
      const bool own_ended = i >= piece.elements.size();
      const bool their_ended = i >= theirs.size();
      if (!own_ended && !their_ended &&
          SameReply(piece.elements[i], theirs[i])) {
        continue;
      }
      const std::string own =
          own_ended ? "missing" : EntryId(piece.elements[i]);
      const std::string other = their_ended ? "missing" : EntryId(theirs[i]);
      if (own == other) {
        Differ(absl::StrCat("entry ", own), "fields", "other fields");
      } else {
        Differ("entry", own, other);
      }
      break;
    }
    return absl::OkStatus();
  }

  static std::string EntryId(const TargetReply& entry) {
    return entry.elements.empty() ? "of another form"
                                  : Excerpt(entry.elements[0].text);
  }

  absl::Status TakeElements(const Piece& piece) {
    std::vector<absl::string_view> fields = {"HMGET", key_};
    const size_t step = type_ == "set" ? 1 : 2;
    for (size_t i = 0; i < piece.elements.size(); i += step) {
      const absl::string_view name = piece.elements[i].text;
      if (type_ == "hash") fields.push_back(name);
      if (type_ == "set") asked_->Add({"SISMEMBER", key_, name});
      if (type_ == "zset") asked_->Add({"ZSCORE", key_, name});
    }
    if (type_ == "hash") asked_->Add(fields);
    absl::Status sent = asked_->Send();
    if (!sent.ok()) return sent;
    TargetReply values;
    if (type_ == "hash") {
      absl::StatusOr<TargetReply> reply = ReceiveValue("HMGET");
      if (!reply.ok()) return reply.status();
      values = *std::move(reply);
      values.elements.resize(piece.elements.size() / step);
    }
    absl::Status refusal;
    for (size_t i = 0; i < piece.elements.size(); i += step) {
      if (type_ == "hash") {
        CompareField(piece.elements[i], piece.elements[i + 1],
                     values.elements[i / step]);
        continue;
      }
      // All replies are received, so that the next ones match their commands.
      const absl::StatusOr<TargetReply> reply =
          ReceiveValue(type_ == "set" ? "SISMEMBER" : "ZSCORE");
      if (!reply.ok()) {
        if (asked_->link()->status().ok()) {
          refusal = reply.status();
          continue;
        }
        return reply.status();
      }
      if (type_ == "set") {
        if (reply->integer == 1 || !difference_.empty()) continue;
        Differ(absl::StrCat("member ", Excerpt(piece.elements[i].text)),
               "present", "missing");
      } else {
        CompareField(piece.elements[i], piece.elements[i + 1], *reply);
      }
    }
    return refusal;
  }

  void CompareField(const TargetReply& name, const TargetReply& own,
                    const TargetReply& other) {
    if (!difference_.empty() || SameReply(own, other)) return;
    const bool is_score = type_ == "zset";
    if (is_score && other.type == TargetReply::Type::kText &&
        SameScore(own.text, other.text)) {
      return;
    }
    Differ(absl::StrCat(is_score ? "member " : "field ", Excerpt(name.text)),
           Shown(own), Shown(other));
  }

  absl::Status TakeFieldDeadlines(const Piece& piece) {
    if (!walked_->tells_field_deadlines() || !asked_->tells_field_deadlines()) {
      return absl::OkStatus();
    }
    std::vector<absl::string_view> fields;
    for (size_t i = 0; i < piece.elements.size(); i += 2) {
      fields.push_back(piece.elements[i].text);
    }
    for (Server* const server : {walked_, asked_}) {
      server->AddFieldDeadlines(key_, fields);
      absl::Status sent = server->Send();
      if (!sent.ok()) return sent;
    }
    const auto own = walked_->ReceiveFieldDeadlines();
    if (!own.ok()) return own.status();
    const auto other = asked_->ReceiveFieldDeadlines();
    if (!other.ok()) return other.status();
    if (own->size() != fields.size() || other->size() != fields.size()) {
      return absl::NotFoundError("the hash has changed");
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      if (SameDeadline((*own)[i], (*other)[i], tolerance_)) continue;
      Differ(absl::StrCat("deadline of field ", Excerpt(fields[i])),
             Shown((*own)[i]), Shown((*other)[i]));
      break;
    }
    return absl::OkStatus();
  }

  const std::string key_;
  const std::string type_;
  const absl::Duration tolerance_;
  Server* const walked_;
  Server* const asked_;
  const bool walks_target_;
  std::string difference_;
};

absl::string_view SizeCommand(absl::string_view type) {
  if (type == "string") return "STRLEN";
  if (type == "hash") return "HLEN";
  if (type == "list") return "LLEN";
  if (type == "set") return "SCARD";
  if (type == "zset") return "ZCARD";
  return "XLEN";
}

struct StreamState {
  std::string last_id;
  // "delivered 5-1, pending 2", by the group's name.
  std::map<std::string, std::string> groups;
};

absl::StatusOr<StreamState> ReadStreamState(absl::string_view key,
                                            Server* server) {
  server->Add({"XINFO", "STREAM", key});
  server->Add({"XINFO", "GROUPS", key});
  const absl::Status sent = server->Send();
  if (!sent.ok()) return sent;
  const absl::StatusOr<TargetReply> stream = server->Receive();
  if (!stream.ok()) return stream.status();
  const absl::StatusOr<TargetReply> groups = server->Receive();
  if (!groups.ok()) return groups.status();
  for (const TargetReply* const reply : {&*stream, &*groups}) {
    if (!reply->is_error()) continue;
    const std::string message =
        absl::StrCat(server->name(), ": XINFO: ", reply->text);
    return IsChangedKey(*reply) ? absl::NotFoundError(message)
                                : absl::FailedPreconditionError(message);
  }
  StreamState state;
  state.last_id = InfoValue(*stream, "last-generated-id");
  for (const TargetReply& group : groups->elements) {
    state.groups[InfoValue(group, "name")] = absl::StrCat(
        "delivered ", Escaped(InfoValue(group, "last-delivered-id")),
        ", pending ", Escaped(InfoValue(group, "pending")));
  }
  return state;
}

// Sets `*difference` to the first one of the streams' ids and groups.
absl::Status CompareStreamStates(absl::string_view key, Server* primary,
                                 Server* target, std::string* difference) {
  const absl::StatusOr<StreamState> own = ReadStreamState(key, primary);
  if (!own.ok()) return own.status();
  const absl::StatusOr<StreamState> other = ReadStreamState(key, target);
  if (!other.ok()) return other.status();
  if (own->last_id != other->last_id) {
    *difference = absl::StrCat("last id: ", Excerpt(own->last_id), ", target ",
                               Excerpt(other->last_id));
    return absl::OkStatus();
  }
  std::map<std::string, std::string> groups = own->groups;
  groups.insert(other->groups.begin(), other->groups.end());
  for (const auto& entry : groups) {
    const auto a = own->groups.find(entry.first);
    const auto b = other->groups.find(entry.first);
    const std::string a_text = a == own->groups.end() ? "missing" : a->second;
    const std::string b_text = b == other->groups.end() ? "missing" : b->second;
    if (a_text == b_text) continue;
    *difference = absl::StrCat("group ", Excerpt(entry.first), ": ", a_text,
                               ", target ", b_text);
    break;
  }
  return absl::OkStatus();
}

// Compares values of one type. Sets the difference.
absl::Status CompareValues(absl::string_view key, absl::string_view type,
                           absl::Duration tolerance, int64_t elements,
                           Server* primary, Server* target,
                           KeyComparison* result) {
  absl::Status status = PieceComparison(key, type, tolerance, primary, target,
                                        /*walks_target=*/false)
                            .Find(elements, &result->text);
  if (!status.ok() || !result->text.empty()) return status;
  int64_t sizes[2] = {0, 0};
  for (size_t i = 0; i < 2; ++i) {
    Server* const server = i == 0 ? primary : target;
    const absl::StatusOr<TargetReply> size =
        server->Ask({SizeCommand(type), key});
    if (!size.ok()) return size.status();
    // Without a size the target's elements decide.
    sizes[i] = size->type == TargetReply::Type::kInteger
                   ? size->integer
                   : -1 - static_cast<int64_t>(i);
  }
  if (sizes[0] != sizes[1]) {
    status = PieceComparison(key, type, tolerance, target, primary,
                             /*walks_target=*/true)
                 .Find(elements, &result->text);
    if (!status.ok() || !result->text.empty()) return status;
  }
  return type == "stream"
             ? CompareStreamStates(key, primary, target, &result->text)
             : absl::OkStatus();
}

}  // namespace

bool SameDeadline(std::optional<int64_t> a, std::optional<int64_t> b,
                  absl::Duration tolerance) {
  if (!a.has_value() || !b.has_value()) return a.has_value() == b.has_value();
  return absl::AbsDuration(absl::Milliseconds(*a) - absl::Milliseconds(*b)) <=
         tolerance;
}

bool IsExpiring(const KeyState& state, absl::Duration tolerance) {
  return state.deadline_ms.has_value() &&
         absl::FromUnixMillis(*state.deadline_ms) <= absl::Now() + tolerance;
}

bool SameScore(absl::string_view a, absl::string_view b) {
  double x = 0;
  double y = 0;
  return absl::SimpleAtod(a, &x) && absl::SimpleAtod(b, &y) && x == y;
}

absl::StatusOr<KeyComparison> CompareKey(absl::string_view key,
                                         absl::Duration tolerance,
                                         int64_t elements, Server* primary,
                                         Server* target) {
  absl::StatusOr<KeyState> states[2];
  for (Server* const server : {primary, target}) {
    server->AddState(key);
    const absl::Status sent = server->Send();
    if (!sent.ok()) return sent;
    absl::StatusOr<KeyState>& state = states[server == primary ? 0 : 1];
    state = server->ReceiveState();
    if (!state.ok()) return state.status();
  }
  const KeyState& own = *states[0];
  const KeyState& other = *states[1];
  KeyComparison result;
  result.type = own.exists() ? own.type : other.type;
  absl::Status status;
  if (!own.error.empty() || !other.error.empty()) {
    status = absl::FailedPreconditionError(own.error.empty() ? other.error
                                                             : own.error);
  } else if (!own.exists() || !other.exists()) {
    const KeyState& existing = own.exists() ? own : other;
    if (existing.exists() && !IsExpiring(existing, tolerance)) {
      result.text =
          own.exists() ? "missing on the target" : "on the target only";
    }
  } else if (own.type != other.type) {
    result.text = absl::StrCat("type: ", Excerpt(own.type), ", target ",
                               Excerpt(other.type));
  } else if (!IsKnownType(own.type)) {
    status = absl::FailedPreconditionError(
        absl::StrCat("values of the type ", Excerpt(own.type)));
  } else {
    status = CompareValues(key, own.type, tolerance, elements, primary, target,
                           &result);
    if (status.ok() && result.text.empty() &&
        !SameDeadline(own.deadline_ms, other.deadline_ms, tolerance)) {
      result.text = absl::StrCat("deadline: ", Shown(own.deadline_ms),
                                 ", target ", Shown(other.deadline_ms));
    }
  }
  if (!result.text.empty()) result.outcome = KeyOutcome::kDifferent;
  if (absl::IsNotFound(status)) {
    result.outcome = KeyOutcome::kChanged;
    status = absl::OkStatus();
  }
  // One key that cannot be compared does not end the comparison.
  if (absl::IsFailedPrecondition(status) || absl::IsResourceExhausted(status)) {
    result.outcome = KeyOutcome::kNotCompared;
    result.text = std::string(status.message());
    for (Server* const server : {primary, target}) {
      if (server->link()->status().ok() && server->link()->outstanding() == 0) {
        continue;
      }
      status = server->Connect();
      if (!status.ok()) return status;
    }
    return result;
  }
  if (!status.ok()) return status;
  return result;
}

}  // namespace kevy_replica
