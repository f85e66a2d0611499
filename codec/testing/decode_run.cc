// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/decode_run.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/check.h"
#include "kevy_replica/codec/testing/element_text.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

// An error stays, even when a whole element arrives.
void CheckStaysInError(StreamDecoder* decoder) {
  const WireError error = decoder->error();
  const uint64_t bytes_decoded = decoder->bytes_decoded();
  for (int i = 0; i < 2; ++i) {
    decoder->Feed("+PING 1 2\r\n");
    TestAccess::CheckInvariants(*decoder);
    Check(decoder->Next() == Outcome::kError, "an error stays");
    Check(decoder->error() == error, "an error is final");
    Check(decoder->bytes_decoded() == bytes_decoded,
          "an error stays where it is");
  }
}

// Takes the decoder's next element, or several frames. The called function
// changes from one call to the next.
Outcome Take(StreamDecoder* decoder, bool* answer_due,
             std::vector<std::string>* elements) {
  if (*answer_due) {
    HandshakeAnswer answer;
    const Outcome outcome = decoder->DecodeAnswer(&answer);
    if (outcome == Outcome::kDone) {
      *answer_due = false;
      elements->push_back(ElementText(answer));
    }
    return outcome;
  }
  constexpr size_t kMost[] = {StreamDecoder::kBatch, 0, 1, 3};
  const size_t most = kMost[elements->size() % 4];
  if (most != 0) {
    const absl::Span<const FrameView> frames = decoder->NextFrames(most);
    Check(frames.size() <= most, "no more frames than asked for");
    for (const FrameView& frame : frames) {
      Check(frame.offset() == frames[0].offset() + (&frame - frames.data()),
            "frames taken together follow each other");
      elements->push_back(ElementText(StreamEvent(frame)));
    }
    if (!frames.empty()) return Outcome::kDone;
  }
  const Outcome outcome = decoder->Next();
  if (outcome == Outcome::kDone) {
    Check(most == 0 || !std::holds_alternative<FrameView>(decoder->event()),
          "no frame where there was none to be taken");
    elements->push_back(ElementText(decoder->event()));
  }
  return outcome;
}

// Decodes the held bytes, or, unless `all`, sometimes only a part of them.
// Returns the last outcome.
Outcome Drain(bool all, StreamDecoder* decoder, bool* answer_due,
              DecodeRun* run) {
  while (true) {
    const Outcome outcome = Take(decoder, answer_due, &run->elements);
    TestAccess::CheckInvariants(*decoder);
    if (outcome == Outcome::kError) {
      Check(decoder->error() != WireError::kNone, "an error has a name");
      run->error = decoder->error();
      run->bytes_decoded = decoder->bytes_decoded();
      if (!*answer_due) CheckStaysInError(decoder);
      return outcome;
    }
    Check(decoder->error() == WireError::kNone, "no error, no name");
    if (outcome == Outcome::kNeedMore) {
      Check(decoder->bytes_decoded() == run->bytes_decoded,
            "only whole elements count");
      return outcome;
    }
    Check(decoder->bytes_decoded() > run->bytes_decoded, "the count rises");
    run->bytes_decoded = decoder->bytes_decoded();
    if (!all && run->elements.size() % 5 == 0) return outcome;
  }
}

// Another decoder has its turn: the memory that it gets holds other bytes then.
void UseAsNeighbour(SharedReadBuffer* shared) {
  StreamDecoder neighbour;
  const absl::Span<char> room = neighbour.Prepare(1, shared);
  std::fill(room.begin(), room.end(), '?');
  neighbour.GiveBack(shared);
}

// Decodes the stream's elements one by one, each with its own function, and
// checks their order.
class OneShotStream {
 public:
  OneShotStream(const Limits& limits,
                const std::function<void(const StreamEvent&)>& visit)
      : limits_(limits), visit_(visit), decoder_(limits) {}

  DecodeResult operator()(absl::string_view input, std::string* text) {
    StreamEvent event;
    DecodeResult result = Decode(input, &event);
    if (!result.done()) return result;
    if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
      snapshot_bytes_ += chunk->bytes.size();
    } else if (std::holds_alternative<SnapshotBegin>(event)) {
      if (in_snapshot_) {
        return DecodeResult::Error(WireError::kUnexpectedInSnapshot, 0);
      }
      in_snapshot_ = true;
      snapshot_bytes_ = 0;
    } else if (std::holds_alternative<SnapshotEnd>(event)) {
      if (!in_snapshot_) {
        return DecodeResult::Error(WireError::kOutsideSnapshot, 0);
      }
      in_snapshot_ = false;
    }
    *text = ElementText(event);
    if (visit_ != nullptr) visit_(event);
    return result;
  }

  bool in_snapshot() const { return in_snapshot_; }

 private:
  template <typename Element, typename Function>
  DecodeResult Try(absl::string_view input, Function decode,
                   StreamEvent* event) {
    Element element;
    const DecodeResult result = decode(input, limits_, &element);
    if (result.done()) *event = element;
    return result;
  }

  DecodeResult Decode(absl::string_view input, StreamEvent* event) {
    if (input.empty()) return DecodeResult::NeedMore(0);
    if (input[0] == '$') {
      if (!in_snapshot_) {
        return DecodeResult::Error(WireError::kOutsideSnapshot, 0);
      }
      // The function knows only one chunk: give it the rest of the snapshot's
      // limit as its limit.
      Limits limits = limits_;
      limits.max_chunk_bytes =
          std::min(limits_.max_chunk_bytes,
                   limits_.max_snapshot_bytes - snapshot_bytes_);
      SnapshotChunk chunk;
      DecodeResult result = DecodeSnapshotChunk(input, limits, &chunk);
      if (result.done()) *event = chunk;
      if (result.error == WireError::kChunkTooLong &&
          limits.max_chunk_bytes < limits_.max_chunk_bytes) {
        result.error = WireError::kSnapshotTooLong;
      }
      return result;
    }
    if (input[0] == '*') {
      if (in_snapshot_) {
        return DecodeResult::Error(WireError::kUnexpectedInSnapshot, 0);
      }
      FrameView frame;
      const DecodeResult result = decoder_.Decode(input, &frame);
      if (result.done()) *event = frame;
      return result;
    }
    // The line in the bytes, or the one that they resemble most.
    DecodeResult best = Try<Heartbeat>(input, DecodeHeartbeat, event);
    for (const DecodeResult& result :
         {Try<SnapshotBegin>(input, DecodeSnapshotBegin, event),
          Try<SnapshotEnd>(input, DecodeSnapshotEnd, event)}) {
      if (best.error == WireError::kUnknownElement &&
          (result.error != WireError::kUnknownElement ||
           result.bytes_decoded > best.bytes_decoded)) {
        best = result;
      }
    }
    return best;
  }

  const Limits limits_;
  const std::function<void(const StreamEvent&)>& visit_;
  FrameDecoder decoder_;
  bool in_snapshot_ = false;
  uint64_t snapshot_bytes_ = 0;
};

}  // namespace

bool operator==(const DecodeRun& a, const DecodeRun& b) {
  return std::tie(a.elements, a.error, a.bytes_decoded, a.open) ==
         std::tie(b.elements, b.error, b.bytes_decoded, b.open);
}

std::ostream& operator<<(std::ostream& out, const DecodeRun& run) {
  for (const std::string& element : run.elements) out << element << "\n";
  if (run.error == WireError::kNone) {
    return out << (run.open ? "need_more" : "end") << " at "
               << run.bytes_decoded;
  }
  return out << "error " << run.error << " at " << run.bytes_decoded;
}

Cuts Whole() {
  return [](size_t left) { return left; };
}

Cuts Pieces(size_t size) {
  return [size](size_t left) { return std::min(left, size); };
}

Cuts TwoPieces(size_t first) {
  return [first](size_t left) mutable {
    const size_t size = std::exchange(first, 0);
    return size == 0 ? left : std::min(left, size);
  };
}

Cuts RandomPieces(uint64_t seed) {
  return [random = std::mt19937_64(seed)](size_t left) mutable {
    const size_t most = random() % 8 == 0 ? 300 : 24;
    return std::min<size_t>(left, 1 + random() % most);
  };
}

std::vector<NamedCuts> ManyCuts(size_t size) {
  std::vector<NamedCuts> all = {{"whole", Whole()},
                                {"byte by byte", Pieces(1)},
                                {"pieces of 7", Pieces(7)}};
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    all.push_back({absl::StrCat("random, seed ", seed), RandomPieces(seed)});
  }
  for (size_t first = 1; size <= 512 && first < size; ++first) {
    all.push_back({absl::StrCat("cut at ", first), TwoPieces(first)});
  }
  return all;
}

DecodeRun RunStream(absl::string_view bytes, const Limits& limits,
                    StreamStart start, Cuts cuts,
                    std::optional<internal::ByteBuffer::Memory> memory,
                    SharedReadBuffer* shared) {
  StreamDecoder decoder(limits);
  if (memory.has_value()) TestAccess::UseMemory(*memory, &decoder);
  DecodeRun run;
  bool answer_due = start == StreamStart::kAnswer;
  size_t most_held = 0;
  uint64_t whole = 0;     // Bytes of whole elements.
  size_t least_end = 0;   // Of the element behind them.
  bool give_back = true;  // Before the next piece.
  while (true) {
    const bool all = run.given == bytes.size();
    const Outcome outcome = Drain(all, &decoder, &answer_due, &run);
    if (outcome == Outcome::kError) return run;
    Check(run.bytes_decoded == whole || run.given >= least_end,
          "an element ends where it says, or later");
    whole = run.bytes_decoded;
    const size_t held = run.given - static_cast<size_t>(run.bytes_decoded);
    if (outcome == Outcome::kNeedMore) {
      const StreamDecoder::CutElement cut = decoder.cut();
      Check(cut.held == held, "the cut element is all that is held");
      Check((cut.missing > 0) == (held > 0), "only a cut element lacks bytes");
      least_end = run.given + cut.missing;
    }
    if (all) {
      run.open = !decoder.at_boundary();
      Check(run.open == (held > 0 || decoder.in_snapshot()), "at_boundary");
      return run;
    }
    if (shared != nullptr && std::exchange(give_back, !give_back)) {
      decoder.GiveBack(shared);
      TestAccess::CheckInvariants(decoder);
      UseAsNeighbour(shared);
    }
    size_t piece = cuts(bytes.size() - run.given);
    const absl::Span<char> room = decoder.Prepare(piece, shared);
    if (shared != nullptr) piece = std::min(piece, room.size());
    Check(piece > 0 && room.size() >= piece, "Prepare() gives the asked size");
    std::copy_n(bytes.data() + run.given, piece, room.data());
    decoder.Commit(piece);
    TestAccess::CheckInvariants(decoder);
    run.given += piece;

    // ByteBuffer's promise, plus an ArgRef for each 6 bytes and a batch of
    // them, doubled by growth.
    most_held = std::max(most_held, held + piece);
    const size_t buffer =
        std::max(internal::ByteBuffer::kMinCapacity, 4 * most_held);
    const size_t args = 2 * (most_held / 6 + 32) * sizeof(ArgRef);
    Check(decoder.memory_bytes() <= buffer + args,
          "memory follows the received bytes");
  }
}

DecodeRun RunOneShot(absl::string_view bytes, const Limits& limits,
                     StreamStart start,
                     const std::function<void(const StreamEvent&)>& visit) {
  OneShotStream stream(limits, visit);
  bool answer_due = start == StreamStart::kAnswer;
  DecodeRun run =
      RunElements(bytes, [&](absl::string_view input, std::string* text) {
        if (!answer_due) return stream(input, text);
        HandshakeAnswer answer;
        const DecodeResult result =
            DecodeHandshakeAnswer(input, limits, &answer);
        if (result.done()) {
          answer_due = false;
          *text = ElementText(answer);
        }
        return result;
      });
  if (run.error == WireError::kNone && stream.in_snapshot()) run.open = true;
  return run;
}

DecodeRun RunElements(absl::string_view bytes, const DecodeOne& decode) {
  DecodeRun run;
  run.given = bytes.size();
  while (run.bytes_decoded < bytes.size()) {
    const absl::string_view left =
        bytes.substr(static_cast<size_t>(run.bytes_decoded));
    std::string text;
    const DecodeResult result = decode(left, &text);
    Check(result.bytes_decoded <= left.size(), "no byte past the input counts");
    Check((result.error != WireError::kNone) ==
              (result.outcome == Outcome::kError),
          "an error has a name");
    switch (result.outcome) {
      case Outcome::kDone:
        Check(result.bytes_decoded > 0, "an element takes up bytes");
        run.bytes_decoded += result.bytes_decoded;
        run.elements.push_back(std::move(text));
        break;
      case Outcome::kNeedMore:
        run.open = true;
        return run;
      case Outcome::kError:
        Check(result.bytes_decoded < left.size(), "the wrong byte was given");
        run.error = result.error;
        run.bytes_decoded += result.bytes_decoded;
        return run;
    }
  }
  return run;
}

}  // namespace codec_testing
}  // namespace kevy_replica
