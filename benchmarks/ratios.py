#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Prints Markdown tables of medians: ratios.py <results.json | benchmark>.

Runs a program first, with interleaved repetitions. Prints a table for each
group of benchmarks in the results.
"""

import argparse

import results as results_lib

SHARDS = (1, 10, 100, 1000)  # As in fleet_benchmarks.h.


def number(value):
    if value is None:
        return ""
    return "%.2f" % value if value < 10 else "%.1f" % value if value < 100 else "%.0f" % value


def quotient(a, b, form="%.2f"):
    return form % (a / b) if a and b else ""


def table(title, head, rows):
    rows = [row for row in rows if any(row[1:])]
    if not rows:
        return
    print("\n%s\n" % title)
    print("| %s |" % " | ".join(head))
    print("|%s" % ("---|" + "---:|" * (len(head) - 1)))
    for row in rows:
        print("| %s |" % " | ".join(row))


def decode_row(results, corpus):
    def ns(way):
        return results.ns_per_frame("Decode/%s/%s" % (way, corpus))

    return [
        corpus,
        number(ns("next_frames")),
        number(ns("hiredis")),
        quotient(ns("hiredis"), ns("next_frames"), "%.1f"),
        quotient(ns("hiredis"), ns("next"), "%.1f"),
        quotient(ns("next_frames"), ns("one_shot")),
        quotient(ns("memcpy"), ns("next_frames")),
    ]


def ways(results, title, family, names):
    corpora = results_lib.CORPORA
    table(title, [""] + corpora,
          [[way] + [number(results.ns_per_frame("%s/%s/%s" % (family, way, corpus)))
                    for corpus in corpora] for way in names])


def fleet(results):
    corpora = results_lib.CORPORA
    head = ["corpus"] + [str(n) for n in SHARDS] + ["%d / %d" % (SHARDS[-1], SHARDS[0])]

    def by_shards(title, family, key, scale):
        rows = []
        for corpus in [""] if family == "idle" else corpora:
            name = "/".join(filter(None, ["Fleet", family, corpus]))
            values = [results.counter("%s/shards:%d" % (name, n), key) for n in SHARDS]
            rows.append([corpus or family] +
                        [number(value and value * scale) for value in values] +
                        [quotient(values[-1], values[0])])
        table("%s, by shards" % title, head, rows)

    rows = []
    for corpus in corpora:
        client, follower, one = (
            results.ns_per_frame("Fleet/%s/%s/shards:1" % (who, corpus))
            for who in ("client", "follower", "memory"))
        rows.append([corpus, number(client), number(follower), number(one),
                     quotient(follower, client), quotient(one, follower)])
    table("One shard in memory, ns/frame",
          ["corpus", "client", "follower", "fleet", "follower / client",
           "fleet / follower"], rows)

    by_shards("Fleet/memory, ns/frame", "memory", "per_frame", 1e9)
    by_shards("Fleet/sessions, ns/frame", "sessions", "per_frame", 1e9)
    for family in ("tcp", "recv"):
        by_shards("Fleet/%s, ns/frame" % family, family, "per_frame", 1e9)
        by_shards("Fleet/%s, CPU ns/frame" % family, family, "cpu_per_frame", 1e9)
        by_shards("Fleet/%s, CPU ns/frame in the kernel" % family, family, "system_per_frame", 1e9)
        by_shards("Fleet/%s, ns/frame queued" % family, family, "queued_per_frame", 1e9)
    rows = []
    for ours, floor, key in (("memory", "sessions", "per_frame"),
                             ("tcp", "recv", "cpu_per_frame")):
        for corpus in corpora:
            rows.append(["%s / %s, %s" % (ours, floor, corpus)] + [
                quotient(*(results.counter("Fleet/%s/%s/shards:%d" % (who, corpus, n), key)
                           for who in (ours, floor))) for n in SHARDS])
    table("A fleet against the floor, CPU a frame, by shards", head[:-1], rows)

    for family in ("memory", "tcp", "idle"):
        by_shards("Fleet/%s, KiB allocated a shard" % family, family,
                  "heap_per_shard", 1 / 1024)
        by_shards("Fleet/%s, KiB resident a shard" % family, family,
                  "rss_per_shard", 1 / 1024)
    by_shards("Fleet/idle, us of CPU a heartbeat", "idle", "per_heartbeat", 1e6)

    rows = []
    for batches in (100, 1000):
        name = "Fleet/slow/value1k/batches:%d" % batches
        rows.append([str(batches)] + [
            number(value and value * scale) for value, scale in (
                (results.counter(name, key), scale) for key, scale in (
                    ("taken", 1e-6), ("sent", 1e-6), ("heap", 1 / 1024),
                    ("rss", 1 / 1024)))])
    table("A slow handler",
          ["batches", "taken, MB", "sent, MB", "KiB allocated", "KiB resident"],
          rows)


def decoding(results):
    """Decoding alone, with a copy, and in the layers above."""
    corpora = results_lib.CORPORA
    table("Decoding alone",
          ["corpus", "next_frames, ns/frame", "hiredis, ns/frame",
           "hiredis / next_frames", "hiredis / next",
           "next_frames / one_shot",
           "next_frames / memcpy, bytes/s"],
          [decode_row(results, corpus) for corpus in corpora])
    ways(results, "Decoding alone, ns a frame", "Decode", results_lib.DECODE)
    ways(results, "Decoding with a copy, ns a frame", "Stream",
         results_lib.STREAM)

    rows = []
    for way in results_lib.STREAM:
        bare = "next" if way.endswith(("event", "frame", "range")) else "next_frames"
        if way.startswith(("session", "client")):
            rows.append(["%s / %s" % (way, bare)] + [
                quotient(results.ns_per_frame("Stream/%s/%s" % (way, corpus)),
                         results.ns_per_frame("Stream/%s/%s" % (bare, corpus)))
                for corpus in corpora])
    table("Cost of the layers above", ["time a frame"] + corpora, rows)


def shapes(results):
    """Decoding by pieces, arguments and sizes."""
    corpora = results_lib.CORPORA
    for reader in ("next_frames", "hiredis"):
        table("%s, in pieces, ns a frame" % reader,
              ["bytes a piece"] + corpora,
              [[str(piece)] +
               [number(results.ns_per_frame(
                   "Pieces/%s/%d/%s" % (reader, piece, corpus)))
                for corpus in corpora] for piece in (1, 7, 1500, 4096, 65536)])

    for shape, of in (("Arguments", "arguments"), ("Value", "bytes in the value")):
        rows = []
        for name in results.names():
            if name.startswith(shape + "/next_frames/"):
                rate = results.bytes_per_second(name)
                rows.append([name.split("/")[2], number(results.ns_per_frame(name)),
                             "%.3f" % (1e9 / rate)])
        rows.sort(key=lambda row: int(row[0]))
        table("Cost by %s" % of, [of, "ns/frame", "ns/byte"], rows)


def encoding(results):
    """Encoding."""
    corpora = results_lib.CORPORA
    ways(results, "Encoding, ns a frame", "Encode",
         ("span", "append", "hiredis", "memcpy"))
    table("Encoding", [""] + corpora, [
        ["%s / %s" % (slow, fast)] + [
            quotient(results.ns_per_frame("Encode/%s/%s" % (slow, corpus)),
                     results.ns_per_frame("Encode/%s/%s" % (fast, corpus)))
            for corpus in corpora
        ] for slow, fast in (("hiredis", "span"), ("span", "memcpy"))
    ])


def payloads(results):
    """Snapshot payloads."""
    rows = []
    for corpus in results_lib.PAYLOADS:
        ours, theirs = (results.bytes_per_second("Payload/%s/%s" % (way, corpus))
                        for way in ("decode", "memcpy"))
        rows.append([
            corpus, number(results.ns_per_frame("Payload/decode/%s" % corpus)),
            number(ours and ours / 1e6), number(theirs and theirs / 1e6),
            quotient(ours, theirs)])
    table("Snapshot payloads",
          ["corpus", "decode, ns/value", "decode, MB/s", "memcpy, MB/s",
           "decode / memcpy, bytes/s"], rows)


def loopback(results):
    """Reading from a socket."""
    corpora = results_lib.CORPORA
    for socket in ("tcp", "unix"):
        rows = []
        for size in ("64k", "256k"):
            for corpus in corpora:
                client, bare = (
                    "Loopback/%s/%s/%s/%s" % (who, socket, size, corpus)
                    for who in ("client", "recv"))
                ours = results.bytes_per_second(client)
                theirs = results.bytes_per_second(bare)
                rows.append([
                    "%s, %s" % (corpus, size),
                    number(results.ns_per_frame(client)),
                    number(ours and ours / 1e6), number(theirs and theirs / 1e6),
                    quotient(ours, theirs)])
        table("Loopback, %s" % socket,
              ["corpus, read size", "client, ns/frame", "client, MB/s",
               "recv, MB/s", "client / recv"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="a JSON file, or a benchmark to run")
    results = results_lib.load(parser.parse_args().path)
    print(results.machine())
    decoding(results)
    shapes(results)
    encoding(results)
    fleet(results)
    payloads(results)
    loopback(results)


if __name__ == "__main__":
    main()
