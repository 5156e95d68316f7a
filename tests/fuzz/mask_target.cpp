// Fuzz target: rows, columns (a byte each), then the code of a cell mask.

#include <memory>

#include "mask.h"
#include "stream.h"
#include "target.h"

namespace ablc::fuzz {

namespace {

struct Unpacked {
  Plane<std::uint8_t> cells;
  bool sound = false;
};

Unpacked unpack(ByteView code, int rows, int columns) {
  RangeDecoder coder(code);
  const auto models = std::make_unique<MaskModels>();
  Unpacked mask{Plane<std::uint8_t>(columns, rows)};
  code_cell_mask(coder, *models, mask.cells);
  mask.sound = !coder.overrun() && !coder.unused();
  return mask;
}

}  // namespace

Outcome run(ByteView input) {
  if (input.size() < 2) return Outcome::refused;
  const int rows = input[0];
  const int columns = input[1];
  Unpacked mask = unpack(input.subspan(2), rows, columns);
  // Whatever cells came out go in again.
  RangeEncoder coder;
  const auto models = std::make_unique<MaskModels>();
  const auto cells = mask.cells.samples;
  code_cell_mask(coder, *models, mask.cells);
  const Unpacked again = unpack(coder.finish(), rows, columns);
  promise(again.sound && again.cells.samples == cells, "every mask can be packed and unpacked");
  return mask.sound ? Outcome::decoded : Outcome::refused;
}

}  // namespace ablc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablc::fuzz::run({data, size});
  return 0;
}
