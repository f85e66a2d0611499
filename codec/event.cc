// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/event.h"

#include <ostream>
#include <string>
#include <variant>

#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {

void AppendText(const StreamEvent& event, std::string* out) {
  std::visit([out](const auto& element) { AppendText(element, out); }, event);
}

std::ostream& operator<<(std::ostream& out, const StreamEvent& event) {
  std::visit([&out](const auto& element) { out << element; }, event);
  return out;
}

}  // namespace kevy_replica
