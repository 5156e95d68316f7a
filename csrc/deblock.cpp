#include "deblock.h"

#include <cstdlib>

#include "block_size.h"
#include "dispatch.h"
#include "parallel.h"
#include "quantiser.h"

namespace ablc {

namespace {

constexpr int kBand = 64;  // rows of the picture that one thread takes

struct Thresholds {
  int flat;  ///< the step: second differences below it count as smooth
  int most;  ///< 0.07 of the step: the largest change of a sample

  explicit Thresholds(int step = 0) : flat(step >> 4), most((step * 9 + 1024) >> 11) {}
};

int clip(int v, int most) {
  return v < -most ? -most : v > most ? most : v;
}

std::uint8_t pixel(int v) {
  return static_cast<std::uint8_t>(clip_pixel(v));
}

/// Second difference of the samples at distance 0, 1 and 2.
int bend(const std::uint8_t* s, std::ptrdiff_t across) {
  return std::abs(s[2 * across] - 2 * s[across] + s[0]);
}

/// True if a line over an edge is so smooth that the strong filter is for it; bends: of both sides.
bool is_plain(const std::uint8_t* q, std::ptrdiff_t across, int bends, const Thresholds& t) {
  return 2 * bends < t.flat >> 2 &&
         std::abs(q[-4 * across] - q[-across]) + std::abs(q[3 * across] - q[0]) < t.flat >> 3 &&
         std::abs(q[-across] - q[0]) < (5 * t.most + 1) >> 1;
}

/// Change three samples on each side of an edge.
ABLC_INLINE void filter_strongly(std::uint8_t* q, std::ptrdiff_t across, int most) {
  const int P0 = q[-across], P1 = q[-2 * across], P2 = q[-3 * across], P3 = q[-4 * across];
  const int Q0 = q[0], Q1 = q[across], Q2 = q[2 * across], Q3 = q[3 * across];
  const auto set = [&](std::ptrdiff_t at, int old, int value) {
    q[at] = pixel(old + clip(value - old, 2 * most));
  };
  set(-across, P0, (P2 + 2 * P1 + 2 * P0 + 2 * Q0 + Q1 + 4) >> 3);
  set(-2 * across, P1, (P2 + P1 + P0 + Q0 + 2) >> 2);
  set(-3 * across, P2, (2 * P3 + 3 * P2 + P1 + P0 + Q0 + 4) >> 3);
  set(0, Q0, (P1 + 2 * P0 + 2 * Q0 + 2 * Q1 + Q2 + 4) >> 3);
  set(across, Q1, (P0 + Q0 + Q1 + Q2 + 2) >> 2);
  set(2 * across, Q2, (P0 + Q0 + Q1 + 3 * Q2 + 2 * Q3 + 4) >> 3);
}

/// Change one sample on each side of an edge, and a second one where that side is smooth.
ABLC_INLINE void filter_weakly(std::uint8_t* q, std::ptrdiff_t across, int most, bool smooth_p,
                               bool smooth_q) {
  const int P0 = q[-across], P1 = q[-2 * across], P2 = q[-3 * across];
  const int Q0 = q[0], Q1 = q[across], Q2 = q[2 * across];
  int change = (9 * (Q0 - P0) - 3 * (Q1 - P1) + 8) >> 4;
  if (std::abs(change) >= 10 * most) return;
  change = clip(change, most);
  q[-across] = pixel(P0 + change);
  q[0] = pixel(Q0 - change);
  if (smooth_p)
    q[-2 * across] = pixel(P1 + clip((((P2 + P0 + 1) >> 1) - P1 + change) >> 1, most >> 1));
  if (smooth_q) q[across] = pixel(Q1 + clip((((Q2 + Q0 + 1) >> 1) - Q1 - change) >> 1, most >> 1));
}

/// Filter four lines across an edge. q: the first sample beyond it; `across` leads over the edge,
/// `along` to the next line. After the luma filter of HEVC (ITU-T H.265, 8.7.2.5).
void filter_luma(std::uint8_t* q, std::ptrdiff_t across, std::ptrdiff_t along,
                 const Thresholds& t) {
  const std::uint8_t* last = q + 3 * along;
  const int p0 = bend(q - across, -across), p3 = bend(last - across, -across);
  const int q0 = bend(q, across), q3 = bend(last, across);
  if (p0 + p3 + q0 + q3 >= t.flat) return;
  const bool strong = is_plain(q, across, p0 + q0, t) && is_plain(last, across, p3 + q3, t);
  const int side = (t.flat + (t.flat >> 1)) >> 3;
  for (int i = 0; i < 4; ++i, q += along) {
    if (strong)
      filter_strongly(q, across, t.most);
    else
      filter_weakly(q, across, t.most, p0 + p3 < side, q0 + q3 < side);
  }
}

/// Filter an edge of chroma: one sample on each side of `lines` lines.
void filter_chroma(std::uint8_t* q, std::ptrdiff_t across, std::ptrdiff_t along, int lines,
                   int most) {
  for (int i = 0; i < lines; ++i, q += along) {
    const int P0 = q[-across], P1 = q[-2 * across], Q0 = q[0], Q1 = q[across];
    const int change = clip((((Q0 - P0) * 4) + P1 - Q1 + 4) >> 3, most);
    q[-across] = pixel(P0 + change);
    q[0] = pixel(Q0 - change);
  }
}

class Deblocking {
 public:
  Deblocking(const Header& header, const Plane<CellShape>& cells, Planes& planes)
      : header_(header), cells_(cells), planes_(planes) {
    for (int k = -kMostOffset; k <= kMostOffset; ++k)
      thresholds_[k + kMostOffset] = Thresholds(offset_step(header.step, k));
  }

  /// Filter the edges of cell row cy: vertical ones (left of each cell) or horizontal ones (above
  /// it).
  void row(int cy, bool vertical) {
    for (int cx = vertical ? 1 : 0; cx < cells_.width; ++cx) {
      const CellShape& here = cells_.at(cx, cy);
      const CellShape& before = vertical ? cells_.at(cx - 1, cy) : cells_.at(cx, cy - 1);
      const int side = (1 << here.log2) / kCell;
      // A leaf begins at multiples of its side, counted from the tile, whose side they divide.
      if ((vertical ? cx : cy) % side != 0) continue;
      const Thresholds& t =
          thresholds_[((here.step_offset + before.step_offset) >> 1) + kMostOffset];
      luma(cx, cy, vertical, t);
      if (planes_[1].samples.empty()) continue;
      // Chroma edges lie on an 8x8 grid of chroma samples.
      if ((vertical ? cx : cy) % (1 << header_.subsample) == 0) chroma(cx, cy, vertical, t);
    }
  }

 private:
  void luma(int cx, int cy, bool vertical, const Thresholds& t) {
    Plane<std::uint8_t>& plane = planes_[0];
    const int x = cx * kCell, y = cy * kCell;
    const std::ptrdiff_t stride = plane.width;
    // Four lines at a time; those that reach over the picture's border stay as they are.
    for (int i = 0; i < kCell; i += 4) {
      const int lx = vertical ? x : x + i, ly = vertical ? y + i : y;
      if (vertical ? (ly + 4 > plane.height || x + 4 > plane.width)
                   : (lx + 4 > plane.width || y + 4 > plane.height))
        continue;
      std::uint8_t* q = plane.row(ly) + lx;
      if (vertical)
        filter_luma(q, 1, stride, t);
      else
        filter_luma(q, stride, 1, t);
    }
  }
  void chroma(int cx, int cy, bool vertical, const Thresholds& t) {
    for (std::size_t p = 1; p < 3; ++p) {
      Plane<std::uint8_t>& plane = planes_[p];
      const int x = (cx * kCell) >> header_.subsample, y = (cy * kCell) >> header_.subsample;
      const int lines =
          std::min(kCell >> header_.subsample, vertical ? plane.height - y : plane.width - x);
      if (vertical ? x + 2 > plane.width : y + 2 > plane.height) continue;
      std::uint8_t* q = plane.row(y) + x;
      if (vertical)
        filter_chroma(q, 1, plane.width, lines, t.most);
      else
        filter_chroma(q, plane.width, 1, lines, t.most);
    }
  }

  const Header& header_;
  const Plane<CellShape>& cells_;
  Planes& planes_;
  Array<Thresholds, 2 * kMostOffset + 1> thresholds_;
};

}  // namespace

void deblock(const Header& header, const Plane<CellShape>& cells, int threads, Planes& planes) {
  Deblocking deblocking(header, cells, planes);
  const int rows = kBand / kCell;
  for (const bool vertical : {true, false})
    parallel_for(div_up(cells.height, rows), threads, [&](int band) {
      for (int cy = band * rows; cy < std::min((band + 1) * rows, cells.height); ++cy)
        if (vertical || cy > 0) deblocking.row(cy, vertical);
    });
}

}  // namespace ablc
