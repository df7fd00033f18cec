#!/usr/bin/env python3
"""Medians of interleave.py's lines as Markdown tables.

  summarize.py FILE... [--foreign 0.15]

A process counts as quiet when other work used at most so many cores beside it; if no process of a row is quiet, all
count and the row is marked (d), disturbed. The first generation of a process is its warm-up: only load to first token
comes from it. Ratios compare medians with the better of llama.cpp's configurations, in the same file.
"""
import argparse
import collections
import json
import statistics

MIB = 1 << 20


def median(values):
    return statistics.median(values) if values else float("nan")


class Row:
    """All processes of one engine, configuration, thread count and company."""

    def __init__(self, processes, limit):
        done = [p for p in processes if p.get("runs")]
        quiet = [p for p in done if p["foreign_cores"] <= limit]
        self.disturbed = not quiet
        self.all, self.used = processes, quiet or done
        warm = [(p, r) for p in self.used for r in p["runs"][1:] or p["runs"]]
        self.prefills = [1e3 * p["prompt"] / r["ttft_ms"] for p, r in warm]
        self.decodes = [1e3 * p["count"] / r["decode_ms"] for p, r in warm]
        self.prefill, self.decode = median(self.prefills), median(self.decodes)
        self.cpu = median([r["decode_cpu_ms"] / p["count"] for p, r in warm])
        self.ttft = median([r["ttft_ms"] for _, r in warm])
        self.load = median([p["load_ms"] for p in self.used])
        self.first = median([p["load_ms"] + p["runs"][0]["ttft_ms"] for p in self.used])
        self.peak = median([p["peak_mib"] for p in self.used])
        self.foreign = median([p["foreign_cores"] for p in self.used])
        weights = next((p["weight_bytes"] for p in self.used if "weight_bytes" in p), None)
        self.floor = None
        self.share = None
        if weights:
            self.floor = (weights + self.used[0]["state_bytes"]) / MIB
            self.share = median([1e3 * p["count"] / r["decode_ms"] * weights / p["bandwidth"] for p, r in warm if p.get("bandwidth")])


def span(values):
    return f" [{min(values):.3g}-{max(values):.3g}]" if values else ""


def ratio(value, other, digits=2):
    return f"{value / other:.{digits}f}" if other == other and other else "-"


def best_peer(rows, key):
    """The better of llama.cpp's configurations at a row's place: highest decode."""
    shape, _, _, threads, company = key
    same = [row for k, row in rows.items() if k[1] == "llama.cpp" and (k[0], k[3], k[4]) == (shape, threads, company)]
    return same


def table(rows):
    print("| Shape | Engine | thr | n | prefill tok/s | decode tok/s | CPU ms/token | TTFT ms | load ms | load to first ms | peak MiB "
          "| vs llama.cpp: prefill / decode / first | of bandwidth | others' cores |")
    print("|" + "---|" * 14)
    for key in sorted(rows):
        row, (shape, engine, config, threads, company) = rows[key], key
        name = f"{engine}, {config}" + (", in company" if company else "") + (" (d)" if row.disturbed else "")
        if not row.used:
            print(f"| {shape} | {name} | {threads} | 0/{len(row.all)} | {row.all[0].get('error', '')} |" + " - |" * 9)
            continue
        peers = best_peer(rows, key)
        versus = "-"
        if peers and engine != "llama.cpp":
            versus = " / ".join((ratio(row.prefill, max(p.prefill for p in peers)), ratio(row.decode, max(p.decode for p in peers)),
                                 ratio(row.first, min(p.first for p in peers))))
        peak = f"{row.peak:.0f}" + (f" ({row.peak / row.floor:.2f} x {row.floor:.0f})" if row.floor else "")
        share = f"{row.share:.0%}" if row.share is not None else "-"
        print(f"| {shape} | {name} | {threads} | {len(row.used)}/{len(row.all)} | {row.prefill:.0f}{span(row.prefills)} | {row.decode:.1f}"
              f"{span(row.decodes)} | {row.cpu:.2f} | {row.ttft:.0f} | {row.load:.0f} | {row.first:.0f} | {peak} | {versus} | {share} | {row.foreign:.2f} |")


def bandwidth(processes):
    """Each round measured it once per shape; equal figures are one measurement."""
    seen = collections.defaultdict(set)
    for p in processes:
        if p.get("bandwidth"):
            seen[p["threads"]].add(p["bandwidth"])
    for threads, values in sorted(seen.items()):
        print(f"Read bandwidth, {threads} thread{'s' if threads > 1 else ''}: median {median(values) / 1e9:.1f} GB/s"
              f" [{min(values) / 1e9:.1f}-{max(values) / 1e9:.1f}]")


def company(rows):
    """Decode beside a busy process, as a share of one thread alone."""
    for key, row in sorted(rows.items()):
        shape, engine, config, _, busy = key
        alone = [r for k, r in rows.items() if k[:4] == (shape, engine, config, 1) and not k[4] and r.used]
        if busy and row.used and alone:
            print(f"{shape} {engine}: {row.decode:.2f} tok/s with 2 threads and a busy process, {alone[0].decode:.2f} with 1 thread alone: "
                  f"{row.decode / alone[0].decode:.2f}")


def agreement(processes):
    """Which engines say the same tokens."""
    said = collections.defaultdict(lambda: collections.defaultdict(set))
    for p in processes:
        for run in p.get("runs", []):
            said[p["shape"]][tuple(run["tokens"][:9])].add(f"{p['engine']} {p['config']}")
    for shape, groups in sorted(said.items()):
        for tokens, names in groups.items():
            print(f"{shape}: first 9 tokens {' '.join(map(str, tokens))}: {', '.join(sorted(names))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--foreign", type=float, default=0.15)
    options = parser.parse_args()
    processes = [json.loads(line) for name in options.files for line in open(name)]
    groups = collections.defaultdict(list)
    for p in processes:
        groups[(p["shape"], p["engine"], p.get("config", ""), p["threads"], p["company"])].append(p)
    rows = {key: Row(group, options.foreign) for key, group in groups.items()}
    table(rows)
    print()
    bandwidth(processes)
    company(rows)
    print()
    agreement(processes)
    print("\n" + "; ".join(sorted({p["version"] for p in processes if "version" in p})))


if __name__ == "__main__":
    main()
