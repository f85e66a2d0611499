// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/tail.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/link_target.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/progress.h"
#include "kevy_replica/tools/tail/hook_transport.h"
#include "kevy_replica/tools/tail/snapshot_printer.h"
#include "kevy_replica/tools/tail/tail_printer.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

class Tailer {
 public:
  Tailer(const TailOptions& options, Output* output)
      : options_(options),
        output_(output),
        printer_(options.format),
        snapshot_(options.snapshot, &printer_, options.client.link.limits,
                  [this](absl::string_view message) { SayBeside(message); }) {
    if (options.client.from.next_offset > 0) snapshot_.NoteData();
  }

  absl::Status Run(absl::string_view address) {
    ReplicaClientOptions client = options_.client;
    client.secure = Hooked(options_.client.secure);
    return Run(ReplicaClient::Connect(address, std::move(client)));
  }
  absl::Status Run(std::unique_ptr<Transport> transport) {
    return Run(
        ReplicaClient::Connect(Hook(std::move(transport)), options_.client));
  }

 private:
  absl::Status Run(absl::StatusOr<std::unique_ptr<ReplicaClient>> client) {
    const absl::Status status = RunClient(std::move(client));
    Show().IgnoreError();
    if (options_.status_line) std::fputs("\n", stderr);
    // A failed output also ends the client, with the same error.
    if (absl::IsCancelled(output_->status())) return absl::OkStatus();
    if (!output_->status().ok()) return output_->status();
    if (!failure_.ok()) return failure_;
    return absl::IsCancelled(status) ? absl::OkStatus() : status;
  }

  absl::Status RunClient(
      absl::StatusOr<std::unique_ptr<ReplicaClient>> client) {
    if (!client.ok()) return client.status();
    client_ = *std::move(client);
    printer_.Connected(client_->answer(), output_);
    while (PrintNext()) {
    }
    const absl::Status& status = payload_.ok() ? client_->status() : payload_;
    if (status.ok() || absl::IsCancelled(status)) {
      printer_.End(client_->position(), output_);
    }
    return status;
  }

  // Prints one event. Returns whether to go on.
  bool PrintNext() {
    const StreamEvent* event = client_->NextEvent();
    if (event == nullptr) return false;
    payload_ = Print(*event);
    if (!payload_.ok()) return false;
    const bool is_frame = std::holds_alternative<FrameView>(*event);
    const bool moves_on =
        is_frame || std::holds_alternative<SnapshotEnd>(*event);
    if (output_->is_large() && !Show().ok()) return false;

    const bool last = is_frame && ++progress_.frames == options_.max_frames;
    if (options_.ack && moves_on) {
      // Both are sent with the next write, so after the event is printed.
      const uint64_t next_offset = client_->position().next_offset;
      if (last) {
        client_->SendAck(next_offset).IgnoreError();
      } else {
        client_->Applied(next_offset);
      }
    }
    return !last;
  }

  // Errors: those of a snapshot's payload.
  absl::Status Print(const StreamEvent& event) {
    if (std::holds_alternative<SnapshotBegin>(event)) {
      snapshot_.Begin(output_);
    } else if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
      return snapshot_.Chunk(chunk->bytes, output_);
    } else if (const auto* end = std::get_if<SnapshotEnd>(&event)) {
      return snapshot_.End(end->next_offset, output_);
    } else {
      if (std::holds_alternative<FrameView>(event)) snapshot_.NoteData();
      printer_.Event(event, output_);
    }
    return absl::OkStatus();
  }

  // Puts the hooks above the encryption, if there is one.
  TransportSecurity Hooked(TransportSecurity secure) {
    return [this,
            secure = std::move(secure)](absl::Span<const std::string> keys)
               -> absl::StatusOr<TransportWrapper> {
      absl::StatusOr<TransportWrapper> wrap =
          client_internal::WrapperFor(secure, keys);
      if (!wrap.ok()) return wrap.status();
      return TransportWrapper(
          [this, wrap = *std::move(wrap)](std::unique_ptr<Transport> transport)
              -> absl::StatusOr<std::unique_ptr<Transport>> {
            for (const TransportWrapper& next : {wrap, options_.wrap}) {
              absl::StatusOr<std::unique_ptr<Transport>> wrapped =
                  client_internal::Wrapped(next, std::move(transport));
              if (!wrapped.ok()) return wrapped.status();
              transport = *std::move(wrapped);
            }
            return Hook(std::move(transport));
          });
    };
  }
  std::unique_ptr<Transport> Hook(std::unique_ptr<Transport> transport) {
    return std::make_unique<HookTransport>(std::move(transport),
                                           [this] { return Show(); });
  }

  // Flushes the output and updates the status line. Called before every wait.
  absl::Status Show() {
    if (options_.before_flush != nullptr && failure_.ok()) {
      failure_ = options_.before_flush();
    }
    if (!failure_.ok()) return failure_;
    if (!options_.status_line) return output_->Flush();
    if (client_ != nullptr) {
      progress_.bytes = client_->bytes_received();
      progress_.lag = client_->lag();
    }
    // Output and status line may share a terminal.
    std::fputs(StatusLine::kClear, stderr);
    const absl::Status& status = output_->Flush();
    std::fputs(status_line_.Text(progress_).c_str(), stderr);
    return status;
  }

  void SayBeside(absl::string_view message) {
    if (options_.status_line) std::fputs(StatusLine::kClear, stderr);
    Say({LogLevel::kWarning, "snapshot", std::string(message)});
  }

  const TailOptions& options_;
  Output* const output_;
  const TailPrinter printer_;
  SnapshotPrinter snapshot_;
  StatusLine status_line_;
  std::unique_ptr<ReplicaClient> client_;  // Null before the handshake.
  Progress progress_;
  absl::Status payload_;  // Of a snapshot.
  absl::Status failure_;  // Of TailOptions::before_flush.
};

}  // namespace

absl::Status Tail(absl::string_view address, const TailOptions& options,
                  Output* output) {
  return Tailer(options, output).Run(address);
}

absl::Status Tail(std::unique_ptr<Transport> transport,
                  const TailOptions& options, Output* output) {
  return Tailer(options, output).Run(std::move(transport));
}

}  // namespace kevy_replica
