// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/reply.h"

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

using internal::ReplyNode;

absl::string_view ReplyTypeName(ReplyType type) {
  switch (type) {
    case ReplyType::kSimpleString:
      return "simple_string";
    case ReplyType::kError:
      return "error";
    case ReplyType::kInteger:
      return "integer";
    case ReplyType::kBulk:
      return "bulk";
    case ReplyType::kNullBulk:
      return "null_bulk";
    case ReplyType::kArray:
      return "array";
    case ReplyType::kNullArray:
      return "null_array";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, ReplyType type) {
  return out << ReplyTypeName(type);
}

void AppendText(const ReplyLimits& limits, std::string* out) {
  absl::StrAppend(out, "max_bulk_bytes=", limits.max_bulk_bytes,
                  " max_line_bytes=", limits.max_line_bytes,
                  " max_elements=", limits.max_elements);
  absl::StrAppend(out, " max_depth=", limits.max_depth,
                  " max_reply_bytes=", limits.max_reply_bytes);
}

ReplyView ReplyView::operator[](size_t i) const {
  if (i >= size()) return {};
  Iterator it = begin();
  for (; i != 0; --i) ++it;
  return *it;
}

bool operator==(ReplyView a, ReplyView b) {
  const size_t nodes = a.node_->nodes;
  if (b.node_->nodes != nodes) return false;
  for (size_t i = 0; i != nodes; ++i) {
    const ReplyView x(a.base_, a.node_ + i);
    const ReplyView y(b.base_, b.node_ + i);
    if (x.type() != y.type() || x.text() != y.text() ||
        x.integer() != y.integer() || x.size() != y.size()) {
      return false;
    }
  }
  return true;
}

// Not recursive: a caller's max_depth may exceed the stack.
void AppendText(ReplyView reply, std::string* out) {
  const ReplyNode* const end = reply.node_ + reply.node_->nodes;
  uint32_t open = reply.node_->depth;  // The depth of the text so far.
  for (const ReplyNode* node = reply.node_; node != end; ++node) {
    if (node->depth < open) out->append(open - node->depth, ']');
    if (node != reply.node_ && out->back() != '[') out->append(", ");
    open = node->depth;
    const ReplyView value(reply.base_, node);
    switch (node->type) {
      case ReplyType::kSimpleString:
        out->push_back('+');
        AppendEscaped(value.text(), out);
        break;
      case ReplyType::kError:
        out->push_back('-');
        AppendEscaped(value.text(), out);
        break;
      case ReplyType::kBulk:
        AppendEscaped(value.text(), out);
        break;
      case ReplyType::kInteger:
        absl::StrAppend(out, value.integer());
        break;
      case ReplyType::kNullBulk:
      case ReplyType::kNullArray:
        absl::StrAppend(out, ReplyTypeName(node->type));
        break;
      case ReplyType::kArray:
        out->append(value.empty() ? "[]" : "[");
        if (!value.empty()) ++open;
        break;
    }
  }
  out->append(open - reply.node_->depth, ']');
}

std::ostream& operator<<(std::ostream& out, ReplyView reply) {
  std::string text;
  AppendText(reply, &text);
  return internal::Print(text, out);
}

}  // namespace kevy_replica
