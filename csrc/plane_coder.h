#pragma once

// Predictive coding of planes of integers with context mixing: alpha, lossless planes
// and exact samples (docs/FORMAT.md, Plane code).

#include <cstdint>
#include <memory>
#include <vector>

#include "mixer.h"
#include "plane.h"
#include "range_coder.h"
#include "spent.h"

namespace ablc {

/// Parameters of a plane code; encoder and decoder pass the same ones.
struct PlaneParams {
  int lowest = 0;  ///< every sample is clipped to lowest..highest
  int highest = 255;
  int start = 128;  ///< prediction of the first sample
  /// If given, of the rectangle's size: samples where it is 0 are known already and not coded.
  const Plane<std::uint8_t>* coded = nullptr;
  /// If given and not empty, a decoder calls it for every coded sample.
  const SpentOnSample* spent = nullptr;
};

/// Coder of the planes of one segment, which share its adaptive state.
class PlaneCoder {
 public:
  PlaneCoder();
  ~PlaneCoder();

  /// Encodes `rect` of plane. kind, 0 to 2, selects the set of models. With use_companion, the
  /// residuals of the plane before are a context, if that plane has the same size.
  void encode(RangeEncoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
              const PlaneParams& params, int kind, bool use_companion);

  /// Decodes `rect` of plane. Return false if the code ended early; the last sound row then
  /// repeats.
  bool decode(RangeDecoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
              const PlaneParams& params, int kind, bool use_companion);

 private:
  struct State;
  template <class Coder>
  int code(Coder& coder, Plane<std::int16_t>& plane, const Rect& rect, const PlaneParams& params,
           int kind, bool use_companion);
  std::unique_ptr<State> state_;
};

}  // namespace ablc
