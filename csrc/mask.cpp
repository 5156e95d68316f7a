#include "mask.h"

#include "initial.h"

namespace ablc {

std::vector<std::uint8_t> pack_mask(Plane<std::uint8_t> mask) {
  RangeEncoder coder;
  const auto models = std::make_unique<MaskModels>();
  code_cell_mask(coder, *models, mask);
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  collect(models->wide.data(), models->wide.size(), numbers);
  collect(models->close.data(), models->close.size(), numbers);
  collect(models->counts.data(), models->counts.size(), numbers);
  record("mask", 0, numbers);
#endif
  return coder.finish();
}

bool unpack_mask(std::span<const std::uint8_t> segment, Plane<std::uint8_t>& mask) {
  RangeDecoder coder(segment);
  const auto models = std::make_unique<MaskModels>();
  code_cell_mask(coder, *models, mask);
  return !coder.overrun() && !coder.unused();
}

}  // namespace ablc
