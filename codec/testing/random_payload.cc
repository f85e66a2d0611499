// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/random_payload.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "kevy_replica/codec/testing/random_stream.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

// Each function appends one part.
class Writer {
 public:
  explicit Writer(Random* random) : random_(*random) {}

  std::string Payload() {
    Header();
    for (uint64_t records = Below(6); records > 0; --records) Record();
    if (version_ == 7 && Below(4) == 0) {
      Number(8, 1);
      Expiry();
      String();
      Number(Below(9), 4);
      Number(Below(9), 4);
    }
    if (version_ >= 6) {
      for (uint64_t expiries = Below(3); expiries > 0; --expiries) {
        Number(7, 1);
        String();
        String();
        Numbers(1);
      }
    }
    Number(0, 1);
    if (Below(3) == 0) out_.append(Below(40), static_cast<char>(Below(12)));
    return out_;
  }

  std::string AlikePayload() {
    Header();
    for (uint64_t rows = 1 + Below(3); rows > 0; --rows) {
      const uint64_t opcode = 1 + Below(5);
      const uint64_t flag = Below(2);
      first_ = Below(20);
      second_ = Below(20);
      const bool one_count = Below(2) == 0;
      const uint64_t count = Below(10);
      for (uint64_t records = Below(60); records > 0; --records) {
        AlikeRecord(opcode, Below(40) == 0 ? 1 - flag : flag,
                    one_count ? count : Below(10));
      }
      // More strings than a batch has.
      AlikeRecord(2 + Below(4), flag, Below(1500));
    }
    Number(0, 1);
    return out_;
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }

  void Header() {
    out_ = "KEVYSNAP";
    version_ = Below(6) + 2;
    Number(version_, 1);
    if (version_ >= 5) Numbers(2);
  }

  void Number(uint64_t number, int bytes) {
    for (; bytes > 0; --bytes, number >>= 8) {
      out_.push_back(static_cast<char>(number & 0xff));
    }
  }
  // Appends `count` u64.
  void Numbers(int count) {
    for (; count > 0; --count) {
      Number(Below(2) == 0 ? Below(9) : random_(), 8);
    }
  }
  void String() {
    const uint64_t size = Below(8) == 0 ? Below(300) : Below(12);
    Number(size, 4);
    for (uint64_t i = 0; i < size; ++i) {
      out_.push_back(static_cast<char>('a' + Below(26)));
    }
  }
  void Expiry() {
    const uint64_t flag = Below(2);
    Number(flag, 1);
    if (flag == 1) Numbers(1);
  }
  uint64_t Count() {
    const uint64_t count = Below(4);
    Number(count, 4);
    return count;
  }

  // Of `size` bytes, or seldom another number.
  void AlikeString(uint64_t size) {
    if (Below(30) == 0) size = Below(20);
    Number(size, 4);
    out_.append(size, static_cast<char>('a' + Below(26)));
  }
  void AlikeRecord(uint64_t opcode, uint64_t flag, uint64_t count) {
    Number(opcode, 1);
    Number(flag, 1);
    if (flag == 1) Numbers(1);
    AlikeString(first_);
    if (opcode == 1) {
      AlikeString(second_);
      return;
    }
    Number(count, 4);
    for (; count > 0; --count) {
      AlikeString(first_);
      if (opcode == 2) AlikeString(second_);
      if (opcode == 5) Numbers(1);
    }
  }

  void Record() {
    const uint64_t opcode = 1 + Below(6);
    Number(opcode, 1);
    Expiry();
    String();
    if (opcode == 1) {
      String();
    } else if (opcode == 6) {
      Stream();
    } else {
      for (uint64_t count = Count(); count > 0; --count) {
        String();
        if (opcode == 2) String();
        if (opcode == 5) Numbers(1);
      }
    }
  }

  void Stream() {
    Numbers(5);
    for (uint64_t entries = Count(); entries > 0; --entries) {
      Numbers(2);
      for (uint64_t pairs = Count(); pairs > 0; --pairs) {
        String();
        String();
      }
    }
    if (version_ < 4) return;
    for (uint64_t groups = Count(); groups > 0; --groups) {
      String();
      Numbers(2);
      for (uint64_t consumers = Count(); consumers > 0; --consumers) {
        String();
        Numbers(1);
      }
      for (uint64_t pending = Count(); pending > 0; --pending) {
        Numbers(2);
        String();
        Numbers(1);
        Number(Below(9), 4);
      }
    }
  }

  Random& random_;
  uint64_t version_ = 0;
  uint64_t first_ = 0;
  uint64_t second_ = 0;
  std::string out_;
};

}  // namespace

std::string RandomPayload(Random* random) { return Writer(random).Payload(); }

std::string RandomAlikePayload(Random* random) {
  return Writer(random).AlikePayload();
}

void MutatePayload(Random* random, std::string* bytes) {
  for (uint64_t changes = 1 + (*random)() % 3; changes > 0; --changes) {
    const size_t at = bytes->empty() ? 0 : (*random)() % bytes->size();
    const char c = static_cast<char>((*random)() % 4 == 0 ? (*random)()
                                                          : (*random)() % 10);
    switch ((*random)() % 6) {
      case 0:
        bytes->insert(at, 1, c);
        break;
      case 1:
        bytes->erase(at, 1 + (*random)() % 4);
        break;
      case 2:
        bytes->resize(at);
        break;
      case 3:
        bytes->insert(at, bytes->substr((*random)() % (at + 1), 40));
        break;
      case 4:  // Another version, with the same rest.
        if (bytes->size() > 8) {
          (*bytes)[8] = static_cast<char>((*random)() % 9);
        }
        break;
      default:
        if (!bytes->empty()) (*bytes)[at] = c;
    }
  }
}

}  // namespace codec_testing
}  // namespace kevy_replica
