// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reads a recording as if it came from a primary.

#ifndef KEVY_REPLICA_TRANSPORT_FILE_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_FILE_TRANSPORT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Reads a file or a pipe from its beginning to its end, and drops all written
// bytes. RecordingTransport makes such files.
class FileTransport : public Transport {
 public:
  // Opens `path`; "-" is standard input. Errors: the system's, as kNotFound,
  // with the path. `interrupter` ends reads early. Default: null, which makes
  // one.
  static absl::StatusOr<std::unique_ptr<FileTransport>> Open(
      absl::string_view path,
      std::shared_ptr<Interrupter> interrupter = nullptr);

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  void Interrupt() override { interrupter_->Interrupt(); }
  void Close() override {}
  std::string peer() const override { return path_; }
  // A regular file is always readable under poll(). epoll rejects it with
  // EPERM, and a Poller handles that.
  int fd() const override { return fd_.get(); }

 private:
  FileTransport(transport_internal::UniqueFd fd, std::string path,
                std::shared_ptr<Interrupter> interrupter);

  const transport_internal::UniqueFd fd_;
  const std::string path_;
  const std::shared_ptr<Interrupter> interrupter_;
  bool at_end_ = false;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_FILE_TRANSPORT_H_
