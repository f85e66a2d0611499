// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <memory>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/client_readers.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/decode_benchmarks.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// A session, driven by reads as in an event loop, at one fixed time.
class SessionLoop {
 public:
  explicit SessionLoop(const Corpus& corpus)
      : session_(ReplayLink(), StartOf(corpus)), transport_(corpus) {
    session_.HandleConnected(kNow);
    std::string request;
    session_.PollTransmit(kNow, &request);
  }

  // Each function reads `frames` frames, or fewer if the session ends.
  Tally ReadEvents(size_t frames) {
    Tally tally;
    while (tally.frames < frames) {
      if (const StreamEvent* event = session_.PollEvent()) {
        if (const auto* frame = std::get_if<FrameView>(event)) {
          tally.Add(*frame);
        }
      } else if (!ReadMore()) {
        break;
      }
    }
    return tally;
  }
  Tally ReadFrames(size_t frames) {
    Tally tally;
    while (tally.frames < frames) {
      const absl::Span<const FrameView> some =
          session_.PollFrames(frames - tally.frames);
      for (const FrameView& frame : some) tally.Add(frame);
      // Other events make the joint between two passes.
      if (some.empty() && session_.PollEvent() == nullptr && !ReadMore()) break;
    }
    return tally;
  }

 private:
  static constexpr absl::Time kNow = absl::UnixEpoch();

  bool ReadMore() {
    if (session_.done()) return false;
    const absl::Span<char> room = session_.PrepareRead(kPiece);
    session_.HandleRead(*transport_.Read(room, absl::ZeroDuration()), kNow);
    return true;
  }

  Session session_;
  ReplayTransport transport_;
};

std::unique_ptr<ReplicaClient> Connect(const Corpus& corpus) {
  return ValueOrDie(ReplicaClient::Connect(
      std::make_unique<ReplayTransport>(corpus), ClientOptionsFor(corpus)));
}

// The client lives through all passes, so that connecting is outside the
// timing.
template <typename Read>
void RegisterReading(const std::string& name, const Corpus& corpus, Read read) {
  RegisterPasses(name, corpus, [&corpus, read] {
    return [&corpus, read, client = Connect(corpus)] {
      return read(client.get(), corpus.frames).frames;
    };
  });
}

}  // namespace

void RegisterClient(const Corpus& corpus) {
  RegisterPasses("Stream/session_event", corpus, [&corpus] {
    return [&corpus, loop = std::make_unique<SessionLoop>(corpus)] {
      return loop->ReadEvents(corpus.frames).frames;
    };
  });
  RegisterPasses("Stream/session_frames", corpus, [&corpus] {
    return [&corpus, loop = std::make_unique<SessionLoop>(corpus)] {
      return loop->ReadFrames(corpus.frames).frames;
    };
  });
  RegisterReading("Stream/client_event", corpus, ReadEvents);
  RegisterReading("Stream/client_frame", corpus, ReadFrames);
  RegisterReading("Stream/client_frames", corpus, ReadBatches);
  RegisterReading("Stream/client_range", corpus, ReadRange);
  RegisterReading("Stream/client_applied", corpus, ReadAndApply);
}

}  // namespace benchmarks
}  // namespace kevy_replica
