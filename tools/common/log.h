// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The messages that the programs write to stderr, a line each: as text, or as
// a JSON object for a log collector (--log_format).
//
//   Log("kevy_tail", {LogLevel::kWarning, "link_down", "shard 3: timed out",
//                     {{"shard", 3u}, {"cause", "timeout"}}});
//
//   kevy_tail: shard 3: timed out
//   {"time":"2026-11-29T11:35:00.123Z","level":"warning","program":"kevy_tail",
//    "event":"link_down","message":"shard 3: timed out","shard":3,...}

#ifndef KEVY_REPLICA_TOOLS_COMMON_LOG_H_
#define KEVY_REPLICA_TOOLS_COMMON_LOG_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {

enum class LogLevel : uint8_t { kInfo, kWarning, kError };

enum class LogFormat : uint8_t {
  kText,  // "program: message".
  kJson,  // One object a line, valid UTF-8 whatever bytes the message has.
};

// A value beside the message, in JSON alone.
struct LogField {
  LogField(absl::string_view field, absl::string_view text);
  LogField(absl::string_view field, const char* text)
      : LogField(field, absl::string_view(text)) {}
  LogField(absl::string_view field, uint64_t number);

  std::string name;
  std::string json;
};

// A message. Every text is one, so that a function that takes a LogEvent may be
// called with a text; it converts back to its text.
struct LogEvent {
  LogEvent(absl::string_view text) : message(text) {}       // NOLINT
  LogEvent(std::string text) : message(std::move(text)) {}  // NOLINT
  LogEvent(const char* text) : message(text) {}             // NOLINT
  LogEvent(LogLevel level_in, absl::string_view name_in, std::string text,
           std::vector<LogField> fields_in = {})
      : level(level_in),
        name(name_in),
        message(std::move(text)),
        fields(std::move(fields_in)) {}

  operator absl::string_view() const { return message; }  // NOLINT

  LogLevel level = LogLevel::kInfo;
  // A literal. docs/operations.md lists the names. Default: "message", for
  // programs without --log_format.
  absl::string_view name = "message";
  std::string message;
  std::vector<LogField> fields;
};

// The line of `event` with its line feed.
std::string LogLine(LogFormat format, absl::string_view program,
                    const LogEvent& event, absl::Time now);

// The format of Log(). Default: kText. Both are thread-safe.
void SetLogFormat(LogFormat format);
LogFormat CurrentLogFormat();

// Writes the line to stderr, as a whole. Thread-safe.
void Log(absl::string_view program, const LogEvent& event);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_LOG_H_
