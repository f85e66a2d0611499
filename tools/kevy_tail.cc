// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Prints the replication stream of a kevy primary: see kUsage.

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/utf8.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/command_line.h"
#include "kevy_replica/tools/embedded_capture.h"
#include "kevy_replica/tools/flag_types.h"
#include "kevy_replica/tools/output.h"
#include "kevy_replica/tools/replay.h"
#include "kevy_replica/tools/tail.h"
#include "kevy_replica/tools/tail_printer.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/recording_transport.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

ABSL_FLAG(
    std::string, primary, "",
    "HOST:PORT, [IPV6]:PORT or unix:PATH: a shard's replication listener,\n"
    "by default at the client port + 10000.");
ABSL_FLAG(std::string, replica_id, "kevy_tail",
          "The name that the primary's INFO replication shows.");
ABSL_FLAG(kevy_replica::FeedPosition, from, {},
          "GENERATION:OFFSET: where to go on, as the `end` event tells it.\n"
          "0:0 is a fresh replica.");
ABSL_FLAG(kevy_replica::ProtocolChoice, protocol,
          kevy_replica::ProtocolChoice::kAuto,
          "auto, 1 (kevy 1.18 to 3.x) or 2 (kevy 4.0 and later).");
ABSL_FLAG(kevy_replica::TailFormat, format, kevy_replica::TailFormat::kText,
          "text (like redis-cli's MONITOR), json (an object a line) or resp\n"
          "(the raw commands, fit for redis-cli --pipe).");
ABSL_FLAG(bool, ack, false, "Acknowledge frames as they are printed.");
ABSL_FLAG(uint64_t, max_frames, 0, "End after that many frames. 0: go on.");
ABSL_FLAG(absl::Duration, idle_timeout, absl::InfiniteDuration(),
          "Fail when nothing, not even a heartbeat, comes for that long: 5s,\n"
          "1m30s.");
ABSL_FLAG(std::string, record, "",
          "A file to write all that the primary sends to, for --replay.");
ABSL_FLAG(std::string, replay, "",
          "A recording to read instead of a connection; - is standard input.\n"
          "--protocol and --from are as its answer has them, unless given.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage =
    R"(kevy_tail: prints the replication stream of a kevy primary.

  kevy_tail --primary=localhost:16004 --format=json
  kevy_tail --primary=localhost:16004 --record=today.resp --max_frames=1000
  kevy_tail --replay=today.resp --format=resp | redis-cli --pipe

Without --primary or --replay it plays a recording of real traffic from a primary
of its own. It ends with the stream or with Ctrl-C.

)";

constexpr absl::string_view kExitStatus = R"(
Exit status: 0 at a clean end, after --max_frames or Ctrl-C; 1 after an error on
the stream, with a line that tells what to do about it; 2 for bad usage.
)";

enum ExitStatus { kSuccess = 0, kStreamError = 1, kBadUsage = 2 };

void Say(absl::string_view message) {
  const std::string line = absl::StrCat("kevy_tail: ", message, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

// "offset_gap: expected 8, got 9 (action: resync)".
std::string Describe(const absl::Status& status) {
  const std::optional<ReplicaErrorKind> kind = ReplicaErrorKindOf(status);
  return absl::StrCat(
      kind.has_value()
          ? std::string(ReplicaErrorKindName(*kind))
          : absl::AsciiStrToLower(absl::StatusCodeToString(status.code())),
      ": ", status.message(),
      " (action: ", ActionName(RecommendedAction(status)), ")");
}

// Whether the file can be written, without changing what is in it.
absl::Status CheckRecord(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "ab");
  if (file == nullptr) return absl::ErrnoToStatus(errno, "--record=" + path);
  std::fclose(file);
  return absl::OkStatus();
}

absl::Status CheckFlags() {
  const std::string primary = absl::GetFlag(FLAGS_primary);
  const std::string replica_id = absl::GetFlag(FLAGS_replica_id);
  const bool replays = !absl::GetFlag(FLAGS_replay).empty();
  if (replays && !primary.empty()) {
    return absl::InvalidArgumentError(
        "--primary and --replay exclude each other");
  }
  if (replays && !absl::GetFlag(FLAGS_record).empty()) {
    return absl::InvalidArgumentError(
        "--record and --replay exclude each other");
  }
  if (replica_id.empty() || !IsUtf8(replica_id)) {
    return absl::InvalidArgumentError("--replica_id must be non-empty UTF-8");
  }
  if (absl::GetFlag(FLAGS_idle_timeout) <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--idle_timeout must be more than 0");
  }
  if (!primary.empty()) {
    const absl::StatusOr<Address> address = ParseAddress(primary);
    if (!address.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--primary: ", address.status().message()));
    }
  }
  const std::string record = absl::GetFlag(FLAGS_record);
  return record.empty() ? absl::OkStatus() : CheckRecord(record);
}

TransportFactory Recorded(TransportFactory connect, std::string path) {
  return
      [connect = std::move(connect),
       path = std::move(path)]() -> absl::StatusOr<std::unique_ptr<Transport>> {
        absl::StatusOr<std::unique_ptr<Transport>> transport = connect();
        if (!transport.ok()) return transport.status();
        return RecordingTransport::Create(*std::move(transport), path);
      };
}

// What a signal interrupts. Never destroyed, since one may come at any time.
std::shared_ptr<Interrupter>* interrupted_by_signal = nullptr;

std::shared_ptr<Interrupter> HandleSignals() {
  interrupted_by_signal =
      new std::shared_ptr<Interrupter>(std::make_shared<Interrupter>());
  struct sigaction action = {};
  action.sa_handler = [](int) { (*interrupted_by_signal)->Interrupt(); };
  // Without SA_RESTART, to get out of a write that nobody reads. A second one
  // is the system's to handle.
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return *interrupted_by_signal;
}

// The embedded primary: the recording again for every connection.
absl::Status StartPrimary(ScriptedPrimary* primary) {
  primary->SetDefault(PrimaryScript::Capture(std::string(EmbeddedCapture())));
  const absl::Status status = primary->Listen("127.0.0.1:0");
  if (status.ok()) {
    Say(
        absl::StrCat("no --primary given: playing a recording of kevy 5.4.0 "
                     "from an embedded primary at ",
                     primary->address()));
  }
  return status;
}

int BadUsage(absl::string_view message) {
  Say(absl::StrCat(message, " (see --help)"));
  return kBadUsage;
}

int ExitStatusOf(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status)) return kSuccess;
  Say(Describe(status));
  return kStreamError;
}

// Takes the recording for a connection, and from its answer what the handshake
// must have asked for.
absl::StatusOr<TransportFactory> ReplayTo(ReplicaClientOptions* client,
                                          const CommandLine& command_line) {
  absl::StatusOr<Replay> opened =
      OpenReplay(absl::GetFlag(FLAGS_replay), client->connect.interrupter);
  if (!opened.ok()) return opened.status();
  const auto replay = std::make_shared<Replay>(*std::move(opened));
  const HandshakeAnswer answer = replay->answer.value_or(HandshakeAnswer());
  // Never kAuto: there is no second connection to try another protocol on.
  if (client->protocol == ProtocolChoice::kAuto) {
    client->protocol = answer.protocol == Protocol::kV1 ? ProtocolChoice::kV1
                                                        : ProtocolChoice::kV2;
  }
  if (command_line.given.count("from") == 0) {
    client->from = {answer.generation, answer.offset};
  }
  return [replay]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    return std::move(replay->transport);
  };
}

int Run(const CommandLine& command_line) {
  TailOptions options;
  options.client.connect.interrupter = HandleSignals();
  options.client.replica_id = absl::GetFlag(FLAGS_replica_id);
  options.client.from = absl::GetFlag(FLAGS_from);
  options.client.protocol = absl::GetFlag(FLAGS_protocol);
  options.client.idle_timeout = absl::GetFlag(FLAGS_idle_timeout);
  options.format = absl::GetFlag(FLAGS_format);
  options.ack = absl::GetFlag(FLAGS_ack);
  options.max_frames = absl::GetFlag(FLAGS_max_frames);
  options.status_line = isatty(STDERR_FILENO) != 0;

  ScriptedPrimary embedded_primary;
  TransportFactory connect;
  if (!absl::GetFlag(FLAGS_replay).empty()) {
    absl::StatusOr<TransportFactory> replay =
        ReplayTo(&options.client, command_line);
    if (absl::IsCancelled(replay.status())) return kSuccess;
    if (!replay.ok()) return BadUsage(replay.status().message());
    connect = *std::move(replay);
  } else {
    std::string address = absl::GetFlag(FLAGS_primary);
    if (address.empty()) {
      const absl::Status status = StartPrimary(&embedded_primary);
      if (!status.ok()) return ExitStatusOf(status);
      address = embedded_primary.address();
    }
    connect = ConnectTo(address, options.client.connect);
  }
  const std::string record = absl::GetFlag(FLAGS_record);
  if (!record.empty()) connect = Recorded(std::move(connect), record);

  Output output(STDOUT_FILENO, options.client.connect.interrupter.get());
  const absl::Status status = Tail(connect, options, &output);
  if (status.ok() || output.status().ok()) return ExitStatusOf(status);
  Say(status.message());
  return kStreamError;
}

int Main(absl::Span<const char* const> arguments) {
  const absl::StatusOr<CommandLine> command_line = ParseArguments(arguments);
  if (!command_line.ok()) return BadUsage(command_line.status().message());
  if (command_line->help) {
    const std::string page = absl::StrCat(kUsage, FlagsHelp(), kExitStatus);
    std::fwrite(page.data(), 1, page.size(), stdout);
    return kSuccess;
  }
  const absl::Status flags = CheckFlags();
  if (!flags.ok()) return BadUsage(flags.message());
  return Run(*command_line);
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::Main(absl::MakeConstSpan(argv, argc).subspan(1));
}
