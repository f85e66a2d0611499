// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs the example's fuzz target over random inputs, without a fuzzer, in both
// forms: libFuzzer's entry point, and FuzzTest's macro.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "kevy_replica/testing/fuzz_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Of fuzz_handler.cc.
void FuzzTable(const std::string& bytes);

// A stand-in for FuzzTest, which Debian lacks: the part of its documented form
// that our headers show. A domain's values must have the decayed type of the
// parameter, as there, and the function runs with many of them.
// TODO(someday): FuzzTest itself was not at hand.
namespace fuzztest {

template <typename T>
struct Domain {
  T Draw(std::mt19937* random) const {
    T value;
    for (size_t left = (*random)() % 500; left > 0; --left) {
      value.push_back(static_cast<typename T::value_type>((*random)()));
    }
    return value;
  }
};
template <typename T>
Domain<T> Arbitrary() {
  return {};
}

template <typename Parameter>
class Registration {
 public:
  using Value = std::decay_t<Parameter>;

  Registration(const char* suite, const char* name, void (*function)(Parameter))
      : suite_(suite), name_(name), function_(function) {}
  Registration WithDomains(Domain<Value> domain) && {
    domain_ = domain;
    return *this;
  }
  bool Register() const {
    class Test : public ::testing::Test {
     public:
      explicit Test(const Registration& form) : form_(form) {}
      void TestBody() override {
        std::mt19937 random(1);
        for (int i = 0; i < 100; ++i) {
          form_.function_(form_.domain_.Draw(&random));
        }
      }

     private:
      const Registration form_;
    };
    const Registration form = *this;
    ::testing::RegisterTest(
        suite_, name_, nullptr, nullptr, __FILE__, __LINE__,
        [form]() -> ::testing::Test* { return new Test(form); });
    return true;
  }

 private:
  const char* suite_;
  const char* name_;
  void (*function_)(Parameter);
  Domain<Value> domain_;
};

template <typename Parameter>
Registration<Parameter> Form(const char* suite, const char* name,
                             void (*function)(Parameter)) {
  return {suite, name, function};
}
struct Registrar {
  template <typename Form>
  Registrar(const Form& form) {  // NOLINT: as FUZZ_TEST() needs it.
    form.Register();
  }
};

}  // namespace fuzztest

#define FUZZ_TEST(suite, function)                             \
  const ::fuzztest::Registrar fuzz_test_##suite##_##function = \
      ::fuzztest::Form(#suite, #function, function)

namespace kevy_replica {
namespace {

int calls = 0;

// As fuzz_stream.h shows it.
void FuzzReader(const std::string& bytes) {
  EXPECT_EQ(MakeFuzzStream(bytes), MakeFuzzStream(bytes));
  ++calls;
}
void FuzzBytes(const std::vector<uint8_t>& bytes) {
  FuzzReader(std::string(bytes.begin(), bytes.end()));
}

FUZZ_TEST(FuzzFormTest, FuzzTable);
FUZZ_TEST(FuzzFormTest, FuzzReader)
    .WithDomains(fuzztest::Arbitrary<std::string>());
FUZZ_TEST(FuzzFormTest, FuzzBytes)
    .WithDomains(fuzztest::Arbitrary<std::vector<uint8_t>>());

TEST(FuzzHandlerTest, TableStaysWhole) {
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    std::vector<uint8_t> bytes(random() % 500);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
  }
}

// Registered tests run in the order of their suites: FuzzFormTest came first.
TEST(FuzzHandlerTest, FuzzTestFormRunsTheFunctions) { EXPECT_EQ(calls, 200); }

}  // namespace
}  // namespace kevy_replica
