#!/usr/bin/env bash
# Are decoded pixels the same on every machine? Decodes the golden files with the native build on
# several emulated processors, of SSE2 alone and up, with Clang's, and with that for AArch64 (NEON).
# Needs cmake, qemu-user and g++-aarch64-linux-gnu (Debian's names); leaves out Clang where there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."

build() { # folder, further options
  cmake -S . -B "build/machines/$1" -DABLC_PYTHON=OFF -DABLC_DIGEST=ON "${@:2}" > /dev/null
  cmake --build "build/machines/$1" --parallel "$(nproc)" > /dev/null
}

check() { # name, command
  local found
  found=$("${@:2}" tests/golden/ok/*.ablc 2> /dev/null) # QEMU names what it does not emulate
  [[ "$found" == "$expected" ]] || { echo "$1: other pixels"; diff <(echo "$expected") <(echo "$found"); }
  echo "$1: the same"
}

build native
expected=$(build/machines/native/digest tests/golden/ok/*.ablc)
for processor in core2duo Nehalem Haswell; do # SSSE3 and less, SSE4, AVX2
  check "x86-64 $processor" qemu-x86_64-static -cpu "$processor" build/machines/native/digest
done
build aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++
check "AArch64" qemu-aarch64-static -L /usr/aarch64-linux-gnu build/machines/aarch64/digest
if command -v clang++ > /dev/null; then
  build clang -DCMAKE_CXX_COMPILER=clang++
  check "Clang" build/machines/clang/digest
fi
