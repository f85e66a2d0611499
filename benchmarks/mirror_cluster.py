#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures kevy_mirror into a cluster of three nodes, beside one server.

  mirror_cluster.py KEVY_MIRROR [--frames=N] [--keys=1000,100000]
                    [--size=BYTES] [--elements=N] [--repetitions=N]

The frames are SETs of keys of 16 bytes and values of --size bytes. With
--elements they are LREMs that look through a list of so many elements and find
nothing, so that the servers have more to do for a frame. The targets are one
redis-server and three of them in a cluster, over TCP. Their runs take turns.
The table has the medians: frames a second of both, the ratio of the
pairs, the writes in a transaction of the cluster, and the CPU time for a frame
of the mirror and of all servers together. Needs Debian's redis-server and
redis-tools.
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time

from mirror import await_ack, end_mirror


def frames(count, keys, size, elements):
    value = b"v" * size
    if elements > 0:
        push = b"*%d\r\n$5\r\nRPUSH\r\n$16\r\nkey:%%012d\r\n" % (
            elements + 2) + b"$3\r\nabc\r\n" * elements
        return b"".join(
            b"*2\r\n:%d\r\n" % offset +
            (push % offset if offset < keys else
             b"*4\r\n$4\r\nLREM\r\n$16\r\nkey:%012d\r\n$1\r\n0\r\n$3\r\nxyz\r\n"
             % (offset * 7919 % keys)) for offset in range(count))
    return b"".join(
        b"*2\r\n:%d\r\n*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$%d\r\n%b\r\n" %
        (offset, offset * 7919 % keys, size, value)
        for offset in range(count))


def free_port():
    """A port that is free, and the port of the cluster's bus above it, too."""
    while True:
        with socket.socket() as probe, socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            if port + 10000 > 65535:
                continue
            try:
                bus.bind(("127.0.0.1", port + 10000))
            except OSError:
                continue
            return port


class Server:
    def __init__(self, folder, cluster):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(dir=folder)
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "",
             "--appendonly", "no", "--dir", self.folder,
             "--cluster-enabled", "yes" if cluster else "no"],
            stdout=subprocess.DEVNULL)
        while self.cli("ping").strip() != "PONG":
            time.sleep(0.01)

    def cli(self, *argv):
        return subprocess.run(
            ["redis-cli", "-p", str(self.port), *argv], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def cpu(self):
        """The CPU seconds so far."""
        with open("/proc/%d/stat" % self.process.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_cluster(folder):
    nodes = [Server(folder, True) for _ in range(3)]
    subprocess.run(
        ["redis-cli", "--cluster", "create",
         *["127.0.0.1:%d" % node.port for node in nodes], "--cluster-yes"],
        check=True, stdout=subprocess.DEVNULL)
    while not all("cluster_state:ok" in node.cli("cluster", "info")
                  for node in nodes):
        time.sleep(0.1)
    return nodes


def run(program, target, servers, folder, stream, count):
    """Returns frames a second, transactions, and the CPU microseconds for a
    frame of the mirror and of the servers."""
    for server in servers:
        server.cli("flushall")
    listener = socket.create_server(("127.0.0.1", 0))
    metrics = os.path.join(folder, "metrics")
    child = subprocess.Popen(
        [program, "--primary=127.0.0.1:%d" % listener.getsockname()[1],
         "--target=" + target, "--protocol=2", "--prometheus=" + metrics])
    replica = listener.accept()[0]
    replica.recv(4096)
    replica.sendall(b"+ACK 7 0\r\n")
    # The first frame comes alone, so that the beginning of a history, with the
    # keys of all slots, is not measured.
    first = stream.index(b"*2\r\n:1\r\n")
    replica.sendall(stream[:first] + b"+PING 7 1\r\n")
    await_ack(replica, 1)
    before = sum(server.cpu() for server in servers)
    begin = time.monotonic()
    replica.sendall(stream[first:] + b"+PING 7 %d\r\n" % count)
    await_ack(replica, count)
    seconds = time.monotonic() - begin
    theirs = sum(server.cpu() for server in servers) - before
    cpu_seconds = end_mirror(child)
    replica.close()
    listener.close()
    with open(metrics) as text:
        transactions = int(
            re.search(r"^kevy_mirror_transactions_total (\d+)", text.read(),
                      re.M).group(1))
    return (count / seconds, count / max(1, transactions),
            cpu_seconds / count * 1e6,
            theirs / count * 1e6)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--frames", type=int, default=1000000)
    parser.add_argument("--keys", default="1000,100000")
    parser.add_argument("--size", type=int, default=7)
    parser.add_argument("--elements", type=int, default=0)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        one = [Server(folder, False)]
        three = make_cluster(folder)
        targets = ("redis://127.0.0.1:%d" % one[0].port,
                   "redis+cluster://127.0.0.1:%d" % three[0].port)
        print("| keys | one server, frames/s | three nodes, frames/s | ratio "
              "| writes in a transaction | CPU of the mirror, one and three, "
              "µs/frame | CPU of the servers, one and three, µs/frame |")
        print("|---:|---:|---:|---:|---:|---:|---:|")
        for keys in map(int, options.keys.split(",")):
            stream = frames(options.frames, keys, options.size,
                            options.elements)
            runs = ([], [])
            for _ in range(options.repetitions):
                for own, target, servers in zip(runs, targets, (one, three)):
                    own.append(run(options.program, target, servers, folder,
                                   stream, options.frames))
            ratios = [b[0] / a[0] for a, b in zip(*runs)]
            median = [[statistics.median(column) for column in zip(*own)]
                      for own in runs]
            print("| %d | %.0f | %.0f | %.2f (%.2f to %.2f) | %.1f "
                  "| %.2f, %.2f | %.2f, %.2f |" %
                  (keys, median[0][0], median[1][0],
                   statistics.median(ratios), min(ratios), max(ratios),
                   median[1][1], median[0][2], median[1][2], median[0][3],
                   median[1][3]), flush=True)
        for server in one + three:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
