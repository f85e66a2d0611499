// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Copies a kevy primary into a Valkey or Redis server: see kUsage.

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/embedded_primary.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/progress.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/mirror/mirror.h"
#include "kevy_replica/tools/mirror/printing_link.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/transport/interrupter.h"

ABSL_FLAG(std::string, primary, "",
          "HOST:PORT, [IPV6]:PORT or unix:PATH: the first shard's replication\n"
          "listener, by default at the client port + 10000.");
ABSL_FLAG(uint32_t, shards, 1,
          "How many shards the primary has, at that port and those behind it.\n"
          "They share the target's database. Where one of them needs a new\n"
          "snapshot, all are loaded anew.");
ABSL_FLAG(std::string, target, "",
          "redis://HOST[:PORT][/DB] or unix:/PATH[?db=DB]. No TLS, to neither\n"
          "side, and no password.");
ABSL_FLAG(std::string, replica_id, "kevy_mirror",
          "The name that the primary's INFO replication shows.");
ABSL_FLAG(kevy_replica::ProtocolChoice, protocol,
          kevy_replica::ProtocolChoice::kAuto,
          "auto, 1 (kevy 1.18 to 3.x) or 2 (kevy 4.0 and later).");
ABSL_FLAG(std::string, position_key, "kevy_mirror",
          "The key of the target that the mirror keeps its position in: the\n"
          "only one there that is not the primary's.");
ABSL_FLAG(
    bool, replace, false,
    "Replace what the target's database holds, if it is no mirror's yet.");
ABSL_FLAG(std::string, on_reject, "stop",
          "What to do when the target rejects a command: stop, or skip it.");
ABSL_FLAG(uint32_t, batch, 1000,
          "At most so many commands in one transaction.");
ABSL_FLAG(bool, dry_run, false,
          "Print RESP, as it would be sent, and connect to no target.");
ABSL_FLAG(std::string, prometheus, "",
          "A file of metrics, rewritten every second.");
ABSL_FLAG(absl::Duration, idle_timeout, absl::InfiniteDuration(),
          "Connect anew when nothing comes from the primary for that long.");
ABSL_FLAG(absl::Duration, heartbeat_timeout, absl::Seconds(5),
          "The same without a heartbeat, where they are expected.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage =
    R"(kevy_mirror: copies a kevy primary into a Valkey or Redis server, and keeps it in
step.

  kevy_mirror --primary=localhost:16004 --target=redis://localhost:6379/1

Every write is applied exactly once: it goes out in one transaction with the
position behind it, which is read back at the start. Without --primary it plays a
recording of real traffic, and ends with it; without --target it prints what it
would send. It ends with Ctrl-C.

)";

constexpr absl::string_view kMore = R"(
A command that the target rejects while it runs it, as of a wrong type, is behind
the position already when the mirror stops: it stays stopped, also when started
again, until --on_reject=skip or --replace. If the connection to the target
breaks, or the mirror is killed, before it has read of the rejection, then that
command is passed over; a mirror that lives says that it may have been so.

Exit status: 0 after Ctrl-C, or at the recording's end; 1 after an error; 2 for bad
usage.
)";

LinkFlags GetLinkFlags() {
  return {absl::GetFlag(FLAGS_replica_id), absl::GetFlag(FLAGS_protocol),
          absl::GetFlag(FLAGS_idle_timeout),
          absl::GetFlag(FLAGS_heartbeat_timeout)};
}

absl::Status CheckFlags(const CommandLine& command_line) {
  const std::string on_reject = absl::GetFlag(FLAGS_on_reject);
  if (on_reject != "skip" && on_reject != "stop") {
    return absl::InvalidArgumentError("--on_reject must be stop or skip");
  }
  if (absl::GetFlag(FLAGS_shards) == 0) {
    return absl::InvalidArgumentError("--shards must be more than 0");
  }
  if (command_line.given.count("shards") != 0 &&
      absl::GetFlag(FLAGS_primary).empty()) {
    return absl::InvalidArgumentError(
        "--shards is for following: with --primary");
  }
  if (absl::GetFlag(FLAGS_batch) == 0) {
    return absl::InvalidArgumentError("--batch must be more than 0");
  }
  if (absl::GetFlag(FLAGS_position_key).empty()) {
    return absl::InvalidArgumentError("--position_key must not be empty");
  }
  return CheckLinkFlags(GetLinkFlags());
}

MirrorRunOptions OptionsOfFlags() {
  MirrorRunOptions options;
  options.mirror.shards = absl::GetFlag(FLAGS_shards);
  options.mirror.position_key = absl::GetFlag(FLAGS_position_key);
  options.mirror.replace = absl::GetFlag(FLAGS_replace);
  options.mirror.skip_rejected = absl::GetFlag(FLAGS_on_reject) == "skip";
  options.mirror.max_batch = absl::GetFlag(FLAGS_batch);
  options.mirror.now_ms = [] {
    return static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
  };
  options.mirror.log = Say;
  options.fleet = FleetOptionsOf(GetLinkFlags());
  options.prometheus = absl::GetFlag(FLAGS_prometheus);
  options.status_line = isatty(STDERR_FILENO) != 0;
  return options;
}

// How the mirror connects to the target, or prints to `output` in its place.
absl::StatusOr<TargetConnector> ConnectorOfFlags(
    const std::shared_ptr<Interrupter>& interrupter, Output* output) {
  const std::string target = absl::GetFlag(FLAGS_target);
  const bool dry_run = absl::GetFlag(FLAGS_dry_run);
  if (dry_run || target.empty()) {
    const PrintingLink::Format format =
        dry_run ? PrintingLink::Format::kResp : PrintingLink::Format::kText;
    return [format, output] {
      return std::make_unique<PrintingLink>(format, output);
    };
  }
  const absl::StatusOr<TargetAddress> address = ParseTargetAddress(target);
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--target: ", address.status().message()));
  }
  return [address = *address, interrupter] {
    return RedisLink::Connect(address, interrupter);
  };
}

int Run(const CommandLine& command_line) {
  const absl::Status flags = CheckFlags(command_line);
  if (!flags.ok()) return BadUsage(flags.message());
  MirrorRunOptions options = OptionsOfFlags();
  options.interrupter = HandleStopSignals();
  Output output(STDOUT_FILENO, options.interrupter.get());
  absl::StatusOr<TargetConnector> connect =
      ConnectorOfFlags(options.interrupter, &output);
  if (!connect.ok()) return BadUsage(connect.status().message());
  options.connect = *std::move(connect);

  ScriptedPrimary embedded_primary;
  std::string primary = absl::GetFlag(FLAGS_primary);
  if (primary.empty()) {
    const absl::Status status = StartEmbeddedPrimary(&embedded_primary);
    if (!status.ok()) return ExitStatusOf(status);
    primary = embedded_primary.address();
    options.once = true;
  }
  absl::StatusOr<std::vector<std::string>> addresses =
      ShardAddresses(primary, options.mirror.shards);
  if (!addresses.ok()) {
    return BadUsage(absl::StrCat("--primary: ", addresses.status().message()));
  }
  options.addresses = *std::move(addresses);
  const absl::Status metrics = MetricsFile(options.prometheus).Create();
  if (!metrics.ok()) return BadUsage(metrics.message());
  return ExitStatusOf(RunMirror(options));
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {"kevy_mirror", kevy_replica::kUsage, kevy_replica::kMore}, argc, argv,
      kevy_replica::Run);
}
