#!/usr/bin/env python3
"""Runs engines in turn, A B C A B C, one process each, and appends one JSON line per process to FILE.

  interleave.py FILE --models DIR [--peers DIR] [--bin DIR] [--shapes S,T] [--threads 2,1] [--rounds 3] [--company]
                     [--patience 60]

Every line holds what the engine reported (peers.mjs, SessionBench.cpp) and what was seen from outside: cores that
other work kept busy meanwhile, stolen time, wall time, and the read bandwidth measured at the beginning of the round.
With --patience, a process waits, at most so many seconds, for a second in which the machine is idle.
With --company, a shell that does nothing but loop runs beside each of the engines marked so.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
PROMPT, COUNT = 128, 32
# Warm generations a process makes: a small model needs more of them to be measured at all.
REPEATS = {"S": 8, "T": 3}


def machine_seconds():
    """(busy, stolen) processor seconds of the whole machine since it started."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = (int(x) for x in file.readline().split()[1:9])
    return (user + nice + system + irq + softirq) / TICKS, steal / TICKS


def process_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Company:
    """A process that keeps one core busy, at default priority, pinned nowhere."""

    def __init__(self, wanted):
        self.process = subprocess.Popen(["sh", "-c", "while :; do :; done"]) if wanted else None
        self.begin = self.seconds()

    def seconds(self):
        return process_seconds(self.process.pid) if self.process else 0.0

    def close(self):
        used = self.seconds() - self.begin
        if self.process:
            self.process.kill()
            self.process.wait()
        return used


def wait_for_quiet(patience):
    """Returns after a second in which others used less than a tenth of a core, or when patience ends."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        begin = machine_seconds()[0]
        time.sleep(1)
        if machine_seconds()[0] - begin < 0.1:
            return


def measure(command, folder, limit, company):
    """Runs one engine; its report with what was seen from outside."""
    busy, stolen = machine_seconds()
    guest = Company(company)
    begin = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()[0], f"stopped after {limit} s"
    wall = time.monotonic() - begin
    guest_used = guest.close()
    after = machine_seconds()
    row = {"error": (err.strip().splitlines() or ["no output"])[-1][:200]}
    if child.returncode == 0 and out.strip():
        row = json.loads(out.strip().splitlines()[-1])
    own = measure.children
    measure.children = sum(os.times()[2:4])
    used = measure.children - own - (guest_used if company else 0)
    row["foreign_cores"] = round(max(0.0, after[0] - busy - used - guest_used) / wall, 3)
    row["stolen_cores"] = round((after[1] - stolen) / wall, 3)
    row["wall_s"] = round(wall, 3)
    return row


measure.children = sum(os.times()[2:4])


def engines(options, shape):
    """(name, threads, company, command of REPEATS PROMPT COUNT) of a round, in order."""
    models, programs = options.models, options.bin
    node = ["node"]

    def sinter(threads):
        return [programs / "sinter-bench-session", models / f"{shape}-q4", threads]

    def llama(threads):
        return [*node, HERE / "llama-cpp.mjs", models / f"{shape}.gguf", threads]

    has_onnx = not options.no_onnx and (models / f"{shape}.onnx").exists()

    def onnx(threads):
        return [*node, HERE / "onnxruntime.mjs", models / f"{shape}.onnx", threads]

    if options.company:
        yield 1, False, sinter(1), []
        yield 2, True, sinter(2), []
        if options.peers:
            yield 1, False, llama(1), []
            yield 2, True, llama(2), []
            if has_onnx:
                yield 2, True, onnx(2), []
        return
    for threads in options.threads:
        yield threads, False, sinter(threads), []
        if options.peers:
            yield threads, False, llama(threads), []
            yield threads, False, llama(threads), ["fa"]
            if has_onnx:
                yield threads, False, onnx(threads), []


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--models", type=lambda p: pathlib.Path(p).resolve(), required=True)
    parser.add_argument("--bin", type=lambda p: pathlib.Path(p).resolve(), default=HERE.parents[1] / "build/bin")
    parser.add_argument("--peers", type=lambda p: pathlib.Path(p).resolve(), help="folder with node_modules")
    parser.add_argument("--shapes", type=lambda s: s.split(","), default=["S", "T"])
    parser.add_argument("--threads", type=lambda s: [int(x) for x in s.split(",")], default=[2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, help="generations a process counts")
    parser.add_argument("--patience", type=float, default=0, help="seconds to wait for an idle machine")
    parser.add_argument("--no-onnx", action="store_true")
    parser.add_argument("--company", action="store_true")
    return parser.parse_args()


def main():
    options = parse()
    with open(options.file, "a") as file:
        for number in range(options.rounds):
            for shape in options.shapes:
                wait_for_quiet(options.patience)
                bandwidth = json.loads(subprocess.check_output([options.bin / "sinter-read-bandwidth", "1", "2"]))
                measure.children = sum(os.times()[2:4])
                for threads, company, command, extra in engines(options, shape):
                    # A peer in company may need seconds for a token: few are enough to see that.
                    slow = company and command[0] == "node"
                    repeats, count = (2, 8) if slow else ((options.repeats or REPEATS.get(shape, 3)) + 1, COUNT)
                    command = [str(x) for x in (*command, repeats, PROMPT, count, *extra)]
                    row = {
                        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                        "round": number, "shape": shape, "threads": threads, "company": company,
                        "bandwidth": bandwidth.get(str(threads)),
                    }
                    wait_for_quiet(options.patience)
                    row |= measure(command, options.peers or HERE, 400, company)
                    row.setdefault("engine", pathlib.Path(command[1] if command[0] == "node" else command[0]).stem)
                    file.write(json.dumps(row) + "\n")
                    file.flush()
                    note = row.get("error") or f"decode {count * 1e3 / row['runs'][-1]['decode_ms']:.1f} tok/s"
                    print(f"{shape} {row['engine']} {row.get('config', '')} {threads} threads"
                          f"{' in company' if company else ''}: {note}, others {row['foreign_cores']} cores", file=sys.stderr)


if __name__ == "__main__":
    main()
