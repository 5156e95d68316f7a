#include "mask.h"

#include "starts.h"
#include "statistics.h"

namespace ablc {

MaskModels::MaskModels() {
  static_assert(sizeof wide + sizeof close + sizeof counts == kMaskStartCount * sizeof(Estimate),
                "a change of the models takes new starts: starts.h");
  Starts starts = mask_starts();
  apply(starts, wide);
  apply(starts, close);
  apply(starts, counts);
}

std::vector<std::uint8_t> pack_mask(Plane<std::uint8_t> mask) {
  RangeEncoder coder;
  const auto models = std::make_unique<MaskModels>();
  code_cell_mask(coder, *models, mask);
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  collect(models->wide, numbers);
  collect(models->close, numbers);
  collect(models->counts, numbers);
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
