// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints the replication stream of a kevy primary: see kUsage.

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/embedded_primary.h"
#include "kevy_replica/tools/common/file_flags.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/progress.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/tail/follow.h"
#include "kevy_replica/tools/tail/output_file.h"
#include "kevy_replica/tools/tail/replay.h"
#include "kevy_replica/tools/tail/tail.h"
#include "kevy_replica/tools/tail/tail_printer.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/recording_transport.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

ABSL_FLAG(
    std::string, primary, "",
    "HOST:PORT, [IPV6]:PORT or unix:PATH: a shard's replication listener,\n"
    "by default at the client port + 10000.");
ABSL_FLAG(
    uint32_t, shards, 1,
    "How many shards to follow: --primary's port and the next ones. Each\n"
    "line of text tells which, [3], and each of json, \"shard\":3.");
ABSL_FLAG(bool, once, false,
          "Print one connection and end with it, by its error if it has one,\n"
          "instead of following.");
ABSL_FLAG(std::string, replica_id, "kevy_tail",
          "The name that the primary's INFO replication shows.");
ABSL_FLAG(kevy_replica::FeedPosition, from, {},
          "GENERATION:OFFSET: where to go on, as the `end` event tells it.\n"
          "0:0 is a fresh replica. What --positions has goes before it.");
ABSL_FLAG(kevy_replica::ProtocolChoice, protocol,
          kevy_replica::ProtocolChoice::kAuto,
          "auto, 1 (kevy 1.18 to 3.x) or 2 (kevy 4.0 and later).");
ABSL_FLAG(kevy_replica::TailFormat, format, kevy_replica::TailFormat::kText,
          "text (like redis-cli's MONITOR), json (an object a line) or resp\n"
          "(the raw commands, fit for redis-cli --pipe).");
ABSL_FLAG(bool, ack, false, "Acknowledge frames as they are printed.");
ABSL_FLAG(uint64_t, max_frames, 0,
          "End after that many, of all shards. 0: go on.");
ABSL_FLAG(absl::Duration, idle_timeout, absl::InfiniteDuration(),
          "Connect again, or with --once fail, when nothing, not even a\n"
          "heartbeat, comes for that long: 5s, 1m30s.");
ABSL_FLAG(
    absl::Duration, heartbeat_timeout, absl::Seconds(5),
    "Connect again when no heartbeat comes for that long, from primaries\n"
    "that send any. inf: never.");
ABSL_FLAG(
    std::string, positions, "",
    "A file that keeps how far was printed, to go on from there the next\n"
    "time.");
ABSL_FLAG(std::string, output, "",
          "A file to print to, at its end, instead of standard output.");
ABSL_FLAG(
    std::string, prometheus, "",
    "A file to write metrics to, every second, as Prometheus reads them.");
ABSL_FLAG(std::string, record, "",
          "A file to write all that the primary sends to, for --replay. It\n"
          "is one connection's: give --once too.");
ABSL_FLAG(std::string, replay, "",
          "A recording to read instead of a connection; - is standard input.\n"
          "--protocol and --from are as its answer has them, unless given.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage =
    R"(kevy_tail: prints the replication stream of a kevy primary.

  kevy_tail --primary=localhost:16004 --format=json
  kevy_tail --primary=localhost:16004 --shards=4 --positions=tail.positions
  kevy_tail --primary=localhost:16004 --once --record=today.resp
  kevy_tail --replay=today.resp --format=resp | redis-cli --pipe

It follows the primary through restarts and broken links, until Ctrl-C. Without
--primary or --replay it plays a recording of real traffic from a primary of its
own, and ends with it.

)";

constexpr absl::string_view kMore = R"(
With --positions a tail that was ended, or killed, goes on at the next frame. A
position is stored once what it stands for is written, so that no frame is lost;
a reader of standard output may get those again that were printed right before a
kill. In a file given by --output every frame stands exactly once: what was
printed behind the stored position is cut off at the next start. Its length is
kept with the positions, so such a file is not to be written by others. To begin
a new one, move it away while no tail runs, and create an empty one.

With protocol 1 a link's first heartbeat tells whether the history is still the
same, and no position is stored before. A tail that is ended with Ctrl-C in that
second begins anew the next time; one of several shards that is killed in it may
have that second's frames twice in --output.

Exit status: 0 at a clean end, after --max_frames or Ctrl-C; 1 after an error
(with --once: any on the stream), with a line that tells what to do about it;
2 for bad usage, which a file that cannot be used is too.
)";

LinkFlags GetLinkFlags() {
  return {absl::GetFlag(FLAGS_replica_id), absl::GetFlag(FLAGS_protocol),
          absl::GetFlag(FLAGS_idle_timeout),
          absl::GetFlag(FLAGS_heartbeat_timeout)};
}

bool Follows() {
  return !absl::GetFlag(FLAGS_primary).empty() && !absl::GetFlag(FLAGS_once);
}

// Whether the file can be written, without changing what is in it.
absl::Status CheckRecord(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "ab");
  if (file == nullptr) return absl::ErrnoToStatus(errno, "--record=" + path);
  std::fclose(file);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Addresses() {
  return ShardAddresses(absl::GetFlag(FLAGS_primary),
                        absl::GetFlag(FLAGS_shards));
}

absl::Status CheckPrimary() {
  if (absl::GetFlag(FLAGS_shards) == 0) {
    return absl::InvalidArgumentError("--shards must be more than 0");
  }
  if (absl::GetFlag(FLAGS_primary).empty()) return absl::OkStatus();
  const absl::Status status = Addresses().status();
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--primary: ", status.message()));
  }
  if (absl::GetFlag(FLAGS_shards) > 1 &&
      absl::GetFlag(FLAGS_from) != FeedPosition()) {
    return absl::InvalidArgumentError(
        "--from is that of one shard: --positions keeps those of several");
  }
  return absl::OkStatus();
}

// What is only for a tail that follows, or only for one that does not.
absl::Status CheckFollowing(const CommandLine& command_line) {
  if (Follows()) {
    return absl::GetFlag(FLAGS_record).empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "--record needs --once: a recording is one connection's");
  }
  for (const char* name :
       {"positions", "prometheus", "shards", "heartbeat_timeout"}) {
    if (command_line.given.count(name) != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--", name, " is for following: with --primary, without --once"));
    }
  }
  return absl::OkStatus();
}

// One would be overwritten by another, or cut back to what is not in it.
absl::Status CheckFiles() {
  const std::string replay = absl::GetFlag(FLAGS_replay);
  return CheckFilesDiffer(
      {{"--positions", absl::GetFlag(FLAGS_positions), /*replaced=*/true},
       {"--output", absl::GetFlag(FLAGS_output)},
       {"--prometheus", absl::GetFlag(FLAGS_prometheus), /*replaced=*/true},
       {"--record", absl::GetFlag(FLAGS_record)},
       {"--replay", replay == "-" ? "" : replay}});
}

absl::Status CheckFlags(const CommandLine& command_line) {
  const std::string primary = absl::GetFlag(FLAGS_primary);
  const bool replays = !absl::GetFlag(FLAGS_replay).empty();
  if (replays && !primary.empty()) {
    return absl::InvalidArgumentError(
        "--primary and --replay exclude each other");
  }
  if (replays && !absl::GetFlag(FLAGS_record).empty()) {
    return absl::InvalidArgumentError(
        "--record and --replay exclude each other");
  }
  absl::Status status = CheckLinkFlags(GetLinkFlags());
  if (status.ok()) status = CheckFollowing(command_line);
  if (status.ok()) status = CheckPrimary();
  if (status.ok()) status = CheckFiles();
  if (!status.ok()) return status;
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

int BadOutput(const absl::Status& status) {
  return BadUsage(absl::StrCat("--output: ", status.message()));
}

// The exit status of a stream that was printed to `output`.
int StreamExitStatus(const absl::Status& status, const Output& output) {
  if (status.ok() || absl::IsCancelled(status)) return kExitSuccess;
  // An error of the output is not one of the stream, with an action.
  Say(output.status().ok() ? Describe(status) : std::string(status.message()));
  return kExitError;
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
  if (client->link.protocol == ProtocolChoice::kAuto) {
    client->link.protocol = answer.protocol == Protocol::kV1
                                ? ProtocolChoice::kV1
                                : ProtocolChoice::kV2;
  }
  if (command_line.given.count("from") == 0) {
    client->from = {answer.generation, answer.offset};
  }
  return [replay]() -> absl::StatusOr<std::unique_ptr<Transport>> {
    return std::move(replay->transport);
  };
}

// Prints one connection.
int RunOnce(const CommandLine& command_line,
            std::shared_ptr<Interrupter> interrupter) {
  TailOptions options;
  options.client.connect.interrupter = interrupter;
  options.client.link.replica_id = absl::GetFlag(FLAGS_replica_id);
  options.client.from = absl::GetFlag(FLAGS_from);
  options.client.link.protocol = absl::GetFlag(FLAGS_protocol);
  options.client.link.idle_timeout = absl::GetFlag(FLAGS_idle_timeout);
  options.format = absl::GetFlag(FLAGS_format);
  options.ack = absl::GetFlag(FLAGS_ack);
  options.max_frames = absl::GetFlag(FLAGS_max_frames);
  options.status_line = isatty(STDERR_FILENO) != 0;

  ScriptedPrimary embedded_primary;
  TransportFactory connect;
  if (!absl::GetFlag(FLAGS_replay).empty()) {
    absl::StatusOr<TransportFactory> replay =
        ReplayTo(&options.client, command_line);
    if (absl::IsCancelled(replay.status())) return kExitSuccess;
    if (!replay.ok()) return BadUsage(replay.status().message());
    connect = *std::move(replay);
  } else {
    std::string address = absl::GetFlag(FLAGS_primary);
    if (address.empty()) {
      const absl::Status status = StartEmbeddedPrimary(&embedded_primary);
      if (!status.ok()) return ExitStatusOf(status);
      address = embedded_primary.address();
    }
    connect = ConnectTo(address, options.client.connect);
  }
  const std::string record = absl::GetFlag(FLAGS_record);
  if (!record.empty()) connect = Recorded(std::move(connect), record);

  const std::string path = absl::GetFlag(FLAGS_output);
  absl::StatusOr<std::unique_ptr<OutputFile>> file = nullptr;
  if (!path.empty()) file = OutputFile::Open(path);
  if (!file.ok()) return BadOutput(file.status());
  Output output(path.empty() ? STDOUT_FILENO : (*file)->fd(),
                interrupter.get());
  return StreamExitStatus(Tail(connect, options, &output), output);
}

// The positions' file, and the output cut back to where it was stored last.
struct Kept {
  std::unique_ptr<FilePositionStore> positions;  // Null: none are kept.
  std::unique_ptr<OutputFile> file;              // Null: standard output.
};

// Says why there is none, if there is none.
std::optional<Kept> OpenKept() {
  Kept kept;
  std::optional<FeedPosition> mark;
  const std::string positions = absl::GetFlag(FLAGS_positions);
  if (!positions.empty()) {
    absl::StatusOr<std::unique_ptr<FilePositionStore>> store =
        FilePositionStore::Open(positions);
    if (!store.ok()) {
      BadUsage(absl::StrCat("--positions: ", store.status().message()));
      return std::nullopt;
    }
    kept.positions = *std::move(store);
    // The name is one, and the file is read.
    mark =
        kept.positions->Load(OutputPositionStore::kName).value_or(std::nullopt);
  }
  const std::string path = absl::GetFlag(FLAGS_output);
  if (path.empty()) {
    // The file that was printed to before will lack what is printed elsewhere,
    // so that it is not to be gone on in.
    if (mark.has_value()) {
      const absl::Status status =
          kept.positions->Store({{OutputPositionStore::kName, FeedPosition()}});
      if (!status.ok()) {
        BadUsage(absl::StrCat("--positions: ", status.message()));
        return std::nullopt;
      }
    }
    return kept;
  }
  absl::StatusOr<std::unique_ptr<OutputFile>> file =
      positions.empty() ? OutputFile::Open(path)
                        : OutputFile::Resume(path, mark);
  if (!file.ok()) {
    BadOutput(file.status());
    return std::nullopt;
  }
  kept.file = *std::move(file);
  if (mark.has_value() && mark->next_offset > 0 && kept.file->empty()) {
    Say(absl::StrCat(path, " is empty: going on in it, without the ",
                     mark->next_offset, " bytes that were printed before"));
  }
  return kept;
}

int RunFollowing(const std::shared_ptr<Interrupter>& interrupter) {
  FollowOptions options;
  options.addresses = *Addresses();  // They were checked.
  options.fleet = FleetOptionsOf(GetLinkFlags());
  options.fleet.from = absl::GetFlag(FLAGS_from);
  options.fleet.acknowledge = absl::GetFlag(FLAGS_ack);
  // As often as there is something to store: frames that are printed again are
  // then few.
  options.fleet.store.interval = absl::ZeroDuration();
  // Of one shard there is one buffer, and the more is read at once, the less
  // often is stored.
  if (options.addresses.size() == 1) options.fleet.read_bytes = 256 << 10;
  options.format = absl::GetFlag(FLAGS_format);
  options.max_frames = absl::GetFlag(FLAGS_max_frames);
  options.prometheus = absl::GetFlag(FLAGS_prometheus);
  options.status_line = isatty(STDERR_FILENO) != 0;

  const std::optional<Kept> kept = OpenKept();
  if (!kept.has_value()) return kExitBadUsage;
  const absl::Status metrics = MetricsFile(options.prometheus).Create();
  if (!metrics.ok()) return BadUsage(metrics.message());
  Output output(kept->file == nullptr ? STDOUT_FILENO : kept->file->fd(),
                interrupter.get());
  options.fleet.store.positions = kept->positions.get();
  std::optional<OutputPositionStore> with_output;
  if (kept->positions != nullptr && kept->file != nullptr) {
    with_output.emplace(kept->positions.get(), kept->file.get(), &output);
    options.fleet.store.positions = &*with_output;
    // What is in the file now stays, whatever happens before the first frame.
    const absl::Status status = with_output->Store({});
    if (!status.ok()) return BadUsage(status.message());
  }
  absl::Status status = Follow(options, &output);
  // What the end has printed stays too.
  if (status.ok() && output.status().ok() && with_output.has_value()) {
    status = with_output->Store({});
  }
  // The end of a link was described when it came, with its action.
  return ExitStatusOf(status);
}

int Run(const CommandLine& command_line) {
  const absl::Status flags = CheckFlags(command_line);
  if (!flags.ok()) return BadUsage(flags.message());
  const std::shared_ptr<Interrupter> interrupter = HandleStopSignals();
  return Follows() ? RunFollowing(interrupter)
                   : RunOnce(command_line, interrupter);
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {"kevy_tail", kevy_replica::kUsage, kevy_replica::kMore}, argc, argv,
      kevy_replica::Run);
}
