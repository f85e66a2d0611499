// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One public header at a time, for cpp14_test: with C++14 each must name the
// standard that it needs.

#if defined(ACK)
#include "kevy_replica/codec/ack.h"
#elif defined(ARGV_VIEW)
#include "kevy_replica/codec/argv_view.h"
#elif defined(BYTE_BUFFER)
#elif defined(DECIMAL)
#elif defined(ESCAPE)
#include "kevy_replica/codec/escape.h"
#elif defined(EVENT)
#include "kevy_replica/codec/event.h"
#elif defined(FRAME)
#include "kevy_replica/codec/frame.h"
#elif defined(HANDSHAKE)
#include "kevy_replica/codec/handshake.h"
#elif defined(LIMITS)
#include "kevy_replica/codec/limits.h"
#elif defined(PAYLOAD_EVENT)
#include "kevy_replica/codec/payload_event.h"
#elif defined(REPLY)
#include "kevy_replica/codec/reply.h"
#elif defined(REPLY_DECODER)
#include "kevy_replica/codec/reply_decoder.h"
#elif defined(SNAPSHOT_PAYLOAD)
#include "kevy_replica/codec/snapshot_payload.h"
#elif defined(STREAM_DECODER)
#include "kevy_replica/codec/stream_decoder.h"
#elif defined(UTF8)
#elif defined(WIRE_ERROR)
#include "kevy_replica/codec/wire_error.h"
#endif
