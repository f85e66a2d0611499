// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/history.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/simulation/dataset.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace simulation {

std::string ToString(const Mark& mark) {
  return absl::StrCat(mark.history, "@", mark.offset);
}

std::optional<Mark> ParseMark(absl::string_view text) {
  Mark mark;
  const size_t at = text.find('@');
  uint64_t history = 0;
  if (at == absl::string_view::npos ||
      !absl::SimpleAtoi(text.substr(0, at), &history) ||
      !absl::SimpleAtoi(text.substr(at + 1), &mark.offset)) {
    return std::nullopt;
  }
  mark.history = static_cast<size_t>(history);
  return mark;
}

History::History(size_t number, uint64_t generation, uint64_t base,
                 Dataset initial)
    : number_(number),
      generation_(generation),
      base_(base),
      initial_(std::move(initial)),
      state_(initial_),
      hashes_({state_.hash()}) {}

void History::Write(absl::string_view command, absl::string_view key,
                    absl::string_view value) {
  const Mark mark = {number_, next_offset()};
  const std::string name = ToString(mark);
  std::string frame;
  if (!state_.Apply(command, key, value) ||
      AppendFrame(mark.offset, {command, key, value, name}, &frame) !=
          WireError::kNone) {
    std::abort();
  }
  writes_.push_back({std::string(command), std::string(key), std::string(value),
                     std::move(frame)});
  hashes_.push_back(state_.hash());
}

Dataset History::StateAt(uint64_t offset) const {
  Dataset data = initial_;
  for (size_t i = 0; i < offset - base_; ++i) {
    data.Apply(writes_[i].command, writes_[i].key, writes_[i].value);
  }
  return data;
}

void Histories::Begin(uint64_t generation, uint64_t base, Dataset initial) {
  histories_.emplace_back(histories_.size(), generation, base,
                          std::move(initial));
}

std::string SnapshotPayload(const Histories& histories, const Mark& mark) {
  const History& history = histories[mark.history];
  const Dataset data = mark.offset == history.next_offset()
                           ? history.state()
                           : history.StateAt(mark.offset);
  return absl::StrCat(ToString(mark), "\n", data.Serialize());
}

bool ParseSnapshotPayload(absl::string_view payload, Mark* mark,
                          Dataset* data) {
  const size_t line_end = payload.find('\n');
  if (line_end == absl::string_view::npos) return false;
  const std::optional<Mark> parsed = ParseMark(payload.substr(0, line_end));
  if (!parsed.has_value()) return false;
  *mark = *parsed;
  return data->Parse(payload.substr(line_end + 1));
}

}  // namespace simulation
}  // namespace kevy_replica
