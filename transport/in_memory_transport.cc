// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/in_memory_transport.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {

using transport_internal::Deadline;
using transport_internal::InterruptedStatus;
using transport_internal::Operation;
using transport_internal::TimedOutStatus;

// One direction of a pair.
struct InMemoryTransport::Channel {
  explicit Channel(size_t capacity) : capacity(capacity) {}

  const size_t capacity;
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by `mutex`.
  std::string bytes;
  size_t consumed = 0;  // Bytes at the front that the reader has read.
  bool reader_closed = false;
  bool writer_closed = false;
  bool reader_interrupted = false;
  bool writer_interrupted = false;
  std::unique_ptr<Wakeup> readable;  // Null until the first fd().

  size_t unread() const { return bytes.size() - consumed; }

  void Set(bool Channel::* flag, bool value = true) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      this->*flag = value;
      UpdateReadable();
    }
    changed.notify_all();
  }

  // Whether Read() would not wait.
  bool CanRead() const {
    return reader_interrupted || reader_closed || writer_closed || unread() > 0;
  }

  // Call it after each change that CanRead() depends on, with `mutex` held:
  // Notify() and Clear() must come in the order of the changes.
  void UpdateReadable() {
    if (readable == nullptr || readable->notified() == CanRead()) return;
    if (CanRead()) {
      readable->Notify();
    } else {
      readable->Clear();
    }
  }

  int ReadableFd() {
    std::lock_guard<std::mutex> lock(mutex);
    if (readable == nullptr) {
      auto wakeup = std::make_unique<Wakeup>();
      if (wakeup->fd() < 0) return -1;
      readable = std::move(wakeup);
      UpdateReadable();
    }
    return readable->fd();
  }

  // Returns whether `condition` became true before the deadline.
  template <typename Condition>
  bool Await(std::unique_lock<std::mutex>& lock, const Deadline& deadline,
             Condition condition) {
    if (!deadline.infinite()) {
      return changed.wait_until(lock, deadline.time(), condition);
    }
    changed.wait(lock, condition);
    return true;
  }

  absl::StatusOr<size_t> Read(absl::Span<char> buffer, const Deadline& deadline,
                              const Operation& operation) {
    std::unique_lock<std::mutex> lock(mutex);
    const bool awaited = Await(lock, deadline, [this] { return CanRead(); });
    if (reader_interrupted) return InterruptedStatus(operation);
    if (!awaited) return TimedOutStatus(operation);
    if (reader_closed) return 0;
    const size_t size = std::min(buffer.size(), unread());
    std::memcpy(buffer.data(), bytes.data() + consumed, size);
    consumed += size;
    // At half of the bytes, so that each byte is moved at most once on average.
    if (consumed >= bytes.size() / 2) {
      bytes.erase(0, consumed);
      consumed = 0;
    }
    UpdateReadable();
    changed.notify_all();
    return size;
  }

  absl::Status Write(absl::string_view data, const Deadline& deadline,
                     const Operation& operation) {
    std::unique_lock<std::mutex> lock(mutex);
    do {
      const bool awaited = Await(lock, deadline, [&] {
        return writer_interrupted || writer_closed || reader_closed ||
               data.empty() || unread() < capacity;
      });
      if (writer_interrupted) return InterruptedStatus(operation);
      if (!awaited) return TimedOutStatus(operation);
      if (writer_closed || reader_closed) {
        return absl::UnavailableError("write to memory: an end is closed");
      }
      const size_t size = std::min(data.size(), capacity - unread());
      bytes.append(data.data(), size);
      data.remove_prefix(size);
      UpdateReadable();
      changed.notify_all();
    } while (!data.empty());
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> AwaitRead(const Deadline& deadline,
                                   const Operation& operation) {
    std::unique_lock<std::mutex> lock(mutex);
    const bool awaited = Await(lock, deadline, [this] {
      return writer_interrupted || reader_closed || unread() == 0;
    });
    if (writer_interrupted) return InterruptedStatus(operation);
    if (!awaited) return TimedOutStatus(operation);
    return unread();
  }
};

InMemoryTransport::Pair InMemoryTransport::CreatePair(size_t capacity) {
  capacity = std::max<size_t>(capacity, 1);
  auto a = std::make_shared<Channel>(capacity);
  auto b = std::make_shared<Channel>(capacity);
  return {absl::WrapUnique(new InMemoryTransport(a, b)),
          absl::WrapUnique(new InMemoryTransport(b, a))};
}

InMemoryTransport::InMemoryTransport(std::shared_ptr<Channel> in,
                                     std::shared_ptr<Channel> out)
    : in_(std::move(in)), out_(std::move(out)) {}

InMemoryTransport::~InMemoryTransport() { InMemoryTransport::Close(); }

absl::StatusOr<size_t> InMemoryTransport::Read(absl::Span<char> buffer,
                                               absl::Duration timeout) {
  return in_->Read(buffer, Deadline(timeout), {"read from", "memory"});
}

absl::Status InMemoryTransport::Write(absl::string_view bytes,
                                      absl::Duration timeout) {
  return out_->Write(bytes, Deadline(timeout), {"write to", "memory"});
}

absl::StatusOr<size_t> InMemoryTransport::AwaitRead(absl::Duration timeout) {
  return out_->AwaitRead(Deadline(timeout), {"write to", "memory"});
}

void InMemoryTransport::Interrupt() {
  in_->Set(&Channel::reader_interrupted);
  out_->Set(&Channel::writer_interrupted);
}

int InMemoryTransport::fd() const { return in_->ReadableFd(); }

void InMemoryTransport::ResumeReads() {
  in_->Set(&Channel::reader_interrupted, false);
}

void InMemoryTransport::CloseWrite() { out_->Set(&Channel::writer_closed); }

void InMemoryTransport::Close() {
  in_->Set(&Channel::reader_closed);
  out_->Set(&Channel::writer_closed);
}

}  // namespace kevy_replica
