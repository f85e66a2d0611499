// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/tls_transport.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/handshake_failure.h"
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

using transport_internal::Deadline;
using transport_internal::InterruptedStatus;
using transport_internal::TimedOutStatus;

namespace {

constexpr size_t kReadBytes = 32 << 10;

// Bytes that are sealed for one write to the inner transport: four records.
constexpr size_t kWriteBytes = 64 << 10;

// Sealed bytes that may wait for a write. Beside those of one write they are
// answers to messages of TLS: a peer that demands many must not fill memory.
constexpr size_t kMaxSealedBytes = 2 * kWriteBytes;

// Records from this size on are read straight into OpenSSL's buffer, which
// takes one of them. Behind smaller ones, OpenSSL would move that buffer's rest
// for each record.
constexpr size_t kLargeRecord = 4 << 10;

// Such reads for one record. A peer that sends records without data must not
// keep OpenSSL.
constexpr int kMaxDirectReads = 2;

// Reads of the inner transport by one Read() whose timeout has passed. A peer
// that sends records without data must not keep it.
constexpr int kMaxLateReads = 64;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

struct FreeStore {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

// The text of an error in OpenSSL's queue.
std::string Reason(unsigned long error) {  // NOLINT(google-runtime-int)
  if (ERR_SYSTEM_ERROR(error)) {
    return std::generic_category().message(ERR_GET_REASON(error));
  }
  const char* const reason = ERR_reason_error_string(error);
  if (reason == nullptr) return absl::StrCat("OpenSSL error ", error);
  return absl::CHexEscape(reason);
}

// Whether the error says that memory or descriptors are lacking: a client goes
// on to try.
bool IsLack(unsigned long error) {  // NOLINT(google-runtime-int)
  const int reason = ERR_GET_REASON(error);
  if (!ERR_SYSTEM_ERROR(error)) return reason == ERR_R_MALLOC_FAILURE;
  return reason == EMFILE || reason == ENFILE || reason == ENOMEM;
}

// The errors in OpenSSL's queue of this thread.
struct Errors {
  unsigned long first = 0;  // NOLINT(google-runtime-int) The cause.
  unsigned long last = 0;   // NOLINT(google-runtime-int) TLS's own.
  bool lack = false;        // IsLack() of any.
};

// Empties the queue.
Errors TakeErrors() {
  Errors errors;
  errors.first = ERR_peek_error();
  while (const unsigned long error = ERR_get_error()) {  // NOLINT
    errors.last = error;
    errors.lack = errors.lack || IsLack(error);
  }
  return errors;
}

absl::Status LackError() {
  const Errors errors = TakeErrors();
  return absl::ResourceExhaustedError(
      absl::StrCat("no memory for TLS", errors.first == 0 ? "" : ": ",
                   errors.first == 0 ? "" : Reason(errors.first)));
}

absl::Status HandshakeError(const absl::Status& status) {
  return HandshakeFailure(absl::Status(
      status.code(), absl::StrCat("TLS handshake: ", status.message())));
}

// Whether OpenSSL can allocate memory now.
bool HasMemory() {
  void* const block = OPENSSL_malloc(1);
  void* const larger =
      block == nullptr ? nullptr : OPENSSL_realloc(block, 1024);
  OPENSSL_free(larger == nullptr ? block : larger);
  return larger != nullptr;
}

absl::Status FileError(absl::string_view kind, const std::string& file) {
  const Errors errors = TakeErrors();
  // After a lack the file may be good. OpenSSL 3.5 calls a certificate bad for
  // which it had no memory.
  const bool lack = errors.lack || !HasMemory();
  return absl::Status(lack ? absl::StatusCode::kResourceExhausted
                           : absl::StatusCode::kInvalidArgument,
                      absl::StrCat("the ", kind, " in ", absl::CHexEscape(file),
                                   ": ", Reason(errors.first)));
}

using Store = std::unique_ptr<X509_STORE, FreeStore>;

// Whether OpenSSL's first error is a missing file.
bool IsMissingFile() {
  const unsigned long error = ERR_peek_error();  // NOLINT(google-runtime-int)
  return ERR_SYSTEM_ERROR(error) && ERR_GET_REASON(error) == ENOENT;
}

// The system's authorities; a system without them trusts nobody. Null if memory
// is lacking. Reading hundreds of them takes long, so they are read once. After
// an error they are read again, since OpenSSL does not tell each lack of
// memory.
Store SystemAuthorities() {
  static std::mutex mutex;
  static X509_STORE* complete = nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  if (complete != nullptr) {
    X509_STORE_up_ref(complete);
    return Store(complete);
  }
  Store store(X509_STORE_new());
  if (store == nullptr) return nullptr;
  // X509_STORE_set_default_paths() would drop the errors.
  X509_LOOKUP* const file =
      X509_STORE_add_lookup(store.get(), X509_LOOKUP_file());
  X509_LOOKUP* const folder =
      X509_STORE_add_lookup(store.get(), X509_LOOKUP_hash_dir());
  if (file == nullptr || folder == nullptr) return nullptr;
  const bool has_file =
      X509_LOOKUP_load_file(file, nullptr, X509_FILETYPE_DEFAULT) == 1 ||
      IsMissingFile();
  const bool has_folder =
      X509_LOOKUP_add_dir(folder, nullptr, X509_FILETYPE_DEFAULT) == 1;
  if (TakeErrors().lack) return nullptr;
  if (has_file && has_folder && X509_STORE_up_ref(store.get()) == 1) {
    complete = store.get();
  }
  return store;
}

absl::Status LoadFiles(const TlsOptions& options, SSL_CTX* context) {
  if (!options.ca_file.empty()) {
    if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
      return FileError("authorities", options.ca_file);
    }
  } else if (options.verify) {
    const Store authorities = SystemAuthorities();
    if (authorities == nullptr) return LackError();
    SSL_CTX_set1_cert_store(context, authorities.get());
  }
  if (options.certificate_file.empty()) {
    return options.key_file.empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "a key file needs a certificate file");
  }
  if (SSL_CTX_use_certificate_chain_file(
          context, options.certificate_file.c_str()) != 1) {
    return FileError("certificate", options.certificate_file);
  }
  const std::string& key =
      options.key_file.empty() ? options.certificate_file : options.key_file;
  // It also checks that key and certificate belong together.
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) !=
      1) {
    return FileError("private key", key);
  }
  return absl::OkStatus();
}

// Makes OpenSSL check the name, and tell it to the server.
absl::Status SetServerName(const TlsOptions& options, SSL* ssl) {
  if (options.server_name.empty()) {
    if (!options.verify) return absl::OkStatus();
    return absl::InvalidArgumentError("TLS needs the server's name");
  }
  // "db1.example." is the same host to a resolver. Neither certificates nor SNI
  // have the dot.
  const std::string name(absl::StripSuffix(options.server_name, "."));
  X509_VERIFY_PARAM* const checks = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(checks, name.c_str()) == 1) {
    return absl::OkStatus();  // SNI has no addresses.
  }
  ERR_clear_error();
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // A zero byte would end the name for some of OpenSSL. A dot in front would
  // accept all hosts of the domain, and an empty name every host.
  if (name.empty() || name[0] == '.' || name.find('\0') != std::string::npos ||
      name.size() > TLSEXT_MAXLEN_host_name) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", absl::CHexEscape(options.server_name),
                     "\" cannot be a server's name"));
  }
  if (SSL_set1_host(ssl, name.c_str()) == 1 &&
      SSL_set_tlsext_host_name(ssl, name.c_str()) == 1) {
    return absl::OkStatus();
  }
  return LackError();
}

// Whether the peer's alert says that our certificate is missing or refused.
bool IsCertificateAlert(int reason) {
  switch (reason - SSL_AD_REASON_OFFSET) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace

// The BIO of a connection: OpenSSL takes bytes of `received_`, or those that
// have arrived at the inner transport, and appends to `sealed_`. It runs inside
// of OpenSSL, with `mutex_` held.
class TlsTransport::Bio {
 public:
  static BIO* Create(TlsTransport* transport) {
    const BIO_METHOD* const method = Method();
    BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, transport);
    BIO_set_init(bio, 1);
    return bio;
  }

 private:
  // One for all. Null if memory is lacking: the next call tries again.
  static const BIO_METHOD* Method() {
    static std::mutex mutex;
    static int index = -1;
    static BIO_METHOD* method = nullptr;
    const std::lock_guard<std::mutex> lock(mutex);
    if (index == -1) index = BIO_get_new_index();
    if (index == -1 || method != nullptr) return method;
    method =
        BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "kevy_replica transport");
    if (method == nullptr) return nullptr;
    BIO_meth_set_read_ex(method, Read);
    BIO_meth_set_write_ex(method, Write);
    BIO_meth_set_ctrl(method, Control);
    return method;
  }

  static int Read(BIO* bio, char* buffer, size_t size, size_t* taken) {
    auto* const transport = static_cast<TlsTransport*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    // OpenSSL reads during a Write() only in the middle of a message that the
    // peer has split, and the reading thread may fill `room_` then.
    if (transport->reading_ && transport->received_.empty() &&
        size >= kLargeRecord) {
      *taken = transport->ReceiveDirectly({buffer, size});
      if (*taken > 0) return 1;
    }
    if (!transport->reading_ || transport->received_.empty()) {
      BIO_set_retry_read(bio);
      return 0;
    }
    *taken = std::min(size, transport->received_.size());
    std::memcpy(buffer, transport->received_.data(), *taken);
    transport->received_.remove_prefix(*taken);
    return 1;
  }

  static int Write(BIO* bio, const char* data, size_t size, size_t* written) {
    static_cast<TlsTransport*>(BIO_get_data(bio))->sealed_.append(data, size);
    *written = size;
    return 1;
  }

  static long Control(BIO* /*bio*/, int command, long /*number*/,  // NOLINT
                      void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
};

void TlsTransport::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

absl::StatusOr<std::unique_ptr<TlsTransport>> TlsTransport::Start(
    std::unique_ptr<Transport> inner, const TlsOptions& options) {
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return LackError();
  // The system's configuration may demand more. 0 means no demand.
  if (SSL_CTX_get_min_proto_version(context.get()) < TLS1_2_VERSION) {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  }
  SSL_CTX_set_verify(context.get(),
                     options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  // OpenSSL would ask for a passphrase on the terminal.
  SSL_CTX_set_default_passwd_cb(context.get(),
                                [](char*, int, int, void*) { return 0; });
  absl::Status status = LoadFiles(options, context.get());
  // OpenSSL does not tell each lack of memory. A bad file is bad twice.
  if (absl::IsInvalidArgument(status)) {
    status = LoadFiles(options, context.get());
  }
  if (!status.ok()) return status;
  Ssl ssl(SSL_new(context.get()));
  if (ssl == nullptr) return LackError();
  status = SetServerName(options, ssl.get());
  if (!status.ok()) return status;
  // OpenSSL 3.5 makes the record layer anew here. Without memory it only queues
  // an error, and crashes later.
  ERR_clear_error();
  SSL_set_connect_state(ssl.get());
  if (ERR_peek_error() != 0) return LackError();
  return Adopt(std::move(inner), std::move(ssl), options.handshake_timeout);
}

absl::StatusOr<std::unique_ptr<TlsTransport>> TlsTransport::Adopt(
    std::unique_ptr<Transport> inner, Ssl ssl, absl::Duration timeout) {
  SSL_set_options(ssl.get(), SSL_OP_NO_RENEGOTIATION);
  auto transport = absl::WrapUnique(
      new TlsTransport(std::move(inner), std::move(ssl), timeout));
  BIO* const bio = Bio::Create(transport.get());
  if (bio == nullptr) return LackError();
  SSL_set_bio(transport->ssl_.get(), bio, bio);
  return transport;
}

TlsTransport::TlsTransport(std::unique_ptr<Transport> inner, Ssl ssl,
                           absl::Duration handshake_timeout)
    : ForwardingTransport(std::move(inner)),
      handshake_deadline_(handshake_timeout),
      ssl_(std::move(ssl)),
      room_(kReadBytes, '\0') {}

TlsTransport::~TlsTransport() { TlsTransport::Close(); }

absl::Status TlsTransport::Handshake() {
  return FinishHandshake(Deadline(absl::InfiniteDuration()));
}

absl::Status TlsTransport::FinishHandshake(const Deadline& deadline) {
  for (int reads = 0; !established_; ++reads) {
    if (read_interrupted_) return InterruptedStatus({"read from", peer()});
    const absl::StatusOr<bool> done = StepHandshake();
    if (!done.ok() || *done) return done.status();
    absl::Status status;
    // OpenSSL skips messages that a peer may send at any rate and number.
    if (reads >= kMaxLateReads &&
        std::min(deadline.remaining(), handshake_deadline_.remaining()) ==
            absl::ZeroDuration()) {
      status = TimedOutStatus({"read from", peer()});
    } else {
      status = Receive(
          std::min(deadline.remaining(), handshake_deadline_.remaining()));
    }
    if (absl::IsCancelled(status)) return status;
    if (absl::IsDeadlineExceeded(status)) {
      if (handshake_deadline_.remaining() > absl::ZeroDuration()) return status;
      status = absl::UnavailableError("timed out");
    }
    if (!status.ok()) return FailHandshake(status);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> TlsTransport::StepHandshake() {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  int error = SSL_ERROR_NONE;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!status_.ok()) return status_;
    ERR_clear_error();
    reading_ = true;
    const int result = SSL_do_handshake(ssl_.get());
    reading_ = false;
    if (result != 1) error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) {
      status_ = HandshakeError(Error(error));
    }
  }
  established_ = error == SSL_ERROR_NONE;
  if (established_ && !early_.empty()) Encrypt(early_).IgnoreError();
  // After an error, OpenSSL has an alert for the peer.
  const absl::Status sent = SendSealed(handshake_deadline_.remaining());
  if (!status_.ok()) return status_;
  if (established_) early_ = std::string();
  // The peer may have gone with an alert, which says more.
  if (!established_ && absl::IsUnavailable(sent)) return false;
  if (!sent.ok()) return sent;
  return established_;
}

absl::Status TlsTransport::FailHandshake(const absl::Status& status) {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  const std::lock_guard<std::mutex> lock(mutex_);
  status_ = HandshakeError(write_status_.ok() ? status : write_status_);
  return status_;
}

absl::StatusOr<size_t> TlsTransport::Read(absl::Span<char> buffer,
                                          absl::Duration timeout) {
  const Deadline deadline(timeout);
  if (!established_) {
    absl::Status status = FinishHandshake(deadline);
    if (!status.ok()) return status;
  }
  for (int reads = 0;; ++reads) {
    if (read_interrupted_) return InterruptedStatus({"read from", peer()});
    const absl::StatusOr<std::optional<size_t>> size = Decrypt(buffer);
    if (!size.ok()) {
      // OpenSSL has an alert for the peer. A writing thread may be busy.
      const std::unique_lock<std::mutex> writing(write_mutex_,
                                                 std::try_to_lock);
      if (writing.owns_lock()) SendSealed(absl::ZeroDuration()).IgnoreError();
      return size.status();
    }
    if (size->has_value()) return **size;
    // Only here: a caller that waits for fd() must not leave bytes behind.
    const bool late =
        reads >= kMaxLateReads && deadline.remaining() == absl::ZeroDuration();
    if (late) return TimedOutStatus({"read from", peer()});
    absl::Status status = Receive(reads == 0 ? timeout : deadline.remaining());
    if (!status.ok()) return status;
  }
}

absl::StatusOr<std::optional<size_t>> TlsTransport::Decrypt(
    absl::Span<char> buffer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!status_.ok()) return status_;
  ERR_clear_error();
  size_t size = 0;
  int result = 1;
  reading_ = true;
  // Small records are gathered.
  while (result == 1 && size < buffer.size() &&
         (size == 0 || !received_.empty() || SSL_has_pending(ssl_.get()))) {
    size_t opened = 0;
    direct_reads_ = kMaxDirectReads;
    const bool begins = SSL_pending(ssl_.get()) == 0;
    result = SSL_read_ex(ssl_.get(), buffer.data() + size, buffer.size() - size,
                         &opened);
    size += opened;
    if (result != 1) break;
    if (!begins) continue;
    const size_t record = opened + static_cast<size_t>(SSL_pending(ssl_.get()));
    SSL_set_read_ahead(ssl_.get(), record >= kLargeRecord ? 1 : 0);
  }
  direct_reads_ = 0;
  reading_ = false;
  if (sealed_.size() > kMaxSealedBytes) {
    ERR_clear_error();
    status_ = absl::UnavailableError(
        absl::StrCat(peer(), " demands renegotiation again and again"));
    if (size == 0) return status_;
    return size;
  }
  if (result == 1) return size;
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) {
    status_ = Error(error);
    if (size == 0) return status_;
  }
  if (size > 0 || error == SSL_ERROR_ZERO_RETURN) return size;
  return std::nullopt;
}

size_t TlsTransport::ReceiveDirectly(absl::Span<char> room) {
  if (direct_reads_ == 0 || !receive_status_.ok()) return 0;
  --direct_reads_;
  const absl::StatusOr<size_t> size = ReadInner(room, absl::ZeroDuration());
  return size.ok() ? *size : 0;
}

// Keeps an error that the inner transport may not repeat.
absl::StatusOr<size_t> TlsTransport::ReadInner(absl::Span<char> room,
                                               absl::Duration timeout) {
  absl::StatusOr<size_t> size = inner().Read(room, timeout);
  if (!size.ok() && !absl::IsDeadlineExceeded(size.status()) &&
      !absl::IsCancelled(size.status())) {
    receive_status_ = size.status();
  }
  return size;
}

absl::Status TlsTransport::Receive(absl::Duration timeout) {
  if (!receive_status_.ok()) return receive_status_;
  const absl::StatusOr<size_t> size =
      ReadInner(absl::MakeSpan(&room_[0], room_.size()), timeout);
  if (!size.ok()) return size.status();
  if (*size == 0) {
    return absl::UnavailableError(
        absl::StrCat("read from ", peer(),
                     ": the connection ended without TLS's close_notify: the "
                     "peer was killed, or the stream was cut"));
  }
  received_ = absl::string_view(room_.data(), *size);
  return absl::OkStatus();
}

absl::Status TlsTransport::Write(absl::string_view bytes,
                                 absl::Duration timeout) {
  const Deadline deadline(timeout);
  const std::lock_guard<std::mutex> writing(write_mutex_);
  if (!established_ && !interrupted_) return KeepEarly(bytes);
  do {
    if (interrupted_) return InterruptedStatus({"write to", peer()});
    const absl::string_view part = bytes.substr(0, kWriteBytes);
    absl::Status status = Encrypt(part);
    if (status.ok()) status = SendSealed(deadline.remaining());
    if (!status.ok()) return status;
    bytes.remove_prefix(part.size());
  } while (!bytes.empty());
  return absl::OkStatus();
}

absl::Status TlsTransport::KeepEarly(absl::string_view bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!status_.ok()) return status_;
  if (!write_status_.ok()) return write_status_;
  // The inner transport tells that it is closed.
  absl::Status open = inner().Write("", absl::ZeroDuration());
  if (!open.ok()) return open;
  if (bytes.size() > kMaxEarlyBytes - early_.size()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "write to ", peer(), ": ", early_.size() + bytes.size(),
        " bytes before the end of the handshake: call Handshake() first"));
  }
  absl::StrAppend(&early_, bytes);
  return absl::OkStatus();
}

absl::Status TlsTransport::Encrypt(absl::string_view bytes) {
  if (!write_status_.ok()) return write_status_;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!status_.ok()) return status_;
  if (bytes.empty()) return absl::OkStatus();
  ERR_clear_error();
  size_t taken = 0;
  const int result =
      SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken);
  if (result != 1) {
    write_status_ = Error(SSL_get_error(ssl_.get(), result));
  }
  return write_status_;
}

absl::Status TlsTransport::SendSealed(absl::Duration timeout) {
  if (!write_status_.ok()) return write_status_;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    sending_.clear();
    std::swap(sending_, sealed_);
  }
  // A part of a record may have been written: nothing can follow.
  if (!sending_.empty()) write_status_ = inner().Write(sending_, timeout);
  return write_status_;
}

absl::Status TlsTransport::Error(int ssl_error) {
  const Errors errors = TakeErrors();
  // Errors before the last one are of TLS's parts.
  const unsigned long error = errors.last;  // NOLINT(google-runtime-int)
  if (ssl_error == SSL_ERROR_WANT_READ) {
    return absl::UnavailableError(absl::StrCat(
        peer(), " has split a message of TLS behind the handshake"));
  }
  const long verdict = SSL_get_verify_result(ssl_.get());  // NOLINT
  if (errors.lack || verdict == X509_V_ERR_OUT_OF_MEM) {
    return absl::ResourceExhaustedError(
        absl::StrCat(peer(), ": no memory for TLS: ", Reason(error)));
  }
  const int reason =
      ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const char* const name =
        SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return absl::FailedPreconditionError(absl::StrCat(
        "the certificate of ", peer(), " is refused: ",
        absl::CHexEscape(X509_verify_cert_error_string(verdict)),
        verdict == X509_V_ERR_HOSTNAME_MISMATCH && name != nullptr
            ? absl::StrCat(" (it is not for ", absl::CHexEscape(name), ")")
            : ""));
  }
  if (IsCertificateAlert(reason)) {
    return absl::FailedPreconditionError(absl::StrCat(
        peer(), " refuses this side's certificate: ", Reason(error)));
  }
  absl::string_view hint;
  if (reason == SSL_R_WRONG_VERSION_NUMBER) hint = " (it may not speak TLS)";
  if (reason == SSL_AD_REASON_OFFSET + SSL_AD_HANDSHAKE_FAILURE) {
    hint = " (it may want a client's certificate, or other ciphers)";
  }
  return absl::UnavailableError(
      absl::StrCat(peer(), ": ", Reason(error), hint));
}

void TlsTransport::Interrupt() {
  interrupted_ = true;
  read_interrupted_ = true;
  inner().Interrupt();
}

void TlsTransport::ResumeReads() {
  read_interrupted_ = false;
  inner().ResumeReads();
}

void TlsTransport::SendCloseNotify() {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Once only, and neither inside of the handshake nor after an error.
    if (status_.ok() && write_status_.ok() &&
        SSL_is_init_finished(ssl_.get()) &&
        (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0) {
      SSL_shutdown(ssl_.get());
      ERR_clear_error();
    }
  }
  SendSealed(absl::ZeroDuration()).IgnoreError();
}

void TlsTransport::CloseWrite() {
  SendCloseNotify();
  inner().CloseWrite();
}

void TlsTransport::Close() {
  SendCloseNotify();
  inner().Close();
}

absl::StatusOr<std::unique_ptr<Transport>> ConnectTlsTransport(
    absl::string_view address, const TlsOptions& tls,
    const ConnectOptions& options) {
  const absl::StatusOr<Address> parsed = ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  TlsOptions named = tls;
  if (named.server_name.empty()) named.server_name = parsed->host;
  absl::StatusOr<std::unique_ptr<Transport>> inner =
      ConnectTransport(address, options);
  if (!inner.ok()) return inner.status();
  absl::StatusOr<std::unique_ptr<TlsTransport>> transport =
      TlsTransport::Start(*std::move(inner), named);
  if (!transport.ok()) return transport.status();
  absl::Status status = (*transport)->Handshake();
  if (!status.ok()) return status;
  return *std::move(transport);
}

}  // namespace kevy_replica
