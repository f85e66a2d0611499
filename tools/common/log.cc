// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/log.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/utf8.h"
#include "kevy_replica/tools/common/json.h"

namespace kevy_replica {
namespace {

std::atomic<LogFormat> current_format{LogFormat::kText};

// A JSON string. Of bytes that are not UTF-8, the escaped form.
std::string JsonText(absl::string_view bytes) {
  std::string json;
  if (internal::IsUtf8(bytes)) {
    AppendJson(bytes, &json);
  } else {
    const std::string escaped = Escaped(bytes);
    AppendJson(absl::string_view(escaped).substr(1, escaped.size() - 2), &json);
  }
  return json;
}

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

}  // namespace

LogField::LogField(absl::string_view field, absl::string_view text)
    : name(field), json(JsonText(text)) {}

LogField::LogField(absl::string_view field, uint64_t number)
    : name(field), json(absl::StrCat(number)) {}

std::string LogLine(LogFormat format, absl::string_view program,
                    const LogEvent& event, absl::Time now) {
  if (format == LogFormat::kText) {
    return absl::StrCat(program, ": ", event.message, "\n");
  }
  std::string line = absl::StrCat(
      "{\"time\":\"",
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", now, absl::UTCTimeZone()),
      "\",\"level\":\"", LogLevelName(event.level),
      "\",\"program\":", JsonText(program), ",\"event\":", JsonText(event.name),
      ",\"message\":", JsonText(event.message));
  for (const LogField& field : event.fields) {
    absl::StrAppend(&line, ",", JsonText(field.name), ":", field.json);
  }
  return absl::StrCat(line, "}\n");
}

void SetLogFormat(LogFormat format) { current_format = format; }

LogFormat CurrentLogFormat() { return current_format; }

void Log(absl::string_view program, const LogEvent& event) {
  const std::string line =
      LogLine(CurrentLogFormat(), program, event, absl::Now());
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace kevy_replica
