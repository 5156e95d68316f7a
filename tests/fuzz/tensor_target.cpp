// Fuzz target: planes, rows, columns, whether places are chosen (a byte each), the chosen places
// (8 a byte, rows one after another), then the code of a tensor.

#include "target.h"
#include "tensor.h"

namespace ablc::fuzz {

Outcome run(std::span<const std::uint8_t> input) {
  if (input.size() < 4) return Outcome::refused;
  const int planes = input[0] % 32;
  const int rows = input[1];
  const int columns = input[2];
  Plane<std::uint8_t> coded;
  std::size_t head = 4;
  if (input[3] & 1) {
    coded = Plane<std::uint8_t>(columns, rows);
    head += (coded.samples.size() + 7) / 8;
    if (input.size() < head) return Outcome::refused;
    for (std::size_t i = 0; i < coded.samples.size(); ++i)
      coded.samples[i] = input[4 + i / 8] >> (7 - i % 8) & 1;
  }
  Tensor tensor(planes, rows, columns);
  const bool sound = unpack_tensor(input.subspan(head), coded, tensor);
  for (std::size_t i = 0; i < tensor.levels.size(); ++i) {
    const int level = tensor.levels[i];
    promise(-kMostLevel <= level && level <= kMostLevel, "levels are in range");
    promise(!level || coded.samples.empty() || coded.samples[i % coded.samples.size()],
            "what is not coded is 0");
  }
  // Whatever levels came out go in again.
  Tensor again(planes, rows, columns);
  promise(unpack_tensor(pack_tensor(tensor, coded), coded, again),
          "every tensor can be packed and unpacked");
  promise(again.levels == tensor.levels, "a tensor comes back");
  return sound ? Outcome::decoded : Outcome::refused;
}

}  // namespace ablc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablc::fuzz::run({data, size});
  return 0;
}
