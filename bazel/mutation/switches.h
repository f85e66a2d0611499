// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The switches of mutants. mutate.py puts this text at the top of each file
// with mutants; nothing includes it.
//
// The environment variable KEVY_MUTATION is the number of the one mutant that
// is on. Default: none. KEVY_MUTATION_TRACE names a file, to which each reached
// mutant appends its number, or the negative number if the mutant cannot be
// written for its types.

#ifndef KEVY_REPLICA_BAZEL_MUTATION_SWITCHES_H_
#define KEVY_REPLICA_BAZEL_MUTATION_SWITCHES_H_

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <type_traits>
#include <utility>

namespace kevy_mutation {

inline int Chosen() {
  static const int chosen = [] {
    const char* const text = ::getenv("KEVY_MUTATION");
    return text == nullptr ? 0 : ::atoi(text);
  }();
  return chosen;
}

inline const char* TraceFile() {
  static const char* const file = ::getenv("KEVY_MUTATION_TRACE");
  return file;
}

// Appends at once, and without memory: the process may be killed, and tests
// count allocations. errno stays. By syscall(), since tests make the functions
// of libc fail.
inline bool AppendToTrace(int number) {
  const int error = errno;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, TraceFile(),  // NOLINT
                            O_WRONLY | O_APPEND | O_CLOEXEC);
  bool good = false;
  if (fd >= 0) {
    char text[16];
    char* begin = text + sizeof text;
    *--begin = '\n';
    for (int n = number < 0 ? -number : number; n != 0; n /= 10) {
      *--begin = static_cast<char>('0' + n % 10);
    }
    if (number < 0) *--begin = '-';
    good = ::syscall(SYS_write, fd, begin, text + sizeof text - begin) > 0;
    ::syscall(SYS_close, fd);
  }
  errno = error;
  return good;
}

template <int kNumber>
void Reach() {
  static bool reached = false;
  if (TraceFile() == nullptr) return;
  if (__atomic_load_n(&reached, __ATOMIC_RELAXED)) return;
  if (AppendToTrace(kNumber)) {
    __atomic_store_n(&reached, true, __ATOMIC_RELAXED);
  }
}

template <int kNumber>
bool IsChosen() {
  Reach<kNumber>();
  return Chosen() == kNumber;
}

// Whether the mutant is on. Constants stay as they are.
template <int kNumber>
constexpr bool On() {
  if constexpr (kNumber == 0) {
    return false;
  } else {
    return !__builtin_is_constant_evaluated() && IsChosen<kNumber>();
  }
}

template <int kNumber>
constexpr void OnImpossible() {
  if constexpr (kNumber != 0) {
    if (!__builtin_is_constant_evaluated()) Reach<-kNumber>();
  }
}

template <int kNumber, typename T>
constexpr T Number(T value) {
  return On<kNumber>() ? static_cast<T>(value + 1) : value;
}

template <int kNumber>
constexpr bool Bool(bool value) {
  return On<kNumber>() ? !value : value;
}

// `a < b` becomes `a < Op<n>() < b`, which has the same precedence. `n` holds
// the numbers of two mutants: first * 2^16 + second.
template <int kNumbers>
struct Op {};

#define KEVY_MUTATION_OPERATOR(Name, op, first, second)                  \
  template <typename A, int kNumbers>                                    \
  struct Name {                                                          \
    A&& a;                                                               \
  };                                                                     \
  template <typename R, typename A, typename B, typename = void>         \
  struct Name##First : std::false_type {};                               \
  template <typename R, typename A, typename B>                          \
  struct Name##First<R, A, B,                                            \
                     std::void_t<decltype(static_cast<R>(                \
                         std::declval<A>() first std::declval<B>()))>>   \
      : std::true_type {};                                               \
  template <typename R, typename A, typename B, typename = void>         \
  struct Name##Second : std::false_type {};                              \
  template <typename R, typename A, typename B>                          \
  struct Name##Second<R, A, B,                                           \
                      std::void_t<decltype(static_cast<R>(               \
                          std::declval<A>() second std::declval<B>()))>> \
      : std::true_type {};                                               \
  template <typename A, int kNumbers>                                    \
  constexpr Name<A, kNumbers> operator op(A && a, Op<kNumbers>) {        \
    return {static_cast<A&&>(a)};                                        \
  }                                                                      \
  template <typename A, int kNumbers, typename B>                        \
  constexpr auto operator op(Name<A, kNumbers> left, B&& b)              \
      ->decltype(std::declval<A>() op std::declval<B>()) {               \
    using R = decltype(std::declval<A>() op std::declval<B>());          \
    if constexpr (Name##First<R, A, B>::value) {                         \
      if (On<(kNumbers >> 16)>()) {                                      \
        return static_cast<R>(static_cast<A&&>(left.a)                   \
                                  first static_cast<B&&>(b));            \
      }                                                                  \
    } else {                                                             \
      OnImpossible<(kNumbers >> 16)>();                                  \
    }                                                                    \
    if constexpr (Name##Second<R, A, B>::value) {                        \
      if (On<(kNumbers & 0xffff)>()) {                                   \
        return static_cast<R>(static_cast<A&&>(left.a)                   \
                                  second static_cast<B&&>(b));           \
      }                                                                  \
    } else {                                                             \
      OnImpossible<(kNumbers & 0xffff)>();                               \
    }                                                                    \
    return static_cast<A&&>(left.a) op static_cast<B&&>(b);              \
  }

// The operators follow here.

}  // namespace kevy_mutation

#endif  // KEVY_REPLICA_BAZEL_MUTATION_SWITCHES_H_
