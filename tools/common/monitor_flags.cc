// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/monitor_flags.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/http_server.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor.h"
#include "kevy_replica/tools/common/program.h"

namespace kevy_replica {
namespace {

constexpr FlagName<LogFormat> kLogFormats[] = {{LogFormat::kText, "text"},
                                               {LogFormat::kJson, "json"}};

}  // namespace

// The form of --log_format.
bool AbslParseFlag(absl::string_view text, LogFormat* format,
                   std::string* error) {
  return ParseFlagName(kLogFormats, text, format, error);
}
std::string AbslUnparseFlag(LogFormat format) {
  return UnparseFlagName(kLogFormats, format);
}

}  // namespace kevy_replica

ABSL_FLAG(std::string, listen, "",
          "HOST:PORT, [IPV6]:PORT or PORT (of 127.0.0.1): the address for "
          "HTTP, with\n"
          "the pages /metrics, /healthz (follows) and /readyz (caught up). "
          "Port 0: a\n"
          "free one, which is said. There is no authentication.");
ABSL_FLAG(absl::Duration, health_grace, absl::Seconds(10),
          "The time for which a link may be down before /healthz is 503. A\n"
          "link that never stood has none.");
ABSL_FLAG(kevy_replica::LogFormat, log_format, kevy_replica::LogFormat::kText,
          "text or json (an object a line): the messages on stderr. json has\n"
          "no status line.");

namespace kevy_replica {

absl::StatusOr<MonitorOfFlags> StartMonitorOfFlags() {
  const absl::Duration grace = absl::GetFlag(FLAGS_health_grace);
  if (grace < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--health_grace must not be negative");
  }
  MonitorOfFlags result;
  result.monitor = std::make_unique<Monitor>(grace);
  const std::string address = absl::GetFlag(FLAGS_listen);
  if (address.empty()) return result;
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(
      address, [monitor = result.monitor.get()](absl::string_view path) {
        return monitor->Page(path);
      });
  if (!server.ok()) {
    return absl::Status(server.status().code(),
                        absl::StrCat("--listen: ", server.status().message()));
  }
  result.server = *std::move(server);
  const std::string url =
      absl::StrCat("http://", result.server->address(), "/metrics");
  Say({LogLevel::kInfo,
       "listening",
       absl::StrCat("metrics and health at ", url),
       {{"url", url}}});
  return result;
}

}  // namespace kevy_replica
