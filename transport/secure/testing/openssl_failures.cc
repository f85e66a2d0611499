// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/testing/openssl_failures.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "absl/base/config.h"
#include "kevy_replica/transport/testing/call_failures.h"
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

namespace kevy_replica {
namespace transport_testing {
namespace {

std::atomic<size_t> blocks{0};
std::atomic<bool> count_allocations{std::getenv("KEVY_SPARE_ALLOCATIONS") ==
                                    nullptr};

bool AllocationFails(const char* name) {
  return count_allocations && FailsCall(name);
}

// OpenSSL itself leaks blocks when a program ends during its start for want of
// memory. `blocks` counts those that a link leaks.
void* NotALeak(void* memory) {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  if (memory != nullptr) __lsan_ignore_object(memory);
#endif
  return memory;
}

void* Allocate(size_t size, const char*, int) {
  if (AllocationFails("OPENSSL_malloc")) return nullptr;
  void* const memory = NotALeak(std::malloc(size));
  if (memory != nullptr) ++blocks;
  return memory;
}

void Free(void* memory, const char*, int) {
  if (memory != nullptr) --blocks;
  std::free(memory);
}

void* Reallocate(void* memory, size_t size, const char* file, int line) {
  if (AllocationFails("OPENSSL_realloc")) return nullptr;
  if (size == 0) {
    Free(memory, file, line);
    return nullptr;
  }
  void* const grown = NotALeak(std::realloc(memory, size));
  if (memory == nullptr && grown != nullptr) ++blocks;
  return grown;
}

// Before OpenSSL's first allocation.
const bool replaced = [] {
  if (CRYPTO_set_mem_functions(Allocate, Reallocate, Free) != 1) std::abort();
  return true;
}();

}  // namespace

void CountAllocations(bool counted) { count_allocations = counted; }

size_t OpenSslBlocks() {
  OPENSSL_thread_stop();
  return blocks;
}

}  // namespace transport_testing
}  // namespace kevy_replica

// The linker's names: a call of f() is one of __wrap_f(), and __real_f() is
// f().
#define KEVY_FAIL(result, name, parameters, arguments, failure) \
  extern "C" result __real_##name parameters;                   \
  extern "C" result __wrap_##name parameters {                  \
    if (!kevy_replica::transport_testing::FailsCall(#name)) {   \
      return __real_##name arguments;                           \
    }                                                           \
    ERR_raise(ERR_LIB_CRYPTO, ERR_R_MALLOC_FAILURE);            \
    return failure;                                             \
  }

using Bytes = const unsigned char*;

KEVY_FAIL(BIO_METHOD*, BIO_meth_new, (int type, const char* name), (type, name),
          nullptr)
KEVY_FAIL(BIO*, BIO_new, (const BIO_METHOD* method), (method), nullptr)
KEVY_FAIL(EVP_CIPHER_CTX*, EVP_CIPHER_CTX_new, (), (), nullptr)
KEVY_FAIL(int, EVP_CIPHER_CTX_ctrl,
          (EVP_CIPHER_CTX * context, int type, int number, void* data),
          (context, type, number, data), 0)
KEVY_FAIL(int, EVP_CipherInit_ex,
          (EVP_CIPHER_CTX * context, const EVP_CIPHER* cipher, ENGINE* engine,
           Bytes key, Bytes iv, int encrypt),
          (context, cipher, engine, key, iv, encrypt), 0)
KEVY_FAIL(int, EVP_DecryptUpdate,
          (EVP_CIPHER_CTX * context, unsigned char* out, int* size, Bytes in,
           int in_size),
          (context, out, size, in, in_size), 0)
KEVY_FAIL(int, EVP_DigestFinal_ex,
          (EVP_MD_CTX * context, unsigned char* out, unsigned int* size),
          (context, out, size), 0)
KEVY_FAIL(int, EVP_DigestInit_ex,
          (EVP_MD_CTX * context, const EVP_MD* digest, ENGINE* engine),
          (context, digest, engine), 0)
KEVY_FAIL(int, EVP_DigestUpdate,
          (EVP_MD_CTX * context, const void* data, size_t size),
          (context, data, size), 0)
KEVY_FAIL(int, EVP_EncryptFinal_ex,
          (EVP_CIPHER_CTX * context, unsigned char* out, int* size),
          (context, out, size), 0)
KEVY_FAIL(int, EVP_EncryptUpdate,
          (EVP_CIPHER_CTX * context, unsigned char* out, int* size, Bytes in,
           int in_size),
          (context, out, size, in, in_size), 0)
KEVY_FAIL(EVP_MD_CTX*, EVP_MD_CTX_new, (), (), nullptr)
KEVY_FAIL(EVP_PKEY_CTX*, EVP_PKEY_CTX_new, (EVP_PKEY * key, ENGINE* engine),
          (key, engine), nullptr)
KEVY_FAIL(EVP_PKEY_CTX*, EVP_PKEY_CTX_new_id, (int id, ENGINE* engine),
          (id, engine), nullptr)
KEVY_FAIL(int, EVP_PKEY_derive,
          (EVP_PKEY_CTX * context, unsigned char* key, size_t* size),
          (context, key, size), 0)
KEVY_FAIL(int, EVP_PKEY_derive_init, (EVP_PKEY_CTX * context), (context), 0)
KEVY_FAIL(int, EVP_PKEY_derive_set_peer,
          (EVP_PKEY_CTX * context, EVP_PKEY* peer), (context, peer), 0)
KEVY_FAIL(int, EVP_PKEY_get_raw_private_key,
          (const EVP_PKEY* key, unsigned char* out, size_t* size),
          (key, out, size), 0)
KEVY_FAIL(int, EVP_PKEY_get_raw_public_key,
          (const EVP_PKEY* key, unsigned char* out, size_t* size),
          (key, out, size), 0)
KEVY_FAIL(int, EVP_PKEY_keygen, (EVP_PKEY_CTX * context, EVP_PKEY** key),
          (context, key), 0)
KEVY_FAIL(int, EVP_PKEY_keygen_init, (EVP_PKEY_CTX * context), (context), 0)
KEVY_FAIL(EVP_PKEY*, EVP_PKEY_new_raw_private_key,
          (int type, ENGINE* engine, Bytes key, size_t size),
          (type, engine, key, size), nullptr)
KEVY_FAIL(EVP_PKEY*, EVP_PKEY_new_raw_public_key,
          (int type, ENGINE* engine, Bytes key, size_t size),
          (type, engine, key, size), nullptr)
KEVY_FAIL(unsigned char*, HMAC,
          (const EVP_MD* digest, const void* key, int key_size, Bytes data,
           size_t size, unsigned char* out, unsigned int* out_size),
          (digest, key, key_size, data, size, out, out_size), nullptr)
KEVY_FAIL(int, SSL_CTX_load_verify_file, (SSL_CTX * context, const char* file),
          (context, file), 0)
KEVY_FAIL(SSL_CTX*, SSL_CTX_new, (const SSL_METHOD* method), (method), nullptr)
KEVY_FAIL(int, SSL_CTX_use_PrivateKey_file,
          (SSL_CTX * context, const char* file, int type),
          (context, file, type), 0)
KEVY_FAIL(int, SSL_CTX_use_certificate_chain_file,
          (SSL_CTX * context, const char* file), (context, file), 0)
KEVY_FAIL(int, SSL_do_handshake, (SSL * ssl), (ssl), -1)
KEVY_FAIL(SSL*, SSL_new, (SSL_CTX * context), (context), nullptr)
KEVY_FAIL(int, SSL_read_ex, (SSL * ssl, void* out, size_t size, size_t* taken),
          (ssl, out, size, taken), 0)
KEVY_FAIL(int, SSL_set1_host, (SSL * ssl, const char* name), (ssl, name), 0)
KEVY_FAIL(int, SSL_shutdown, (SSL * ssl), (ssl), -1)
KEVY_FAIL(int, SSL_write_ex,
          (SSL * ssl, const void* data, size_t size, size_t* written),
          (ssl, data, size, written), 0)
KEVY_FAIL(int, X509_LOOKUP_ctrl,
          (X509_LOOKUP * lookup, int command, const char* text,
           long number,  // NOLINT(google-runtime-int)
           char** result),
          (lookup, command, text, number, result), 0)
KEVY_FAIL(X509_LOOKUP*, X509_STORE_add_lookup,
          (X509_STORE * store, X509_LOOKUP_METHOD* method), (store, method),
          nullptr)
KEVY_FAIL(X509_STORE*, X509_STORE_new, (), (), nullptr)
