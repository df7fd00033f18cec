#!/usr/bin/env bash
# Sinter beside other engines on this machine; bench/README.md says what and how.
#   bench/run.sh [quick] [--company] [--no-peers] [--no-onnx] [--shapes S,T] [--rounds N] [--threads 2,1]
#                [--patience SECONDS]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
work=build/bench
peers=${SINTER_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/sinter-bench}
sinter=${SINTER:-build/bin/sinter}
shapes=S,T rounds=3 company='' wanted=yes onnx=yes repeats='' threads=2 patience=0

while [ $# -gt 0 ]; do
  case "$1" in
    quick) shapes=S rounds=1 repeats=3 ;;
    --company) company=--company ;;
    --no-peers) wanted='' ;;
    --no-onnx) onnx='' ;;
    --shapes) shapes=$2; shift ;;
    --threads) threads=$2; shift ;;
    --patience) patience=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    *) sed -n 2,4p "$0" >&2; exit 2 ;;
  esac
  shift
done

say() { printf '%s\n' "$*" >&2; }

ninja -C build sinter-random-model sinter-bench-session sinter-read-bandwidth >&2
mkdir -p "$work"

# Peers come from npm into a folder of their own, newest at first use; the report names their versions.
if [ -n "$wanted" ]; then
  if ! command -v npm >/dev/null; then
    say "no npm here: Sinter alone"
    wanted=''
  elif [ ! -d "$peers/node_modules/node-llama-cpp" ] || { [ -n "$onnx" ] && [ ! -d "$peers/node_modules/onnxruntime-node" ]; }; then
    mkdir -p "$peers"
    (cd "$peers" && npm install --ignore-scripts --no-audit --no-fund node-llama-cpp onnxruntime-node >&2)
  fi
fi

# Processor seconds, wall time and peak memory of a compile; one JSON line each in compile.jsonl.
compile() {
  python3 - "$work/compile.jsonl" "$1" "$sinter" compile "$work/$1-hf" -q q4 --variants x86-64 -o "$work/$1-q4" --overwrite --json --quiet <<'PY'
import json, os, subprocess, sys
file, shape, *command = sys.argv[1:]
child = subprocess.Popen(command, stdout=subprocess.PIPE)
out = child.stdout.read()
_, status, usage = os.wait4(child.pid, 0)
if status:
    sys.exit("compile failed")
row = json.loads(out) | {"shape": shape, "peak_mib": usage.ru_maxrss / 1024, "cpu_seconds": usage.ru_utime + usage.ru_stime}
open(file, "a").write(json.dumps(row) + "\n")
print(f"{shape}: compiled in {row['seconds']:.1f} s ({row['cpu_seconds']:.1f} s of processors), peak memory {row['peak_mib']:.0f} MiB")
PY
}

for shape in ${shapes//,/ }; do
  [ -f "$work/$shape.gguf" ] || build/bin/sinter-random-model "$shape" --hf "$work/$shape-hf" --gguf "$work/$shape.gguf"
  if [ -n "$onnx" ] && [ -n "$wanted" ] && [ ! -f "$work/$shape.onnx" ]; then
    say "$shape as ONNX"
    python3 bench/models/gguf-to-onnx.py "$work/$shape.gguf" "$work/$shape.onnx"
  fi
  compile "$shape"
done

lines=$work/$(date -u +%Y%m%dT%H%M%S)${company:+-company}.jsonl
python3 bench/peers/interleave.py "$lines" --models "$work" ${wanted:+--peers "$peers"} --shapes "$shapes" --rounds "$rounds" $company \
  --threads "$threads" --patience "$patience" $([ -n "$onnx" ] || echo --no-onnx) ${repeats:+--repeats "$repeats"}
python3 bench/report/summarize.py "$lines"
say "lines: $lines"
