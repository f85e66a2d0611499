// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A payload as commands: the same for any pieces, by events and by records.
// Each command keeps its bounds, has a key, and hiredis reads its arguments.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/hiredis_value.h"

namespace kevy_replica {
namespace {

using codec_testing::Cuts;
using codec_testing::PayloadWay;
using codec_testing::RandomPieces;
using codec_testing::RunPayload;

// Of a command: its name, key, field, value, and a few words of XADD.
constexpr size_t kMaxOther = 16;

struct Loaded {
  std::string commands;  // In RESP, one behind the other.
  size_t count = 0;      // Of commands.
  std::vector<std::string> lost;

  friend bool operator==(const Loaded& a, const Loaded& b) {
    return a.commands == b.commands && a.count == b.count && a.lost == b.lost;
  }
};

using Feed = std::function<void(PayloadCommands* commands)>;

// Gives the events of `bytes`.
Feed Events(absl::string_view bytes, const PayloadWay& way) {
  return [bytes, way](PayloadCommands* commands) {
    RunPayload(bytes, way, [commands](const PayloadEvent& event) {
      FUZZ_CHECK(commands->Take(event).ok());
    });
  };
}

// Gives the records of `bytes`, and the events between them.
Feed Records(absl::string_view bytes, const PayloadWay& way) {
  return [bytes, way](PayloadCommands* commands) {
    PayloadDecoder decoder(way.now_ms, way.limits);
    Cuts cuts = way.cuts;
    Outcome outcome = Outcome::kNeedMore;
    for (size_t at = 0; at != bytes.size() && outcome != Outcome::kError;) {
      const size_t size = cuts(bytes.size() - at);
      decoder.Feed(bytes.substr(at, size));
      at += size;
      do {
        const absl::Span<const PayloadRecord> records = decoder.NextRecords();
        FUZZ_CHECK(commands->Take(records).ok());
        if (!records.empty()) {
          outcome = Outcome::kDone;
          continue;
        }
        outcome = decoder.Next();
        if (outcome == Outcome::kDone) {
          FUZZ_CHECK(commands->Take(decoder.event()).ok());
        }
      } while (outcome == Outcome::kDone);
    }
  };
}

Loaded Load(absl::string_view bytes, PayloadCommandsOptions options,
            const Feed& feed) {
  Loaded loaded;
  options.on_loss = [&](PayloadItem item, absl::string_view key) {
    loaded.lost.push_back(std::string(PayloadItemName(item)) +
                          std::string(key));
  };
  PayloadCommands commands(
      [&](const PayloadCommand& emitted) {
        const absl::Span<const absl::string_view> argv = emitted.argv;
        FUZZ_CHECK(argv.size() >= 2);
        FUZZ_CHECK(argv.size() <= PayloadCommands::kMaxArguments + kMaxOther);
        const size_t begin = loaded.commands.size();
        FUZZ_CHECK(AppendCommand(argv, &loaded.commands) == WireError::kNone);
        // An argument has at most the bytes of the payload. A gathered command
        // passes the bound by its last element.
        FUZZ_CHECK(loaded.commands.size() - begin <=
                   PayloadCommands::kMaxBytes + 4 * bytes.size() + 65'536);
        ++loaded.count;
        return absl::OkStatus();
      },
      options);
  feed(&commands);
  return loaded;
}

void Run(absl::string_view bytes) {
  // Each input has one target: an old server, or a new one.
  const bool is_new = bytes.size() % 2 != 0;
  PayloadWay way;
  way.now_ms = 1'000'000'000'000;
  PayloadCommandsOptions target;
  target.has_hpexpireat = target.has_long_xsetid = target.delete_first = is_new;
  target.now_ms = way.now_ms;
  way.keeps_steps = false;
  const Loaded whole = Load(bytes, target, Events(bytes, way));
  FUZZ_CHECK(Load(bytes, target, Records(bytes, way)) == whole);
  way.cuts = RandomPieces(bytes.size());
  FUZZ_CHECK(Load(bytes, target, Events(bytes, way)) == whole);
  FUZZ_CHECK(Load(bytes, target, Records(bytes, way)) == whole);
  const std::vector<HiredisValue> values = HiredisValues(whole.commands);
  FUZZ_CHECK(values.size() == whole.count);
  for (const HiredisValue& value : values) {
    FUZZ_CHECK(value.type == '*');
    for (const HiredisValue& argument : value.elements) {
      FUZZ_CHECK(argument.type == '$');
    }
  }
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
