#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     https://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Prints Markdown tables of medians: ratios.py <results.json | benchmark>.

Given a program instead of a file, runs it first, with interleaved repetitions.
Which tables there are depends on what was run.
"""

import argparse

import results as results_lib


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
        quotient(ns("hiredis_fed"), ns("next_frames"), "%.1f"),
        quotient(ns("next_frames"), ns("one_shot")),
        quotient(ns("memcpy"), ns("next_frames")),
    ]


def ways(results, title, family, names):
    corpora = results_lib.CORPORA
    table(title, [""] + corpora,
          [[way] + [number(results.ns_per_frame("%s/%s/%s" % (family, way, corpus)))
                    for corpus in corpora] for way in names])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="a JSON file, or a benchmark to run")
    results = results_lib.load(parser.parse_args().path)
    corpora = results_lib.CORPORA
    print(results.machine())

    table("Decoding alone",
          ["corpus", "next_frames, ns/frame", "hiredis, ns/frame",
           "hiredis / next_frames", "hiredis / next",
           "hiredis_fed / next_frames", "next_frames / one_shot",
           "next_frames / memcpy, bytes/s"],
          [decode_row(results, corpus) for corpus in corpora])
    ways(results, "Decoding alone, ns a frame", "Decode", results_lib.DECODE)
    ways(results, "Decoding what is copied in, ns a frame", "Stream",
         results_lib.STREAM)

    rows = []
    for way in results_lib.STREAM:
        bare = "next" if way.endswith(("event", "frame", "range")) else "next_frames"
        if way.startswith(("session", "client")):
            rows.append(["%s / %s" % (way, bare)] + [
                quotient(results.ns_per_frame("Stream/%s/%s" % (way, corpus)),
                         results.ns_per_frame("Stream/%s/%s" % (bare, corpus)))
                for corpus in corpora])
    table("What the layers above add", ["time a frame"] + corpora, rows)

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

    ways(results, "Encoding, ns a frame", "Encode",
         ("span", "append", "hiredis", "memcpy"))
    table("Encoding", [""] + corpora, [
        ["%s / %s" % (slow, fast)] + [
            quotient(results.ns_per_frame("Encode/%s/%s" % (slow, corpus)),
                     results.ns_per_frame("Encode/%s/%s" % (fast, corpus)))
            for corpus in corpora
        ] for slow, fast in (("hiredis", "span"), ("span", "memcpy"))
    ])

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


if __name__ == "__main__":
    main()
