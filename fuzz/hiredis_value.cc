// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/fuzz/hiredis_value.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

// hiredis allocates a declared number of elements at once.
constexpr size_t kMaxElements = 4096;

decltype(redisReplyObjectFunctions::createArray) create_array = nullptr;

// The type of the count depends on the version of hiredis.
template <typename Count>
void* CreateBoundedArray(const redisReadTask* task, Count count) {
  if (static_cast<size_t>(count) > kMaxElements) return nullptr;
  return create_array(task, count);
}

// False: a type of RESP version 3.
bool Convert(const redisReply& reply, HiredisValue* value) {
  switch (reply.type) {
    case REDIS_REPLY_STATUS:
      value->type = '+';
      break;
    case REDIS_REPLY_STRING:
      value->type = '$';
      break;
    case REDIS_REPLY_ERROR:
      value->type = '-';
      break;
    case REDIS_REPLY_INTEGER:
      value->type = ':';
      value->integer = reply.integer;
      return true;
    case REDIS_REPLY_NIL:
      return true;
    case REDIS_REPLY_ARRAY:
      value->type = '*';
      for (size_t i = 0; i < reply.elements; ++i) {
        HiredisValue element;
        if (!Convert(*reply.element[i], &element)) return false;
        value->elements.push_back(std::move(element));
      }
      return true;
    default:
      return false;
  }
  value->text.assign(reply.str, reply.len);
  return true;
}

}  // namespace

std::vector<HiredisValue> HiredisValues(absl::string_view bytes) {
  redisReplyObjectFunctions functions;  // Outlives its reader.
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(
      redisReaderCreate(), redisReaderFree);
  create_array = reader->fn->createArray;
  functions = *reader->fn;
  functions.createArray = CreateBoundedArray;
  reader->fn = &functions;
  FUZZ_CHECK(redisReaderFeed(reader.get(), bytes.data(), bytes.size()) ==
             REDIS_OK);
  std::vector<HiredisValue> values;
  while (true) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader.get(), &raw) != REDIS_OK) return values;
    if (raw == nullptr) return values;
    const std::unique_ptr<void, decltype(&freeReplyObject)> reply(
        raw, freeReplyObject);
    HiredisValue value;
    if (!Convert(*static_cast<const redisReply*>(raw), &value)) return values;
    values.push_back(std::move(value));
  }
}

std::optional<std::vector<std::string>> HiredisArgv(absl::string_view command) {
  std::vector<HiredisValue> values = HiredisValues(command);
  if (values.size() != 1 || values[0].type != '*') return std::nullopt;
  std::vector<std::string> argv;
  for (HiredisValue& value : values[0].elements) {
    if (value.type != '$') return std::nullopt;
    argv.push_back(std::move(value.text));
  }
  return argv;
}

}  // namespace kevy_replica
