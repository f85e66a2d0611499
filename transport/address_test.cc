// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/address.h"

#include <string>
#include <vector>

#include "absl/hash/hash_testing.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

// A sink for AbslStringify(), as absl::StrCat() has since Abseil 20230125.
struct StringSink {
  void Append(absl::string_view bytes) {
    text->append(bytes.data(), bytes.size());
  }
  std::string* text;
};

TEST(ParseAddressTest, ReadsTcpAddresses) {
  const struct {
    absl::string_view text;
    absl::string_view host;
    int port;
  } kCases[] = {
      {"127.0.0.1:16004", "127.0.0.1", 16004},
      {"kevy.example.com:6004", "kevy.example.com", 6004},
      {"localhost:0", "localhost", 0},
      {"h:65535", "h", 65535},
      {"[::1]:16004", "::1", 16004},
      {"[fe80::1%eth0]:1", "fe80::1%eth0", 1},
      {"[::]:0", "::", 0},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Address> address = ParseAddress(c.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->kind, Address::Kind::kTcp) << c.text;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port) << c.text;
    EXPECT_EQ(address->path, "") << c.text;
    EXPECT_EQ(address->ToString(), c.text);
  }
}

TEST(ParseAddressTest, ReadsUnixPaths) {
  for (const absl::string_view path :
       {"/run/kevy.sock", "kevy.sock", "/with space:and:colon"}) {
    const std::string text = "unix:" + std::string(path);
    const absl::StatusOr<Address> address = ParseAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->kind, Address::Kind::kUnix) << text;
    EXPECT_EQ(address->path, path);
    EXPECT_EQ(address->host, "") << text;
    EXPECT_EQ(address->ToString(), text);
  }
}

TEST(ParseAddressTest, ErrorsNameTheFault) {
  const struct {
    absl::string_view text;
    absl::string_view fault;
  } kCases[] = {
      {"", "the port is missing"},
      {"localhost", "the port is missing"},
      {"localhost:", "the port is missing"},
      {":16004", "the host is missing"},
      {":", "the host is missing"},
      {"h:65536", "the port must be a number"},
      {"h:99999999999999999999", "the port must be a number"},
      {"h:-1", "the port must be a number"},
      {"h:+1", "the port must be a number"},
      {"h: 1", "the port must be a number"},
      {"h:1 ", "the port must be a number"},
      {"h:0x10", "the port must be a number"},
      {"h:http", "the port must be a number"},
      {"::1:16004", "brackets"},
      {"::1", "brackets"},
      {"a:b:1", "brackets"},
      {"[::1]", "the port is missing"},
      {"[::1]:", "the port is missing"},
      {"[::1]16004", "the : after ] is missing"},
      {"[::1:16004", "the ] after [ is missing"},
      {"[]:16004", "an IPv6 address must stand between"},
      {"[localhost]:16004", "an IPv6 address must stand between"},
      {"local[host:1", "a bracket"},
      {"local]host:1", "a bracket"},
      {" localhost:1", "a space"},
      {"local host:1", "a space"},
      {"[:: 1]:1", "a space"},
      {"unix:", "the path after unix: is missing"},
      {absl::string_view("unix:/a\0b", 9), "a NUL"},
      {absl::string_view("h\0:1", 4), "a NUL"},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Address> address = ParseAddress(c.text);
    ASSERT_FALSE(address.ok()) << c.text;
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument)
        << c.text;
    EXPECT_THAT(std::string(address.status().message()),
                HasSubstr(std::string(c.fault)))
        << c.text;
  }
}

TEST(ParseAddressTest, ErrorsQuoteTheTextEscaped) {
  EXPECT_THAT(std::string(ParseAddress("ho\nst").status().message()),
              HasSubstr("\"ho\\nst\""));
}

TEST(AddressTest, ComparesAndHashes) {
  std::vector<Address> addresses(1);
  for (const absl::string_view text :
       {"localhost:1", "localhost:2", "127.0.0.1:1", "[::1]:1", "unix:/a",
        "unix:/b", "unix:localhost:1"}) {
    addresses.push_back(*ParseAddress(text));
  }
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(addresses));
  EXPECT_EQ(*ParseAddress("h:1"), *ParseAddress("h:1"));
  EXPECT_NE(*ParseAddress("h:1"), *ParseAddress("h:2"));
}

TEST(AddressTest, PrintsAsText) {
  EXPECT_EQ(testing::PrintToString(*ParseAddress("[::1]:7")), "[::1]:7");
  EXPECT_EQ(testing::PrintToString(*ParseAddress("unix:/a")), "unix:/a");
  EXPECT_EQ(testing::PrintToString(Address::Kind::kTcp), "tcp");
  EXPECT_EQ(testing::PrintToString(Address::Kind::kUnix), "unix");
  std::string text;
  StringSink sink{&text};
  AbslStringify(sink, *ParseAddress("h:1"));
  AbslStringify(sink, Address::Kind::kUnix);
  EXPECT_EQ(text, "h:1unix");
}

}  // namespace
}  // namespace kevy_replica
