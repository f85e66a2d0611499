// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints the replication stream of a kevy primary. See kUsage.

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
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/replica_client.h"
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
    "HOST:PORT, [IPV6]:PORT or unix:PATH: the replication listener of a "
    "shard,\n"
    "or of the first one. kevy's default port is the client port + 10000.");
ABSL_FLAG(
    uint32_t, shards, 1,
    "The number of shards to follow, on consecutive ports from --primary\n"
    "on. With more than one, every line names its shard: \"[3] \" in text,\n"
    "\"shard\":3 in json.");
ABSL_FLAG(bool, once, false,
          "Print one link and exit when it ends, instead of following.");
ABSL_FLAG(std::string, replica_id, "kevy_tail",
          "The name of this reader in the primary's INFO replication.");
ABSL_FLAG(
    kevy_replica::FeedPosition, from, {},
    "GENERATION:OFFSET: the position to start at, in the form of the `end`\n"
    "event. 0:0 is a fresh start. A position in --positions has priority.");
ABSL_FLAG(kevy_replica::ProtocolChoice, protocol,
          kevy_replica::ProtocolChoice::kAuto,
          "1 (kevy 1.18 to 3.x), 2 (kevy 4.0 and later), or auto: try both.");
ABSL_FLAG(
    kevy_replica::TailFormat, format, kevy_replica::TailFormat::kText,
    "text (like redis-cli's MONITOR), json (an object a line) or resp (the\n"
    "frames' commands alone, for redis-cli --pipe).");
ABSL_FLAG(bool, ack, false,
          "Acknowledge printed frames. The primary's WAIT then counts this\n"
          "reader.");
ABSL_FLAG(uint64_t, max_frames, 0,
          "Exit after so many frames of all shards. 0: no limit.");
ABSL_FLAG(absl::Duration, idle_timeout, absl::InfiniteDuration(),
          "The longest silence of a link, as in 5s or 1m30s. Then the tail\n"
          "connects again, or fails with --once. inf: no limit.");
ABSL_FLAG(
    absl::Duration, heartbeat_timeout, absl::Seconds(5),
    "The longest time without a heartbeat, from primaries that send them.\n"
    "Then the tail connects again. inf: no limit.");
ABSL_FLAG(
    std::string, positions, "",
    "The file that keeps the positions of the printed frames. The next run\n"
    "continues there.");
ABSL_FLAG(std::string, output, "",
          "The file to append to, instead of standard output.");
ABSL_FLAG(std::string, prometheus, "",
          "The file for metrics in Prometheus's text format, replaced every\n"
          "second.");
ABSL_FLAG(std::string, record, "",
          "The file for all bytes that the primary sends, to --replay them.\n"
          "Needs --once.");
ABSL_FLAG(std::string, replay, "",
          "The recording to read instead of a link; - is standard input. Its\n"
          "first line sets --protocol and --from, unless they are given.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage =
    R"(kevy_tail: prints the replication stream of a kevy primary.

  kevy_tail --primary=localhost:16004 --shards=4 --format=json

It follows the primary through broken links, until Ctrl-C. One address is one
shard: give --shards to follow all shards of a primary. Without --primary or
--replay it plays a recording from an embedded primary, and exits at its end.

)";

constexpr absl::string_view kNotes = R"(
Restarts:
  With --positions the next run continues at the stored position. A position
  is stored after its frames are written. So a killed tail may print its last
  frames again, to a pipe or a terminal. In a file given by --output each
  frame stands once: the next run truncates the file to the stored position.
  Let only the tail write to that file. To start a new one, stop the tail,
  move the file away and create an empty one.

Limits:
- Before kevy 5.1 a primary that has lost its data may use an old generation
  again. The tail may then continue in the new history without notice.
- Before kevy 4.0 only a link's first heartbeat names the history. A tail that
  is stopped before it may start over. One that is killed before it may have
  frames of several shards twice in --output. kevy 2.0 sends no heartbeats, so
  a new history may go unnoticed.
- The stream differs from the primary's data: kevy also streams commands that
  it refused, and leaves out some writes. How much depends on its version.

Exit status:
  0  the end of --once, --replay or the embedded recording; --max_frames;
     Ctrl-C; or the reader of the output is gone
  1  an error, with a message; with --once also an error of the stream
  2  bad usage, or a file that cannot be used
)";

LinkFlags GetLinkFlags() {
  return {absl::GetFlag(FLAGS_replica_id), absl::GetFlag(FLAGS_protocol),
          absl::GetFlag(FLAGS_idle_timeout),
          absl::GetFlag(FLAGS_heartbeat_timeout)};
}

bool Follows() {
  return !absl::GetFlag(FLAGS_primary).empty() && !absl::GetFlag(FLAGS_once);
}

// Checks that the file can be written. Leaves its contents alone.
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
        "--from is for one shard: keep positions of several in --positions");
  }
  return absl::OkStatus();
}

// Checks the flags that need --once, and those that need its absence.
absl::Status CheckFollowing(const CommandLine& command_line) {
  if (Follows()) {
    return absl::GetFlag(FLAGS_record).empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "--record needs --once: a recording holds one link");
  }
  for (const char* name :
       {"positions", "prometheus", "shards", "heartbeat_timeout"}) {
    if (command_line.given.count(name) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " needs --primary, and excludes --once"));
    }
  }
  return absl::OkStatus();
}

// Checks that the flags name different files, since one would overwrite or
// truncate the other.
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

// Records to --record, if it is given.
absl::StatusOr<std::unique_ptr<Transport>> Recorded(
    absl::StatusOr<std::unique_ptr<Transport>> transport) {
  const std::string path = absl::GetFlag(FLAGS_record);
  if (path.empty() || !transport.ok()) return transport;
  return RecordingTransport::Create(*std::move(transport), path);
}

int BadOutput(const absl::Status& status) {
  return BadUsage(absl::StrCat("--output: ", status.message()));
}

// The exit status of a stream that was printed to `output`.
int StreamExitStatus(const absl::Status& status, const Output& output) {
  if (status.ok() || absl::IsCancelled(status)) return kExitSuccess;
  // Only an error of the stream has a recommended action.
  Say(output.status().ok() ? Describe(status) : std::string(status.message()));
  return kExitError;
}

// Opens the recording as a link. Sets the protocol and the position of the
// handshake by the answer at its beginning.
absl::StatusOr<std::unique_ptr<Transport>> ReplayTo(
    ReplicaClientOptions* client, const CommandLine& command_line) {
  absl::StatusOr<Replay> opened =
      OpenReplay(absl::GetFlag(FLAGS_replay), client->connect.interrupter);
  if (!opened.ok()) return opened.status();
  const HandshakeAnswer answer = opened->answer.value_or(HandshakeAnswer());
  // kAuto would want a second link to try the other protocol on.
  if (client->link.protocol == ProtocolChoice::kAuto) {
    client->link.protocol = answer.protocol == Protocol::kV1
                                ? ProtocolChoice::kV1
                                : ProtocolChoice::kV2;
  }
  if (command_line.given.count("from") == 0) {
    client->from = {answer.generation, answer.offset};
  }
  return std::move(opened->transport);
}

// Prints one link.
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
  std::unique_ptr<Transport> replay;
  TransportFactory connect;
  if (!absl::GetFlag(FLAGS_replay).empty()) {
    absl::StatusOr<std::unique_ptr<Transport>> opened =
        ReplayTo(&options.client, command_line);
    if (absl::IsCancelled(opened.status())) return kExitSuccess;
    if (!opened.ok()) return BadUsage(opened.status().message());
    replay = *std::move(opened);
  } else {
    std::string address = absl::GetFlag(FLAGS_primary);
    if (address.empty()) {
      const absl::Status status = StartEmbeddedPrimary(&embedded_primary);
      if (!status.ok()) return ExitStatusOf(status);
      address = embedded_primary.address();
    }
    connect = [dial = ConnectTo(address, options.client.connect)] {
      return Recorded(dial());
    };
  }

  const std::string path = absl::GetFlag(FLAGS_output);
  absl::StatusOr<std::unique_ptr<OutputFile>> file = nullptr;
  if (!path.empty()) file = OutputFile::Open(path);
  if (!file.ok()) return BadOutput(file.status());
  Output output(path.empty() ? STDOUT_FILENO : (*file)->fd(),
                interrupter.get());
  if (replay == nullptr) {
    return StreamExitStatus(Tail(connect, options, &output), output);
  }
  absl::StatusOr<std::unique_ptr<Transport>> recorded =
      Recorded(std::move(replay));
  return StreamExitStatus(recorded.ok()
                              ? Tail(*std::move(recorded), options, &output)
                              : recorded.status(),
                          output);
}

// The position store, and the output file truncated to the stored mark.
struct Kept {
  std::unique_ptr<FilePositionStore> positions;  // Null: no --positions.
  std::unique_ptr<OutputFile> file;              // Null: standard output.
};

// Returns nothing after an error, which it has reported.
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
    // Cannot fail: the name is valid and Open() has read the file.
    mark =
        kept.positions->Load(OutputPositionStore::kName).value_or(std::nullopt);
  }
  const std::string path = absl::GetFlag(FLAGS_output);
  if (path.empty()) {
    // The earlier output file will lack the frames that go to standard output
    // now. A mark of length 0 prevents that a later run continues in it.
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
    Say(absl::StrCat(path, " is empty: starting over in it, without the ",
                     mark->next_offset, " bytes that were printed before"));
  }
  return kept;
}

int RunFollowing(const std::shared_ptr<Interrupter>& interrupter) {
  FollowOptions options;
  options.addresses = *Addresses();  // CheckPrimary() has checked them.
  options.fleet = FleetOptionsOf(GetLinkFlags());
  options.fleet.from = absl::GetFlag(FLAGS_from);
  options.fleet.acknowledge = absl::GetFlag(FLAGS_ack);
  // Store as often as possible, so that a killed tail prints few frames again.
  options.fleet.store.interval = absl::ZeroDuration();
  // Larger reads mean fewer stores. With several shards this would multiply.
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
    // Marks the present contents, so that the next run keeps them.
    const absl::Status status = with_output->Store({});
    if (!status.ok()) return BadUsage(status.message());
  }
  absl::Status status = Follow(options, &output);
  // Marks the end lines too.
  if (status.ok() && output.status().ok() && with_output.has_value()) {
    status = with_output->Store({});
  }
  // Follow() has described each link's end with its action.
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
      {"kevy_tail", kevy_replica::kUsage, kevy_replica::kNotes}, argc, argv,
      kevy_replica::Run);
}
