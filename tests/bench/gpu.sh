#!/usr/bin/env bash
# All checks and measurements that need a GPU: where nodes run, tests, latencies.
#
#     ABLC_DATA=... tests/bench/gpu.sh [PROVIDER] [OUT]
#
# PROVIDER cuda (default) or tensorrt; OUT a folder for the results (default: results/gpu). Needs
# `pip install '.[dev,gpu]' onnx` and the Kodak pictures in $ABLC_DATA/kodak. Every part runs even if
# an earlier one fails; the exit code is then 1.
set -uo pipefail
provider=${1:-cuda} out=${2:-results/gpu}
mkdir -p "$out"
failed=()

ablc models check --provider "$provider" 2>&1 | tee "$out/check.txt" || failed+=(check)
pytest -q -rs tests/test_gpus.py tests/test_session.py tests/test_painting.py tests/test_latent.py \
  2>&1 | tee "$out/tests.txt" || failed+=(tests)
pytest -q tests/bench/test_latency.py --benchmark-only --benchmark-warmup on -k "$provider" \
  --benchmark-json "$out/latency.json" > "$out/latency.txt" 2>&1 || failed+=(latency)
python tests/bench/latency.py "$out/latency.json" | tee "$out/latency.md" || failed+=(table)

if ((${#failed[@]})); then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
