// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/argv_view.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace kevy_replica {

void ArgvStorage::DropEarlier() {
  if (begin_ == 0) return;
  std::copy(refs_.get() + begin_, refs_.get() + end_, refs_.get());
  end_ -= begin_;
  begin_ = 0;
}

void ArgvStorage::Grow(size_t n) {
  Reallocate(std::max(end_ + n, 2 * capacity_));
}

void ArgvStorage::ShrinkToFit() { Reallocate(end_); }

void ArgvStorage::Reallocate(size_t capacity) {
  // Not make_unique: the new part need not be cleared.
  std::unique_ptr<ArgRef[]> refs(new ArgRef[capacity]);
  std::copy_n(refs_.get(), end_, refs.get());
  refs_ = std::move(refs);
  capacity_ = capacity;
}

}  // namespace kevy_replica
