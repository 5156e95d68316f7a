#pragma once

// Predictive coding of one plane of integers with context mixing: the base layer, alpha and the
// lossless mode (docs/FORMAT.md, Plane code).

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "mixer.h"
#include "plane.h"
#include "range_coder.h"

namespace ablc {

/// Told of the bits that a sample at (x, y) of the rectangle took.
using SpentOnSample = std::function<void(int x, int y, float bits)>;

/// What a plane code is told besides the samples; encoder and decoder give the same.
struct PlaneParams {
  int step = 1;  ///< every sample is prediction + multiple of step, then clipped to lowest..highest
  int lowest = 0;
  int highest = 255;
  int start = 128;  ///< prediction of the first sample
  const Plane<std::uint8_t>* coded =
      nullptr;  ///< if given, samples of rect where it is 0 are known already
  const SpentOnSample* spent =
      nullptr;  ///< if not empty, a decoder calls it for every coded sample
};

/// Adaptive state of a plane code. One instance codes the planes of one segment in turn.
class PlaneCoder {
 public:
  PlaneCoder();
  /// With the trained start of the base layer for a luma quantisation step.
  explicit PlaneCoder(int base_of_step);
  ~PlaneCoder();

  /// Codes `rect` of plane and leaves in it what the decoder will have. kind 0, 1, 2 picks the set
  /// of contexts; with use_companion the residuals of the plane coded before, if of the same size,
  /// are one more. lambda > 0 lets the encoder pick a nearby multiple of step that costs fewer
  /// bits: the price of one bit in squared sample units.
  void encode(RangeEncoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
              const PlaneParams& params, int kind, bool use_companion, float lambda);

  /// The inverse: fills `rect` of plane. False if the code ended early; then the last rows repeat.
  bool decode(RangeDecoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
              const PlaneParams& params, int kind, bool use_companion);

#ifdef ABLC_STATISTICS
  /// Records what the models of a base layer have coded.
  void record_base(int step) const;
#endif

 private:
  struct State;
  template <class Coder>
  int code(Coder& coder, Plane<std::int16_t>& plane, const Rect& rect, const PlaneParams& params,
           int kind, bool use_companion, float lambda);
  std::unique_ptr<State> state_;
};

}  // namespace ablc
