// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/small_keys.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/key_comparison.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {
namespace {

// The commands for a type, and the largest size that is small.
struct SmallType {
  absl::string_view type;
  absl::string_view size_command;
  int64_t most;
  // The command for the whole value, with the key behind its name.
  absl::string_view read_command;
  std::vector<absl::string_view> read_arguments;
  size_t step;     // Replies for an element.
  bool has_order;  // The elements have one.
};

const std::vector<SmallType>& SmallTypes() {
  static const auto* const types = new std::vector<SmallType>{
      {"string", "STRLEN", 64 << 10, "GET", {}, 1, true},
      {"hash", "HLEN", 128, "HGETALL", {}, 2, false},
      {"list", "LLEN", 128, "LRANGE", {"0", "-1"}, 1, true},
      {"set", "SCARD", 128, "SMEMBERS", {}, 1, false},
      {"zset", "ZCARD", 128, "ZRANGE", {"0", "-1", "WITHSCORES"}, 2, false},
  };
  return *types;
}

const SmallType* FindSmallType(absl::string_view type) {
  for (const SmallType& small : SmallTypes()) {
    if (small.type == type) return &small;
  }
  return nullptr;
}

// The texts of the elements, each name with its value, in an order that is the
// same for equal values.
std::vector<std::pair<absl::string_view, absl::string_view>> Pairs(
    const SmallType& type, const TargetReply& reply) {
  std::vector<std::pair<absl::string_view, absl::string_view>> pairs;
  for (size_t i = 0; i + type.step <= reply.elements.size(); i += type.step) {
    pairs.emplace_back(reply.elements[i].text,
                       reply.elements[i + type.step - 1].text);
  }
  if (!type.has_order) std::sort(pairs.begin(), pairs.end());
  return pairs;
}

bool SameValue(const SmallType& type, const TargetReply& a,
               const TargetReply& b) {
  if (a.is_error() || a.type != b.type) return false;
  if (a.type != TargetReply::Type::kArray) return SameReply(a, b);
  const auto a_pairs = Pairs(type, a);
  const auto b_pairs = Pairs(type, b);
  return a.elements.size() == b.elements.size() &&
         std::equal(a_pairs.begin(), a_pairs.end(), b_pairs.begin(),
                    b_pairs.end(), [&](const auto& x, const auto& y) {
                      return x.first == y.first &&
                             (type.type == "zset"
                                  ? SameScore(x.second, y.second)
                                  : x.second == y.second);
                    });
}

// A key that may be equal and small.
struct Candidate {
  size_t index;  // In `keys`.
  const SmallType* type;
};

class Finder {
 public:
  Finder(absl::Span<const std::string> keys, absl::Duration tolerance,
         Server* primary, Server* target)
      : keys_(keys),
        tolerance_(tolerance),
        primary_(primary),
        target_(target) {}

  absl::StatusOr<std::vector<std::string>> Find() {
    absl::Status status = CompareStates();
    if (status.ok()) {
      status = Filter(
          [](const Candidate& candidate, const std::string& key, Server* side) {
            side->Add({candidate.type->size_command, key});
          },
          [](const Candidate& candidate, const TargetReply& a,
             const TargetReply& b) {
            return a.type == TargetReply::Type::kInteger && SameReply(a, b) &&
                   a.integer <= candidate.type->most;
          });
    }
    if (status.ok()) {
      status = Filter(
          [](const Candidate& candidate, const std::string& key, Server* side) {
            std::vector<absl::string_view> argv = {candidate.type->read_command,
                                                   key};
            argv.insert(argv.end(), candidate.type->read_arguments.begin(),
                        candidate.type->read_arguments.end());
            side->Add(argv);
          },
          [](const Candidate& candidate, const TargetReply& a,
             const TargetReply& b) {
            return SameValue(*candidate.type, a, b);
          });
    }
    if (!status.ok()) return status;
    std::vector<std::string> types(keys_.size());
    for (const Candidate& candidate : candidates_) {
      types[candidate.index] = std::string(candidate.type->type);
    }
    return types;
  }

 private:
  // Fills the candidates.
  absl::Status CompareStates() {
    for (Server* const side : {primary_, target_}) {
      for (const std::string& key : keys_) side->AddState(key);
      absl::Status sent = side->Send();
      if (!sent.ok()) return sent;
    }
    const bool leaves_hashes =
        primary_->tells_field_deadlines() && target_->tells_field_deadlines();
    for (size_t i = 0; i < keys_.size(); ++i) {
      const absl::StatusOr<KeyState> own = primary_->ReceiveState();
      if (!own.ok()) return own.status();
      const absl::StatusOr<KeyState> other = target_->ReceiveState();
      if (!other.ok()) return other.status();
      const SmallType* const type = FindSmallType(own->type);
      if (type == nullptr || own->type != other->type || !own->error.empty() ||
          !other->error.empty() ||
          !SameDeadline(own->deadline_ms, other->deadline_ms, tolerance_) ||
          (own->type == "hash" && leaves_hashes)) {
        continue;
      }
      candidates_.push_back({i, type});
    }
    return absl::OkStatus();
  }

  // Asks both sides about all candidates. Keeps those of which `is_equal` is
  // true.
  absl::Status Filter(
      const std::function<void(const Candidate& candidate,
                               const std::string& key, Server* side)>& add,
      const std::function<bool(const Candidate& candidate, const TargetReply& a,
                               const TargetReply& b)>& is_equal) {
    for (Server* const side : {primary_, target_}) {
      for (const Candidate& candidate : candidates_) {
        add(candidate, keys_[candidate.index], side);
      }
      absl::Status sent = side->Send();
      if (!sent.ok()) return sent;
    }
    std::vector<Candidate> equal;
    for (const Candidate& candidate : candidates_) {
      const absl::StatusOr<TargetReply> own = primary_->Receive();
      if (!own.ok()) return own.status();
      const absl::StatusOr<TargetReply> other = target_->Receive();
      if (!other.ok()) return other.status();
      if (is_equal(candidate, *own, *other)) equal.push_back(candidate);
    }
    candidates_ = std::move(equal);
    return absl::OkStatus();
  }

  const absl::Span<const std::string> keys_;
  const absl::Duration tolerance_;
  Server* const primary_;
  Server* const target_;
  std::vector<Candidate> candidates_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> FindEqualSmallKeys(
    absl::Span<const std::string> keys, absl::Duration tolerance,
    Server* primary, Server* target) {
  absl::StatusOr<std::vector<std::string>> types =
      Finder(keys, tolerance, primary, target).Find();
  if (!absl::IsResourceExhausted(types.status())) return types;
  // Both: replies to the other side may be on their way.
  for (Server* const side : {primary, target}) {
    absl::Status connected = side->Connect();
    if (!connected.ok()) return connected;
  }
  return std::vector<std::string>(keys.size());
}

}  // namespace kevy_replica
