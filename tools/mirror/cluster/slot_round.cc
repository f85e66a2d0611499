// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_round.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/cluster/slot_sender.h"
#include "kevy_replica/tools/mirror/cluster/slot_transaction.h"

namespace kevy_replica {

SlotRound::SlotRound(const SlotTransaction::Context* context)
    : context_(context), index_of_(kSlots, kNone) {}

void SlotRound::Reset(size_t shard, const SlotMark& begin) {
  for (size_t i = 0; i < used_; ++i) {
    index_of_[transactions_[i]->slot()] = kNone;
  }
  used_ = commands_ = bytes_ = most_commands_ = 0;
  shard_ = shard;
  end_ = begin;
}

void SlotRound::Add(uint16_t slot, const SlotMark& before,
                    absl::string_view resp, std::optional<uint64_t> offset,
                    PayloadCheck check, const SlotMark& after) {
  uint16_t& index = index_of_[slot];
  if (index == kNone) {
    index = static_cast<uint16_t>(used_++);
    if (used_ > transactions_.size()) {
      transactions_.push_back(std::make_unique<SlotTransaction>(context_));
    }
    transactions_[index]->Reset(slot, shard_, before);
  }
  transactions_[index]->Add(resp, offset, check, after);
  ++commands_;
  most_commands_ = std::max(most_commands_, transactions_[index]->size());
  bytes_ += resp.size();
}

std::vector<SlotTransaction*> SlotRound::transactions() {
  std::vector<SlotTransaction*> all;
  for (size_t i = 0; i < used_; ++i) all.push_back(transactions_[i].get());
  return all;
}

std::vector<SlotWork*> SlotRound::works() {
  const std::vector<SlotTransaction*> all = transactions();
  return std::vector<SlotWork*>(all.begin(), all.end());
}

}  // namespace kevy_replica
