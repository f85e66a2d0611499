// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/payload_record.h"

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {
namespace {

// Calls `take` with each element of the record.
bool ForEachElement(const PayloadRecord& record,
                    absl::FunctionRef<bool(const PayloadEvent& event)> take) {
  const absl::Span<const absl::string_view> strings = record.strings();
  switch (record.type()) {
    case RecordType::kString:
      for (const absl::string_view value : strings) {
        if (!take(StringValue{value})) return false;
      }
      break;
    case RecordType::kHash:
      for (size_t i = 0; i != strings.size(); i += 2) {
        if (!take(HashField{strings[i], strings[i + 1]})) return false;
      }
      break;
    case RecordType::kList:
      for (const absl::string_view item : strings) {
        if (!take(ListItem{item})) return false;
      }
      break;
    case RecordType::kSet:
      for (const absl::string_view member : strings) {
        if (!take(SetMember{member})) return false;
      }
      break;
    case RecordType::kSortedSet:
      for (size_t i = 0; i != strings.size(); ++i) {
        if (!take(ScoredMember{strings[i], record.scores()[i]})) return false;
      }
      break;
    case RecordType::kStream:
      break;
  }
  return true;
}

}  // namespace

bool ForEachEvent(const PayloadRecord& record,
                  absl::FunctionRef<bool(const PayloadEvent& event)> take) {
  if (record.begins() && !take(record.begin_event())) return false;
  return ForEachElement(record, take) && (!record.ends() || take(RecordEnd()));
}

void AppendText(const PayloadRecord& record, std::string* out) {
  if (record.begins()) {
    AppendText(record.begin_event(), out);
  } else {
    absl::StrAppend(out, RecordTypeName(record.type()), " ...");
  }
  for (size_t i = 0; i != record.strings().size(); ++i) {
    out->push_back(' ');
    AppendEscaped(record.strings()[i], out);
    if (!record.scores().empty()) {
      absl::StrAppendFormat(out, " %.17g", record.scores()[i]);
    }
  }
  if (!record.ends()) absl::StrAppend(out, " ...");
}

}  // namespace kevy_replica
