// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/recording_transport.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/io.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using transport_internal::Deadline;
using transport_internal::ErrnoStatus;
using transport_internal::RetryOnEintr;
using transport_internal::UniqueFd;

absl::StatusOr<std::unique_ptr<RecordingTransport>> RecordingTransport::Create(
    std::unique_ptr<Transport> inner, absl::string_view path) {
  std::string name(path);
  UniqueFd fd(RetryOnEintr([&name] {
    return ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }));
  if (fd.get() < 0) return ErrnoStatus(errno, {"create", name});
  return absl::WrapUnique(
      new RecordingTransport(std::move(inner), std::move(fd), std::move(name)));
}

RecordingTransport::RecordingTransport(std::unique_ptr<Transport> inner,
                                       UniqueFd fd, std::string path)
    : ForwardingTransport(std::move(inner)),
      fd_(std::move(fd)),
      path_(std::move(path)) {}

absl::StatusOr<size_t> RecordingTransport::Read(absl::Span<char> buffer,
                                                absl::Duration timeout) {
  absl::StatusOr<size_t> size = inner().Read(buffer, timeout);
  if (!size.ok()) return size;
  // The bytes have arrived: write them without a timeout or an interrupt.
  absl::Status status = transport_internal::WriteAll(
      fd_.get(), absl::string_view(buffer.data(), *size), ::write, nullptr,
      Deadline(absl::InfiniteDuration()), {"record to", path_});
  if (!status.ok()) return status;
  return size;
}

}  // namespace kevy_replica
