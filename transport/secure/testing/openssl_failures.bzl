# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""The functions of OpenSSL that openssl_failures.cc replaces."""

WRAPPED_OPENSSL_CALLS = [
    "BIO_meth_new",
    "BIO_new",
    "EVP_CIPHER_CTX_ctrl",
    "EVP_CIPHER_CTX_new",
    "EVP_CipherInit_ex",
    "EVP_DecryptUpdate",
    "EVP_DigestFinal_ex",
    "EVP_DigestInit_ex",
    "EVP_DigestUpdate",
    "EVP_EncryptFinal_ex",
    "EVP_EncryptUpdate",
    "EVP_MD_CTX_new",
    "EVP_PKEY_CTX_new",
    "EVP_PKEY_CTX_new_id",
    "EVP_PKEY_derive",
    "EVP_PKEY_derive_init",
    "EVP_PKEY_derive_set_peer",
    "EVP_PKEY_get_raw_private_key",
    "EVP_PKEY_get_raw_public_key",
    "EVP_PKEY_keygen",
    "EVP_PKEY_keygen_init",
    "EVP_PKEY_new_raw_private_key",
    "EVP_PKEY_new_raw_public_key",
    "HMAC",
    "SSL_CTX_load_verify_file",
    "SSL_CTX_new",
    "SSL_CTX_use_PrivateKey_file",
    "SSL_CTX_use_certificate_chain_file",
    "SSL_do_handshake",
    "SSL_new",
    "SSL_read_ex",
    "SSL_set1_host",
    "SSL_shutdown",
    "SSL_write_ex",
    "X509_LOOKUP_ctrl",
    "X509_STORE_add_lookup",
    "X509_STORE_new",
]

OPENSSL_WRAP_LINKOPTS = ["-Wl,--wrap=" + name for name in WRAPPED_OPENSSL_CALLS]
