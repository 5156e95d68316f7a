#pragma once

// Adaptive state of a plane code; apart from plane_coder.cpp only the trained starts need to see
// it.

#include <vector>

#include "array.h"
#include "plane_coder.h"

namespace ablc {

inline constexpr int kPredictors = 5;
inline constexpr int kEnergies = 16;   // classes of local error energy
inline constexpr int kGradients = 16;  // classes of local gradient
inline constexpr int kClasses = 16;    // bit length of a residual, unary
inline constexpr int kMaxClass = 15;

struct PlaneCoder::State {
  struct Kind {
    Array<Estimate, kEnergies * kClasses> by_energy;
    Array<Estimate, kGradients * 3 * kClasses> by_gradient;
    Array<Estimate, 8 * 8 * kClasses> by_both;
    Array<Estimate, kEnergies * 4 * kClasses> by_companion;
    Array<MixWeights<4>, kClasses> weights;
    Array<Model, 9> sign;
    Array<Model, kClasses * 3 * 4> mantissa;
  };
  Array<Kind, 3> kinds;
  Plane<std::uint16_t> companion;  // |residual| of the plane before, whole rect
};

/// Calls f with every array of models of one kind, in the order of the trained starts.
template <class Kind, class F>
void for_models(Kind& kind, F&& f) {
  f(kind.by_energy);
  f(kind.by_gradient);
  f(kind.by_both);
  f(kind.by_companion);
  f(kind.sign);
  f(kind.mantissa);
}

/// The trained start of the base layer's models for a luma quantisation step.
void start_base(PlaneCoder::State& state, int step);

}  // namespace ablc
