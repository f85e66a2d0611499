// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "index.h"

#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_event.h"

using kevy_replica::FeedPosition;
using kevy_replica::FrameView;

absl::Status Index::OnFrames(absl::Span<const FrameView> frames,
                             const FeedPosition&) {
  for (const FrameView& frame : frames) {
    const kevy_replica::ArgvView argv = frame.argv();
    if (argv.size() == 3 && argv[0] == "SET") {
      strings_[std::string(argv[1])] = std::string(argv[2]);
    } else if (argv.size() == 2 && argv[0] == "DEL") {
      strings_.erase(std::string(argv[1]));
    }
  }
  return absl::OkStatus();
}

absl::Status Index::OnReset(const FeedPosition&) {
  strings_.clear();
  return absl::OkStatus();
}

absl::Status Index::OnSnapshotBegin() {
  loading_.clear();
  return absl::OkStatus();
}

absl::Status Index::OnPayload(const kevy_replica::PayloadEvent& event) {
  if (const auto* record = std::get_if<kevy_replica::RecordBegin>(&event)) {
    key_ = std::string(record->key);
  } else if (const auto* value =
                 std::get_if<kevy_replica::StringValue>(&event)) {
    loading_[key_] = std::string(value->value);
  }
  return absl::OkStatus();
}

absl::Status Index::OnSnapshotEnd(const FeedPosition&) {
  strings_ = std::exchange(loading_, {});
  return absl::OkStatus();
}
