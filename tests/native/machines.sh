#!/usr/bin/env bash
# Are decoded pixels, and the refusals of damaged files, the same on every machine? Decodes the golden
# files with the native build on several emulated processors, of SSE2 alone and up, with Clang's, and
# with builds for AArch64 (NEON), s390x (big-endian) and i686 (32 bits, x87).
# Needs cmake, qemu-user-static, g++-aarch64-linux-gnu, g++-s390x-linux-gnu and g++-i686-linux-gnu
# (Debian's names); leaves out Clang where there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."
files=(tests/golden/ok/*.ablc tests/golden/bad/*.ablc)
differ=0

build() { # folder, further options
  cmake -S . -B "build/machines/$1" -DABLC_PYTHON=OFF -DABLC_DIGEST=ON "${@:2}" > /dev/null
  cmake --build "build/machines/$1" --parallel "$(nproc)" --target digest > /dev/null
}

check() { # name, command
  local digests
  digests=$("${@:2}" "${files[@]}" 2> /dev/null) || true # QEMU names what it does not emulate
  if [[ "$digests" == "$expected" ]]; then
    echo "$1: the same"
  else
    echo "$1: different"
    diff <(echo "$expected") <(echo "$digests") || true
    differ=1
  fi
}

check_cross() { # name, processor, triple, QEMU's name
  # Static: QEMU 7.2 never returns from starting a thread of an i686 program with shared libraries.
  build "$2" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$2" \
    -DCMAKE_CXX_COMPILER="$3-g++" -DCMAKE_EXE_LINKER_FLAGS=-static
  check "$1" "qemu-$4-static" "build/machines/$2/digest"
}

build native
expected=$(build/machines/native/digest "${files[@]}")
for processor in core2duo Nehalem Haswell; do # SSSE3 and less, SSE4, AVX2
  check "x86-64 $processor" qemu-x86_64-static -cpu "$processor" build/machines/native/digest
done
check_cross "AArch64" aarch64 aarch64-linux-gnu aarch64
check_cross "s390x, big-endian" s390x s390x-linux-gnu s390x
check_cross "i686, 32 bits" i686 i686-linux-gnu i386
if command -v clang++ > /dev/null; then
  build clang -DCMAKE_CXX_COMPILER=clang++
  check "Clang" build/machines/clang/digest
fi
exit "$differ"
