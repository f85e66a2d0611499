// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/argv_view.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/nothrow_array.h"

namespace kevy_replica {

void ArgvStorage::DropEarlier() {
  if (begin_ == 0) return;
  std::copy(refs_.get() + begin_, refs_.get() + end_, refs_.get());
  end_ -= begin_;
  begin_ = 0;
}

bool ArgvStorage::Grow(size_t n) {
  return Reallocate(std::max(end_ + n, 2 * capacity_));
}

void ArgvStorage::ShrinkToFit() { Reallocate(end_); }

bool ArgvStorage::Reallocate(size_t capacity) {
  std::unique_ptr<ArgRef[]> refs =
      internal::NothrowCopy(refs_.get(), end_, capacity);
  if (refs == nullptr) return false;
  refs_ = std::move(refs);
  capacity_ = capacity;
  return true;
}

void AppendText(const ArgRef& ref, std::string* out) {
  absl::StrAppend(out, "offset=", ref.offset, " size=", ref.size);
}

void AppendText(ArgvView argv, std::string* out) {
  absl::string_view separator;
  for (const absl::string_view arg : argv) {
    absl::StrAppend(out, separator);
    AppendEscaped(arg, out);
    separator = " ";
  }
}

bool operator==(ArgvView a, ArgvView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::ostream& operator<<(std::ostream& out, ArgvView argv) {
  std::string text;
  AppendText(argv, &text);
  return out << text;
}

}  // namespace kevy_replica
