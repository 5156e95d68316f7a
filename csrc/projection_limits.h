#pragma once

// What a stream guarantees of a painted picture (docs/FORMAT.md, Painted pictures), for one unit of
// it at a time: in kept blocks every coefficient of the change stays within half a quantisation
// step, in dropped cells the mean of every plane within a small part of the step.

#include <algorithm>

#include "codec.h"
#include "projection_kernels.h"
#include "quantiser.h"

namespace ablc {

/// A leaf of 16x16 or more, or a square of 16x16 that smaller leaves fill: what a chroma block
/// covers.
struct Unit {
  int x = 0;  ///< of its corner in the window, pixels
  int y = 0;
  int side = 0;
  int width = 0;  ///< of the part inside the picture
  int height = 0;

  int area() const { return side * side; }
};

/// Changes of a unit's planes, side x side each; the second and third are unused for grey.
using UnitPlanes = Array<kernels::Block, 3>;

/// The limits of one unit.
class UnitLimits {
 public:
  /// planes: 1 or 3.
  UnitLimits(const Guide& guide, const Quantisers& quantisers, int planes, const Unit& unit);

  /// True if a stored change keeps all limits.
  bool hold(const UnitPlanes& change) const;

  /// Bring a change within all limits, one plane at a time, each by as little as possible. slack:
  /// what is left for rounding, grey levels.
  void impose(UnitPlanes& change, float slack) const;

 private:
  /// Visible pixels of a cell, free (not exact) ones of them, and the sum of a plane over the
  /// former.
  struct CellSum {
    int pixels = 0, free = 0;
    float sum = 0;
  };

  const CellShape& cell(int x, int y) const {
    return guide_.cells.at((unit_.x + x) / kCell, (unit_.y + y) / kCell);
  }
  float mean_limit(int plane, int step_offset) const;
  CellSum sum_of(const kernels::Block& plane, int x, int y) const;
  /// Copy a leaf of the unit to a block of its own.
  void cut_leaf(const kernels::Block& plane, int x, int y, int side, kernels::Block& out) const;
  void put_leaf(const kernels::Block& leaf, int x, int y, int side, kernels::Block& plane) const;
  /// Chroma at the resolution in which it is coded. Returns the side.
  int reduce(const kernels::Block& plane, kernels::Block& out) const;

  bool luma_holds(const kernels::Block& change) const;
  bool chroma_holds(const kernels::Block& change, int plane) const;
  bool means_hold(const kernels::Block& change, int plane, int x, int y, int side) const;
  void limit_luma(kernels::Block& change, float slack) const;
  void limit_chroma(kernels::Block& change, int plane, float slack) const;
  void limit_means(kernels::Block& change, int plane, int x, int y, int side, float slack) const;

  template <class F>
  bool every_leaf(F&& f) const;
  template <class F>
  bool every_cell(int x, int y, int side, F&& f) const;

  const Guide& guide_;
  const Quantisers& quantisers_;
  const int planes_;
  const Unit unit_;
  bool chroma_kept_ = false;  // coefficients of chroma are limited, else its means
};

}  // namespace ablc
