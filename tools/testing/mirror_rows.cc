// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/mirror_rows.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/tools/testing/mirror_content.h"

namespace kevy_replica {
namespace {

using Lines = std::vector<std::string>;

constexpr KevyVersion kV3 = {3, 18, 0};
constexpr KevyVersion kV7 = {7, 0, 0};

// ---- Rows by verdict.

MirrorRow Equal(Lines given, Lines streamed, Content content,
                absl::string_view note = "") {
  MirrorRow row;
  row.given = std::move(given);
  row.streamed = std::move(streamed);
  row.primary = std::move(content);
  row.note = note;
  return row;
}

MirrorRow Rewritten(Lines given, std::string streamed, std::string sent,
                    Content content, absl::string_view note = "") {
  MirrorRow row =
      Equal(std::move(given), {std::move(streamed)}, std::move(content), note);
  row.verdict = MirrorVerdict::kRewritten;
  row.sent = Lines{std::move(sent)};
  return row;
}

// The mirror drops the frame.
MirrorRow Dropped(Lines given, std::string streamed, absl::string_view counted,
                  Content content, absl::string_view note) {
  MirrorRow row =
      Equal(std::move(given), {std::move(streamed)}, std::move(content), note);
  row.verdict = MirrorVerdict::kPassedOver;
  row.counted = counted;
  row.sent = Lines{};
  return row;
}

// The target refuses the command, as the primary has done.
MirrorRow Refused(Lines given, std::string streamed, Content content,
                  absl::string_view note) {
  MirrorRow row = Dropped(std::move(given), std::move(streamed), "data",
                          std::move(content), note);
  row.sent.reset();
  return row;
}

MirrorRow CannotBe(Lines given, Lines streamed, absl::string_view counted,
                   Content primary, Content target, absl::string_view note) {
  MirrorRow row =
      Equal(std::move(given), std::move(streamed), std::move(primary), note);
  row.verdict = MirrorVerdict::kCannotBe;
  row.counted = counted;
  row.target = std::move(target);
  return row;
}

MirrorRow Stops(std::string streamed, absl::string_view note) {
  MirrorRow row = CannotBe({}, {std::move(streamed)}, kStops, {}, {}, note);
  row.sent = Lines{};
  return row;
}

MirrorRow Of(absl::string_view client, MirrorRow row) {
  row.of = client;
  return row;
}

MirrorRow In(absl::string_view versions, KevyVersion version, MirrorRow row) {
  row.versions = versions;
  row.version = version;
  return row;
}

MirrorRow Needs(std::string command, absl::string_view lacking, Content target,
                MirrorRow row) {
  row.needs = std::move(command);
  row.lacking = lacking;
  row.target = std::move(target);
  return row;
}

// ---- Values.

constexpr absl::string_view kStream1 =
    "stream last=1-1 deleted=0-0 added=1 entry 1-1 f v";
std::string Stream1(absl::string_view more = "") {
  return absl::StrCat(kStream1, more);
}
const char kGroup[] = "XGROUP CREATE st g 0";
const char kAdd1[] = "XADD st 1-1 f v";
const char kRead[] = "XREADGROUP GROUP g c COUNT 1 STREAMS st >";
constexpr absl::string_view kLater =
    "The deadline is relative: it ends later by the delay of the frame.";
constexpr absl::string_view kNoField =
    "Redis before 7.4 and Valkey before 9 cannot expire fields: lost there.";

// ---- Groups of rows.

void AddStrings(std::vector<MirrorRow>* rows) {
  const std::vector<MirrorRow> more = {
      Equal({}, {"SET m1 1"}, {{"m1", "string 1"}}),
      Equal({}, {"SET m1 1 NX"}, {{"m1", "string 1"}}),
      Equal({}, {"INCR m2"}, {{"m2", "string 1"}}),
      Equal({"SET a 5"}, {"DECR a"}, {{"a", "string 4"}}),
      Equal({"SET a 5"}, {"INCRBY a 2"}, {{"a", "string 7"}}),
      Equal({"SET a 5"}, {"DECRBY a 2"}, {{"a", "string 3"}}),
      Equal({"SET a 1.5"}, {"INCRBYFLOAT a 1"}, {{"a", "string 2.5"}},
            "Equal in value. kevy may spell 0.30000000000000004 where the "
            "target has 0.3."),
      Equal({"SET a x"}, {"APPEND a y"}, {{"a", "string xy"}}),
      Equal({"SET a xyz"}, {"SETRANGE a 1 b"}, {{"a", "string xbz"}}),
      Equal({}, {"SETBIT a 1 1"}, {{"a", "string @"}}),
      Equal({}, {"BITFIELD a SET u8 0 65"}, {{"a", "string A"}}),
      Equal({"SET a A"}, {"BITOP OR d a"},
            {{"a", "string A"}, {"d", "string A"}}),
      Equal({}, {"SETNX a 1"}, {{"a", "string 1"}}),
      Equal({"SET a 1"}, {"GETSET a 2"}, {{"a", "string 2"}}),
      Equal({"SET a 1", "SET b 1"}, {"GETDEL a"}, {{"b", "string 1"}}),
      Equal({}, {"MSET x 1 y 2"}, {{"x", "string 1"}, {"y", "string 2"}}),
      Equal({}, {"MSETNX x 1 y 2"}, {{"x", "string 1"}, {"y", "string 2"}}),
      Equal({}, {"PFADD p a"}, {{"p", "*"}}),
      Equal({"PFADD p a"}, {"PFMERGE q p"}, {{"p", "*"}, {"q", "*"}}),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddDeadlines(std::vector<MirrorRow>* rows) {
  const Content soon = {{"t", "string v expires NOW"}};
  const Content never = {{"t", "string v"}};
  const Lines given = {"SET t v"};
  constexpr absl::string_view kCondition =
      "kevy refuses the condition, the target would run it.";
  const std::vector<MirrorRow> more = {
      Equal({}, {"SET t v EX 100"}, soon, kLater),
      Equal({}, {"SET t v PX 100000"}, soon, kLater),
      Equal({}, {"SETEX t 100 v"}, soon, kLater),
      Equal({}, {"PSETEX t 100000 v"}, soon, kLater),
      Equal(given, {"EXPIRE t 50"}, soon, kLater),
      Equal(given, {"PEXPIRE t 50000"}, soon, kLater),
      Equal(given, {"GETEX t EX 50"}, soon, kLater),
      Equal(given, {"EXPIREAT t 4102444800"},
            {{"t", "string v expires 4102444800000"}}),
      Equal(given, {"PEXPIREAT t 4102444800000"},
            {{"t", "string v expires 4102444800000"}}),
      Equal({"SET t v EX 100"}, {"PERSIST t"}, never),
      In("to 5.4.0", {5, 4, 0},
         Dropped(given, "EXPIRE t 100 NX", "ignored", never, kCondition)),
      In("to 5.4.0", {5, 4, 0},
         Dropped(given, "PEXPIRE t 9 XX", "ignored", never, kCondition)),
      In("to 5.4.0", {5, 4, 0},
         Dropped(given, "EXPIREAT t 4102444800 GT", "ignored", never,
                 kCondition)),
      In("to 5.4.0", {5, 4, 0},
         Dropped(given, "PEXPIREAT t 9 LT", "ignored", never, kCondition)),
      In("after 5.4.0", kV7,
         CannotBe(given, {"EXPIRE t 100 NX"}, "uncertain", never, soon,
                  "It is unknown whether this version refuses the condition.")),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddRefusedByKevy(std::vector<MirrorRow>* rows) {
  const Content one = {{"a", "string 1"}};
  constexpr absl::string_view kOption =
      "kevy refuses the option, the target would run it.";
  for (const char* line :
       {"SET a 2 KEEPTTL", "SET a 2 GET", "SET a 2 EXAT 4102444800",
        "SET a 2 PXAT 4102444800000"}) {
    rows->push_back(In("to 5.4.0", {5, 4, 0},
                       Dropped({"SET a 1"}, line, "ignored", one, kOption)));
  }
  rows->push_back(
      In("after 5.4.0", kV7,
         CannotBe({"SET a 1"}, {"SET a 2 KEEPTTL"}, "uncertain", one,
                  {{"a", "string 2"}},
                  "It is unknown whether this version refuses the option.")));
  // Refused by both sides.
  MirrorRow arity = Refused({}, "SET a", {}, "Refused: number of arguments.");
  arity.sent = Lines{};
  rows->push_back(arity);
  arity.streamed = {"SADD"};
  rows->push_back(arity);
  const std::vector<MirrorRow> more = {
      Refused({"SET a 1"}, "SET a 2 NX XX", one, "Refused: syntax."),
      Refused({"SET a 1"}, "HSET a f v", one, "Refused: WRONGTYPE."),
      Refused({"SET m1 1"}, "LPUSH m1 x", {{"m1", "string 1"}},
              "Refused: WRONGTYPE."),
      Refused({"SET a x"}, "INCRBY a 1", {{"a", "string x"}},
              "Refused: not an integer."),
      Refused({"XADD st 5-5 f v"}, kAdd1,
              {{"st", "stream last=5-5 deleted=0-0 added=1 entry 5-5 f v"}},
              "Refused: the id is not above the last one."),
      Refused({}, "LSET l 0 v", {}, "Refused: no such key."),
      Refused({}, "SETEX t -5 v", {}, "Refused: an invalid deadline."),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddHashes(std::vector<MirrorRow>* rows) {
  const Content f = {{"h", "hash f=1"}};
  const Lines given = {"HSET h f 1"};
  const std::vector<MirrorRow> more = {
      Equal({}, {"HSET a f v"}, {{"a", "hash f=v"}}),
      Equal({}, {"HSET h a 1"}, {{"h", "hash a=1"}}),
      Equal({}, {"HMSET h f 1"}, f),
      Equal({}, {"HSETNX h f 1"}, f),
      Equal({"HSET h f 1 g 2"}, {"HDEL h g"}, f),
      Equal(given, {"HINCRBY h f 2"}, {{"h", "hash f=3"}}),
      Equal(given, {"HINCRBYFLOAT h f 0.5"}, {{"h", "hash f=1.5"}}),
      Needs("hexpire", "lost", {{"h", "hash a=1"}},
            Equal({"HSET h a 1"}, {"HEXPIRE h 100 FIELDS 1 a"},
                  {{"h", "hash a=1"}}, kNoField)),
      Needs("hpexpire", "lost", f,
            Equal(given, {"HPEXPIRE h 100000 FIELDS 1 f"}, f, kNoField)),
      Needs("hexpireat", "lost", f,
            Equal(given, {"HEXPIREAT h 4102444800 FIELDS 1 f"}, f, kNoField)),
      Needs(
          "hpexpireat", "lost", f,
          Equal(given, {"HPEXPIREAT h 4102444800000 FIELDS 1 f"}, f, kNoField)),
      Needs("hpersist", "lost", f,
            Equal(given, {"HPERSIST h FIELDS 1 f"}, f, kNoField)),
      In("5.4.0", {5, 4, 0},
         Of("`HDEL`, `HSETNX`, `HINCRBY`, `RENAME` of fields with deadlines",
            CannotBe(given, {"HDEL h f", "HSET h f 1"}, "", f, f,
                     "kevy keeps, drops or revives the deadlines of fields in "
                     "its own way: the values are equal, the deadlines may "
                     "not be."))),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddLists(std::vector<MirrorRow>* rows) {
  const Lines abc = {"RPUSH l a b c"};
  const Content bc = {{"l", "list b c"}};
  const Content ab = {{"l", "list a b"}};
  const std::vector<MirrorRow> more = {
      Equal({}, {"RPUSH l a b c d"}, {{"l", "list a b c d"}}),
      Equal({}, {"LPUSH l b a"}, ab),
      Equal({"RPUSH l a"}, {"RPUSHX l b"}, ab),
      Equal({"RPUSH l b"}, {"LPUSHX l a"}, ab),
      Equal(abc, {"LPOP l"}, bc),
      Equal(abc, {"RPOP l"}, ab),
      Equal(abc, {"LMPOP 1 l LEFT"}, bc),
      Equal(abc, {"LREM l 0 a"}, bc),
      Equal(abc, {"LTRIM l 1 2"}, bc),
      Equal({"RPUSH l x b"}, {"LSET l 0 a"}, ab),
      Equal({"RPUSH l b"}, {"LINSERT l BEFORE b a"}, ab),
      In("2.0.20, 3.18.0", kV3,
         Equal(abc, {"LMOVE l m LEFT RIGHT"},
               {{"l", "list b c"}, {"m", "list a"}})),
      In("2.0.20, 3.18.0", kV3,
         Equal(abc, {"RPOPLPUSH l m"}, {{"l", "list a b"}, {"m", "list c"}})),
      In("5.4.0", {5, 4, 0},
         Of("`LMOVE l m LEFT RIGHT`",
            CannotBe(abc, {"LPOP l"}, "", {{"l", "list b c"}, {"m", "list a"}},
                     bc, "The push is not streamed."))),
      In("5.4.0", {5, 4, 0},
         Of("`RPOPLPUSH l m`",
            CannotBe(abc, {"RPOP l"}, "", {{"l", "list a b"}, {"m", "list c"}},
                     ab, "The push is not streamed."))),
      Rewritten(abc, "BRPOPLPUSH l m 1", "RPOPLPUSH l m",
                {{"l", "list a b"}, {"m", "list c"}}),
      Rewritten(abc, "BLMOVE l m LEFT LEFT 1", "LMOVE l m LEFT LEFT",
                {{"l", "list b c"}, {"m", "list a"}}),
      In("1.18 to 6.4", {5, 4, 0},
         Of("`BLPOP`, `BRPOP` that pop",
            CannotBe(abc, {}, "", bc, {{"l", "list a b c"}},
                     "The pop is not streamed."))),
      In("7.0 on", kV7, Of("`BLPOP l 1`", Equal(abc, {"LPOP l"}, bc))),
      Rewritten(abc, "BLPOP l 1", "LPOP l", bc),
      Rewritten(abc, "BRPOP l 1", "RPOP l", ab),
      Rewritten(
          abc, "BLPOP k l 1", "LMPOP 2 k l LEFT", bc,
          "The first key with an element gives it, on both sides. With keys "
          "of several shards it may be another one here. Redis before 7.0 "
          "lacks the command: the mirror stops there."),
      Rewritten(abc, "BRPOP k l 1", "LMPOP 2 k l RIGHT", ab),
      Rewritten(abc, "BLMPOP 1 2 k l LEFT", "LMPOP 2 k l LEFT", bc),
      Dropped(abc, "BLPOP l soon", "data", {{"l", "list a b c"}},
              "Refused: the timeout."),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddSets(std::vector<MirrorRow>* rows) {
  const Lines abcd = {"SADD s a b c d"};
  const Content abcd_set = {{"s", "set a b c d"}};
  const Content d = {{"s", "set a"}, {"u", "set a b"}, {"d", "set a"}};
  const Lines su = {"SADD s a", "SADD u a b"};
  const std::vector<MirrorRow> more = {
      Equal({}, {"SADD s a b c d"}, abcd_set),
      Equal(abcd, {"SREM s a c"}, {{"s", "set b d"}}),
      In("5.4.0", {5, 4, 0},
         Of("`SPOP s 2`", Equal(abcd, {"SREM s a c"}, {{"s", "set b d"}},
                                "The popped members are streamed."))),
      In("2.0.20, 3.18.0", kV3,
         CannotBe(abcd, {"SPOP s 2"}, "uncertain", {{"s", "set b d"}},
                  {{"s", "*"}},
                  "The frame lacks the popped members: the target pops its "
                  "own.")),
      Equal(abcd, {"SMOVE s r a"}, {{"s", "set b c d"}, {"r", "set a"}}),
      Equal(su, {"SINTERSTORE d s u"}, d),
      Equal(su, {"SUNIONSTORE d s"}, d),
      Equal({"SADD s a", "SADD u a b", "SADD w b"}, {"SDIFFSTORE d u w"},
            {{"s", "set a"}, {"u", "set a b"}, {"w", "set b"}, {"d", "set a"}}),
      In("5.0 on", {5, 4, 0},
         Of("`ZINTERSTORE`, `SUNIONSTORE`, `GEOSEARCHSTORE` …",
            Equal({"ZADD zu 1 x"}, {"DEL zu", "ZADD zu 3 c"},
                  {{"zu", "zset c=3"}}, "The result is streamed."))),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddSortedSets(std::vector<MirrorRow>* rows) {
  const Lines abc = {"ZADD z 1 a 2 b 3 c"};
  const Content bc = {{"z", "zset b=2 c=3"}};
  const Content ab = {{"z", "zset a=1 b=2"}};
  const Content stored = {{"z", "zset a=1 b=2 c=3"}, {"d", "zset a=1 b=2 c=3"}};
  const Content all = {{"z", "zset a=1 b=2 c=3"}};
  const std::vector<MirrorRow> more = {
      Equal({}, {"ZADD z 1 a 2 b 3 c"}, all),
      Equal({}, {"ZADD zu 3 c"}, {{"zu", "zset c=3"}}),
      Equal({"ZADD z 1 a 1 b"}, {"ZINCRBY z 1 b"}, ab),
      Equal(abc, {"ZREM z a"}, bc),
      Equal(abc, {"ZREMRANGEBYRANK z 0 0"}, bc),
      Equal(abc, {"ZREMRANGEBYSCORE z 1 1"}, bc),
      Equal({"ZADD z 2 b", "ZADD z 2 a"}, {"ZREMRANGEBYLEX z [a [a"},
            {{"z", "zset b=2"}}),
      Equal(abc, {"ZPOPMIN z"}, bc),
      Equal(abc, {"ZPOPMAX z"}, ab),
      Equal(abc, {"ZMPOP 1 z MIN"}, bc),
      Equal(abc, {"ZUNIONSTORE d 1 z"}, stored),
      Equal(abc, {"ZINTERSTORE d 1 z"}, stored),
      Equal(abc, {"ZDIFFSTORE d 1 z"}, stored),
      Equal(abc, {"ZRANGESTORE d z 0 -1"}, stored),
      Rewritten(abc, "BZPOPMIN z 1", "ZPOPMIN z", bc),
      Rewritten(abc, "BZPOPMAX z 1", "ZPOPMAX z", ab),
      Rewritten(abc, "BZPOPMIN y z 1", "ZMPOP 2 y z MIN", bc),
      Rewritten(abc, "BZPOPMAX y z 1", "ZMPOP 2 y z MAX", ab),
      Rewritten(abc, "BZMPOP 1 2 y z MIN", "ZMPOP 2 y z MIN", bc),
      In("3.0 on", {5, 4, 0},
         Rewritten(abc, "ZPOPMIN.BELOW z 2", "ZREMRANGEBYRANK z 0 0", bc,
                   "The mirror counts the members in the target.")),
      In("3.0 on", {5, 4, 0},
         Rewritten(abc, "ZPOPMIN.BELOW z 3 9", "ZREMRANGEBYRANK z 0 1",
                   {{"z", "zset c=3"}})),
      In("3.0 on", {5, 4, 0},
         Dropped(abc, "ZPOPMIN.BELOW z 1", "", all,
                 "No member lies below the score.")),
      In("3.0 on", {5, 4, 0},
         Dropped(abc, "ZPOPMIN.BELOW z x", "data", all, "Refused: the score.")),
      Equal({}, {"GEOADD g 1 1 m"}, {{"g", "*"}}),
      Equal({"GEOADD g 1 1 m"},
            {"GEOSEARCHSTORE d g FROMMEMBER m BYRADIUS 1 m"},
            {{"g", "*"}, {"d", "*"}}),
      Equal({"GEOADD g 1 1 m"}, {"GEORADIUS g 1 1 9 km STORE d"},
            {{"g", "*"}, {"d", "*"}}),
      Equal({"GEOADD g 1 1 m"}, {"GEORADIUSBYMEMBER g m 9 km STORE d"},
            {{"g", "*"}, {"d", "*"}}),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddStreams(std::vector<MirrorRow>* rows) {
  const Lines two = {kAdd1, "XADD st 2-1 f v"};
  const Content last = {
      {"st", "stream last=2-1 deleted=0-0 added=2 entry 2-1 f v"}};
  constexpr absl::string_view kExact =
      "kevy trims exactly, the target would keep more.";
  const std::vector<MirrorRow> more = {
      Equal({}, {kAdd1}, {{"st", Stream1()}}),
      In("to 6.4", {5, 4, 0},
         CannotBe(
             {}, {"XADD st * f v"}, "uncertain",
             {{"st", "stream last=1-0 deleted=0-0 added=1 entry 1-0 f v"}},
             {{"st", "stream last=NOW-0 deleted=0-0 added=1 entry NOW-0 f v"}},
             "The frame lacks the id: the target draws its own.")),
      In("7.0 on", kV7,
         Of("`XADD st * f v`", Equal({}, {kAdd1}, {{"st", Stream1()}}))),
      In("to 6.4", {5, 4, 0},
         Rewritten({kAdd1}, "XADD st MAXLEN ~ 1 2-1 f v",
                   "XADD st MAXLEN = 1 2-1 f v", last, kExact)),
      In("to 6.4", {5, 4, 0},
         Rewritten({kAdd1}, "XADD st MINID ~ 2 2-1 f v",
                   "XADD st MINID = 2 2-1 f v", last, kExact)),
      In("to 6.4", {5, 4, 0},
         Dropped({kAdd1}, "XADD st MAXLEN ~ 1 LIMIT 5 2-1 f v", "ignored",
                 {{"st", Stream1()}},
                 "kevy refuses LIMIT, the target would run it.")),
      In("to 6.4", {5, 4, 0},
         Rewritten(two, "XTRIM st MAXLEN ~ 1", "XTRIM st MAXLEN = 1", last,
                   kExact)),
      In("to 6.4", {5, 4, 0},
         Rewritten(two, "XTRIM st MINID ~ 2-1 LIMIT 5", "XTRIM st MINID = 2-1",
                   last, "kevy ignores LIMIT.")),
      In("7.0 on", kV7, Equal(two, {"XTRIM st MAXLEN = 1"}, last)),
      Equal(two, {"XDEL st 2-1"},
            {{"st", "stream last=2-1 deleted=2-1 added=2 entry 1-1 f v"}}),
      Equal({kAdd1}, {"XSETID st 5-5"},
            {{"st", "stream last=5-5 deleted=0-0 added=1 entry 1-1 f v"}}),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddGroups(std::vector<MirrorRow>* rows) {
  const Lines group = {kAdd1, kGroup};
  const Lines read = {kAdd1, kGroup, kRead};
  const auto stream = [](absl::string_view more) -> Content {
    return {{"st", Stream1(absl::StrCat(" group g last=", more))}};
  };
  const Content pending = stream("1-1 consumer c pending 1-1 c NOW 1");
  constexpr absl::string_view kOwnTimes =
      "Delivery times and counts are the target's own.";
  constexpr absl::string_view kOnMoves = "7.0 streams group reads by it.";
  const std::vector<MirrorRow> more = {
      Equal({kAdd1}, {kGroup}, stream("0-0")),
      Equal(group, {"XGROUP SETID st g 1-1"}, stream("1-1"), kOnMoves),
      Equal(group, {"XGROUP CREATECONSUMER st g c"}, stream("0-0 consumer c")),
      Equal(read, {"XGROUP DELCONSUMER st g c"}, stream("1-1")),
      Equal(group, {"XGROUP DESTROY st g"}, {{"st", Stream1()}}),
      In("to 6.4", {5, 4, 0}, Equal(group, {kRead}, pending, kOwnTimes)),
      In("to 6.4", {5, 4, 0},
         Rewritten(group, "XREADGROUP GROUP g c BLOCK 5 STREAMS st >",
                   "XREADGROUP GROUP g c STREAMS st >", pending,
                   "A read that waited on the primary may find fewer entries "
                   "here.")),
      In("to 6.4", {5, 4, 0},
         Refused({kAdd1}, kRead, {{"st", Stream1()}},
                 "Refused: no such group.")),
      In("to 6.4", {5, 4, 0},
         Equal(read, {"XAUTOCLAIM st g d 0 0"},
               stream("1-1 consumer c consumer d pending 1-1 d NOW 2"),
               kOwnTimes)),
      In("to 6.4", {5, 4, 0},
         CannotBe(read, {"XAUTOCLAIM st g d 60000 0"}, "uncertain",
                  stream("1-1 consumer c consumer d pending 1-1 d NOW 2"),
                  {{"st", "*"}},
                  "The target's own idle times decide which entries are "
                  "claimed.")),
      In("to 6.4", {5, 4, 0},
         Equal(read, {"XCLAIM st g d 0 1-1"},
               stream("1-1 consumer c consumer d pending 1-1 d NOW 2"),
               kOwnTimes)),
      In("7.0 on", kV7,
         Of("`XREADGROUP`, `XCLAIM`, `XAUTOCLAIM`",
            Equal(group,
                  {"XCLAIM st g c 0 1-1 TIME 1700000000000 RETRYCOUNT 1 FORCE "
                   "JUSTID LASTID 1-1",
                   "XGROUP SETID st g 1-1"},
                  stream("1-1 consumer c pending 1-1 c 1700000000000 1"),
                  "An entry whose message is gone is lost: Redis and Valkey "
                  "keep none."))),
      Equal(read, {"XACK st g 1-1"}, stream("1-1 consumer c")),
  };
  rows->insert(rows->end(), more.begin(), more.end());
}

void AddKeys(std::vector<MirrorRow>* rows) {
  const Lines xy = {"SET x 1", "SET y 2"};
  const std::vector<MirrorRow> more = {
      Equal({"ZADD zu 1 a"}, {"DEL zu"}, {}),
      Equal(xy, {"DEL x y nope"}, {}),
      Equal(xy, {"UNLINK x y"}, {}),
      Equal({"HSET h a 1"}, {"RENAME h h2"}, {{"h2", "hash a=1"}}),
      Equal({"SET x 1"}, {"RENAMENX x y"}, {{"y", "string 1"}}),
      Equal({"SET x 1"}, {"COPY x y"}, {{"x", "string 1"}, {"y", "string 1"}}),
      In("before 5.0", kV3,
         Of("`MSET`, `DEL` and `UNLINK` of several keys, `RENAME`, `…STORE`",
            CannotBe(xy, {}, "", {}, {{"x", "string 1"}, {"y", "string 2"}},
                     "Nothing is streamed."))),
      In("5.0 to 6.4", {5, 4, 0},
         Of("`RENAME k l` across shards",
            CannotBe({"RPUSH l x"}, {"RPUSH l a"}, "", {{"l", "list a"}},
                     {{"l", "list x a"}},
                     "The destination's `DEL` is not streamed: it is "
                     "merged."))),
      Of("`MULTI`, `INCR a`, `INCR b`, `EXEC`",
         Equal({}, {"INCR a", "INCR b"}, {{"a", "string 1"}, {"b", "string 1"}},
               "The transaction's frame is not streamed: a reader of the "
               "target may see one without the other.")),
  };
  rows->insert(rows->end(), more.begin(), more.end());
  // Of an embedded writer.
  for (const char* line : {"FLUSHALL", "FLUSHDB"}) {
    MirrorRow row = Rewritten(
        xy, line, "", {},
        "Of an embedded writer; servers send a snapshot. The mirror empties "
        "its own database alone. With several shards it loads all anew.");
    row.sent = Lines{};
    rows->push_back(row);
  }
}

void AddOwnCommands(std::vector<MirrorRow>* rows) {
  for (const char* line : {"XINTERNAL.CATALOG 1 1 i v t",
                           "XINTERNAL.CONSUMERSEEN st g c 1700000000000",
                           "XINTERNAL.PENDING st g"}) {
    rows->push_back(In("7.0 on", kV7,
                       Dropped({}, line, "ignored", {}, "kevy's own state.")));
  }
  constexpr absl::string_view kScript =
      "A script can reach any key and database. --scripts=allow passes EVAL "
      "on.";
  for (const char* line :
       {"EVAL \"return redis.call('SPOP',KEYS[1])\" 1 s", "EVAL \"return 1\" 0",
        "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0", "FCALL f 0",
        "FUNCTION LOAD x", "FUNCTION DELETE x", "FUNCTION FLUSH",
        "FUNCTION RESTORE x"}) {
    rows->push_back(Stops(line, kScript));
  }
  for (const char* line : {"MOVE a 3", "COPY a b DB 3", "SWAPDB 0 1"}) {
    rows->push_back(Stops(line, "It reaches another database."));
  }
  for (const char* line :
       {"SORT l STORE d", "RESTORE a 0 x", "RESTORE-ASKING a 0 x",
        "MIGRATE h 1 k 0 1", "PFDEBUG DECODE p"}) {
    rows->push_back(Stops(line,
                          "The target calls the command dangerous. No recorded "
                          "kevy streams it."));
  }
}

std::string Code(const Lines& lines) {
  return absl::StrJoin(lines, ", ",
                       [](std::string* out, const std::string& line) {
                         absl::StrAppend(out, "`", line, "`");
                       });
}

}  // namespace

const std::vector<MirrorRow>& MirrorRows() {
  static const auto* const kRows = [] {
    auto* rows = new std::vector<MirrorRow>;
    AddStrings(rows);
    AddDeadlines(rows);
    AddHashes(rows);
    AddLists(rows);
    AddSets(rows);
    AddSortedSets(rows);
    AddStreams(rows);
    AddGroups(rows);
    AddKeys(rows);
    AddRefusedByKevy(rows);
    AddOwnCommands(rows);
    return rows;
  }();
  return *kRows;
}

absl::string_view MirrorVerdictName(MirrorVerdict verdict) {
  switch (verdict) {
    case MirrorVerdict::kEqual:
      return "equal";
    case MirrorVerdict::kRewritten:
      return "rewritten";
    case MirrorVerdict::kPassedOver:
      return "passed over";
    case MirrorVerdict::kCannotBe:
      break;
  }
  return "cannot be";
}

std::string MarkdownOf(const MirrorRow& row) {
  std::string streamed = row.streamed.empty() ? "nothing" : Code(row.streamed);
  if (!row.of.empty()) absl::StrAppend(&streamed, " for ", row.of);
  std::string sent = "the same";
  if (row.sent.value_or(row.streamed).empty()) {
    sent = row.verdict == MirrorVerdict::kRewritten ? "its own `FLUSHDB`"
                                                    : "nothing";
  } else if (row.sent.has_value()) {
    sent = Code(*row.sent);
  }
  std::string verdict(MirrorVerdictName(row.verdict));
  std::string counted(row.counted);
  if (!row.needs.empty()) {
    absl::StrAppend(&verdict, ", or cannot be");
    absl::StrAppend(&counted, "or ", row.lacking);
  }
  std::string line = "|";
  for (const absl::string_view cell :
       {absl::string_view(streamed), row.versions, absl::string_view(verdict),
        absl::string_view(sent), absl::string_view(counted), row.note}) {
    absl::StrAppend(&line, cell.empty() ? "" : " ", cell, " |");
  }
  return line;
}

}  // namespace kevy_replica
