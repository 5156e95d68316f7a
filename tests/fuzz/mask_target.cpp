// Fuzz target: rows, columns (a byte each), then the code of a cell mask.

#include "mask.h"
#include "target.h"

namespace ablc::fuzz {

Outcome run(std::span<const std::uint8_t> input) {
  if (input.size() < 2) return Outcome::refused;
  const int rows = input[0];
  const int columns = input[1];
  Plane<std::uint8_t> cells(columns, rows);
  const bool sound = unpack_mask(input.subspan(2), cells);
  // Whatever cells came out go in again.
  Plane<std::uint8_t> again(columns, rows);
  promise(unpack_mask(pack_mask(cells), again), "every mask can be packed and unpacked");
  promise(again.samples == cells.samples, "a mask comes back");
  return sound ? Outcome::decoded : Outcome::refused;
}

}  // namespace ablc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablc::fuzz::run({data, size});
  return 0;
}
