#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures how fast kevy_mirror writes to a server, beside redis-benchmark.

  mirror.py KEVY_MIRROR [--frames=N] [--batches=100,1000] [--repetitions=N]

Both send SET of one of 1,000 keys of 16 bytes and a 7-byte value. They use one
connection each to the same redis-server, over a Unix socket. --batches gives
the number of commands in a transaction of kevy_mirror, which also has the
position, and in a pipeline of redis-benchmark. Their runs take turns. The table
has the medians, the ratios of the pairs, and kevy_mirror's own time on the CPU.
Needs Debian's redis-server and redis-tools.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time


def frames(count, keys):
    """Returns `count` frames from offset 0 on, with `keys` different keys."""
    return b"".join(
        b"*2\r\n:%d\r\n*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$7\r\nvalue-1\r\n"
        % (offset, offset * 7919 % keys) for offset in range(count))


def await_ack(replica, offset):
    """Waits for kevy_mirror's acknowledgement of `offset`."""
    end = b"REPLCONF ACK %d\r\n" % offset
    received = b""
    while not received.endswith(end):
        data = replica.recv(65536)
        if not data:
            raise SystemExit("kevy_mirror closed its connection to the primary")
        received = (received + data)[-len(end):]


def end_mirror(child):
    """Ends kevy_mirror. Returns its CPU seconds."""
    child.terminate()
    usage = os.wait4(child.pid, 0)[2]
    child.returncode = 0
    return usage.ru_utime + usage.ru_stime


def mirror_seconds(program, server, folder, stream, count, batch):
    """Returns the seconds from the first frame to the last acknowledgement, and
    the CPU seconds of the program."""
    path = os.path.join(folder, "primary")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    subprocess.run(["redis-cli", "-s", server, "flushall"], check=True,
                   stdout=subprocess.DEVNULL)
    child = subprocess.Popen(
        [program, "--primary=unix:" + path, "--target=unix:" + server,
         "--batch=%d" % batch, "--protocol=2"])
    replica = listener.accept()[0]
    replica.recv(4096)
    replica.sendall(b"+ACK 7 0\r\n")
    begin = time.monotonic()
    replica.sendall(stream)
    # kevy_mirror acknowledges a heartbeat at once.
    replica.sendall(b"+PING 7 %d\r\n" % count)
    await_ack(replica, count)
    seconds = time.monotonic() - begin
    cpu_seconds = end_mirror(child)
    replica.close()
    listener.close()
    os.unlink(path)
    return seconds, cpu_seconds


def benchmark_rate(server, count, batch, keys):
    """Returns the requests a second of redis-benchmark."""
    out = subprocess.run(
        ["redis-benchmark", "-s", server, "-c", "1", "-P", str(batch), "-n",
         str(count), "-r", str(keys), "-q", "SET", "key:__rand_int__", "value-1"],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(re.findall(r"([\d.]+) requests per second", out)[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--frames", type=int, default=1000000)
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--batches", default="100,1000")
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    stream = frames(options.frames, options.keys)
    with tempfile.TemporaryDirectory() as folder:
        server = os.path.join(folder, "server")
        process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", server, "--save",
             "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL)
        while not os.path.exists(server):
            time.sleep(0.01)
        print("| commands at a time | kevy_mirror, frames/s "
              "| redis-benchmark, requests/s | ratio "
              "| CPU seconds for 1,000,000 frames |")
        print("|---:|---:|---:|---:|---:|")
        for batch in map(int, options.batches.split(",")):
            ours, theirs, cpu = [], [], []
            for _ in range(options.repetitions):
                seconds, own = mirror_seconds(options.program, server, folder,
                                              stream, options.frames, batch)
                ours.append(options.frames / seconds)
                cpu.append(own / options.frames * 1e6)
                theirs.append(benchmark_rate(server, options.frames, batch,
                                             options.keys))
            ratios = [a / b for a, b in zip(ours, theirs)]
            print("| %d | %.0f | %.0f | %.2f (%.2f to %.2f) | %.2f |" %
                  (batch, statistics.median(ours), statistics.median(theirs),
                   statistics.median(ratios), min(ratios), max(ratios),
                   statistics.median(cpu)),
                  flush=True)
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
