// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/frame_keys.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/command_table.h"

namespace kevy_replica {
namespace {

using Argv = absl::Span<const absl::string_view>;

// Appends the places of the keys behind their number, which stands at `place`.
void AppendCounted(Argv argv, size_t place, std::vector<size_t>* places) {
  size_t count = 0;
  if (place >= argv.size() || !absl::SimpleAtoi(argv[place], &count)) return;
  const size_t first = place + 1;
  const size_t end = first + std::min(count, argv.size() - first);
  for (size_t i = first; i < end; ++i) places->push_back(i);
}

// The commands whose options name keys, as CommandFilter passes them on.
std::vector<size_t> MovablePlaces(const std::string& name, Argv argv) {
  std::vector<size_t> places;
  if (argv.size() < 2) return places;
  if (name == "zunionstore" || name == "zinterstore" || name == "zdiffstore") {
    places.push_back(1);
    AppendCounted(argv, 2, &places);
  } else if (name == "lmpop" || name == "zmpop") {
    AppendCounted(argv, 1, &places);
  } else if (name == "georadius" || name == "georadiusbymember") {
    places.push_back(1);
    // In front of the options stand a member, or a longitude and more.
    for (size_t i = 3; i + 1 < argv.size(); ++i) {
      if (absl::EqualsIgnoreCase(argv[i], "store") ||
          absl::EqualsIgnoreCase(argv[i], "storedist")) {
        places.push_back(i + 1);
      }
    }
  } else if (name == "xreadgroup") {
    // GROUP group consumer may have any names.
    size_t streams = 4;
    while (streams < argv.size() &&
           !absl::EqualsIgnoreCase(argv[streams], "streams")) {
      ++streams;
    }
    for (size_t i = streams + 1; i < argv.size() - (argv.size() - streams) / 2;
         ++i) {
      places.push_back(i);
    }
  }
  return places;
}

}  // namespace

std::vector<size_t> KeyPlaces(absl::Span<const absl::string_view> argv,
                              const CommandTable& table) {
  const TargetCommand* const command =
      table.Find(argv[0], argv.size() < 2 ? "" : argv[1]);
  if (command == nullptr) return {};
  if (command->movable_keys) return MovablePlaces(command->name, argv);
  std::vector<size_t> places;
  command->ForEachKey(argv.size(),
                      [&](size_t place) { places.push_back(place); });
  return places;
}

}  // namespace kevy_replica
