#include "deblock.h"

#include <cstdlib>

#include "parallel.h"
#include "tile.h"
#include "tuning.h"

namespace ablc {

namespace {

constexpr int kBand = 64;  // rows of the picture that one thread takes

struct Thresholds {
  int flat;  ///< second differences below which both sides count as smooth
  int most;  ///< largest change of a sample
};
Thresholds thresholds(int step) {
  static const float flat = tuned("NB_DBFLAT", 1), most = tuned("NB_DBMOST", 1);
  return {static_cast<int>(static_cast<float>(step) * flat) >> 4,
          (static_cast<int>(static_cast<float>(step) * most) * 9 + 1024) >> 11};
}  // 1 and 0.07 of the step

int clip(int v, int most) {
  return v < -most ? -most : v > most ? most : v;
}

/// Filters four lines across an edge: p points at the first sample beyond it, `across` leads over
/// the edge, `along` to the next line. After the luma filter of HEVC (ITU-T H.265, 8.7.2.5).
void filter_luma(std::uint8_t* q, std::ptrdiff_t across, std::ptrdiff_t along,
                 const Thresholds& t) {
  const auto bend = [&](const std::uint8_t* s, std::ptrdiff_t d) {
    return std::abs(s[2 * d] - 2 * s[d] + s[0]);
  };
  std::uint8_t* last = q + 3 * along;
  const int p0 = bend(q - across, -across), p3 = bend(last - across, -across);
  const int q0 = bend(q, across), q3 = bend(last, across);
  if (p0 + p3 + q0 + q3 >= t.flat) return;
  const auto plain = [&](const std::uint8_t* s, int bends) {
    return 2 * bends < t.flat >> 2 &&
           std::abs(s[-4 * across] - s[-across]) + std::abs(s[3 * across] - s[0]) < t.flat >> 3 &&
           std::abs(s[-across] - s[0]) < (5 * t.most + 1) >> 1;
  };
  const bool strong = plain(q, p0 + q0) && plain(last, p3 + q3);
  const int side = (t.flat + (t.flat >> 1)) >> 3;
  const bool more_p = p0 + p3 < side, more_q = q0 + q3 < side;
  for (int i = 0; i < 4; ++i, q += along) {
    const int P0 = q[-across], P1 = q[-2 * across], P2 = q[-3 * across], P3 = q[-4 * across];
    const int Q0 = q[0], Q1 = q[across], Q2 = q[2 * across], Q3 = q[3 * across];
    const auto set = [&](std::ptrdiff_t at, int old, int value, int most) {
      q[at] = static_cast<std::uint8_t>(clip_pixel(old + clip(value - old, most)));
    };
    if (strong) {
      set(-across, P0, (P2 + 2 * P1 + 2 * P0 + 2 * Q0 + Q1 + 4) >> 3, 2 * t.most);
      set(-2 * across, P1, (P2 + P1 + P0 + Q0 + 2) >> 2, 2 * t.most);
      set(-3 * across, P2, (2 * P3 + 3 * P2 + P1 + P0 + Q0 + 4) >> 3, 2 * t.most);
      set(0, Q0, (P1 + 2 * P0 + 2 * Q0 + 2 * Q1 + Q2 + 4) >> 3, 2 * t.most);
      set(across, Q1, (P0 + Q0 + Q1 + Q2 + 2) >> 2, 2 * t.most);
      set(2 * across, Q2, (P0 + Q0 + Q1 + 3 * Q2 + 2 * Q3 + 4) >> 3, 2 * t.most);
      continue;
    }
    int change = (9 * (Q0 - P0) - 3 * (Q1 - P1) + 8) >> 4;
    if (std::abs(change) >= 10 * t.most) continue;
    change = clip(change, t.most);
    q[-across] = static_cast<std::uint8_t>(clip_pixel(P0 + change));
    q[0] = static_cast<std::uint8_t>(clip_pixel(Q0 - change));
    if (more_p)
      q[-2 * across] = static_cast<std::uint8_t>(
          clip_pixel(P1 + clip((((P2 + P0 + 1) >> 1) - P1 + change) >> 1, t.most >> 1)));
    if (more_q)
      q[across] = static_cast<std::uint8_t>(
          clip_pixel(Q1 + clip((((Q2 + Q0 + 1) >> 1) - Q1 - change) >> 1, t.most >> 1)));
  }
}

/// One sample on each side of an edge of chroma, `lines` lines.
void filter_chroma(std::uint8_t* q, std::ptrdiff_t across, std::ptrdiff_t along, int lines,
                   int most) {
  for (int i = 0; i < lines; ++i, q += along) {
    const int P0 = q[-across], P1 = q[-2 * across], Q0 = q[0], Q1 = q[across];
    const int change = clip((((Q0 - P0) * 4) + P1 - Q1 + 4) >> 3, most);
    q[-across] = static_cast<std::uint8_t>(clip_pixel(P0 + change));
    q[0] = static_cast<std::uint8_t>(clip_pixel(Q0 - change));
  }
}

class Deblocking {
 public:
  Deblocking(const Header& header, const Plane<CellShape>& cells, Planes& planes)
      : header_(header), cells_(cells), planes_(planes) {
    for (int k = -kMostOffset; k <= kMostOffset; ++k)
      thresholds_[k + kMostOffset] = thresholds(offset_step(header.step, k));
  }

  /// Edges of cell row cy: vertical ones (left of each cell) or horizontal ones (above it).
  void row(int cy, bool vertical) {
    for (int cx = vertical ? 1 : 0; cx < cells_.width; ++cx) {
      const CellShape& here = cells_.at(cx, cy);
      const CellShape& before = vertical ? cells_.at(cx - 1, cy) : cells_.at(cx, cy - 1);
      const int side = (1 << here.log2) / kCell;
      // A leaf begins at multiples of its side, counted from the tile, whose side they divide.
      if ((vertical ? cx : cy) % side != 0) continue;
      const Thresholds& t =
          thresholds_[((here.step_offset + before.step_offset) >> 1) + kMostOffset];
      if (here.kept || before.kept) luma(cx, cy, vertical, t);
      if (planes_[1].samples.empty() || !(here.chroma_coded || before.chroma_coded)) continue;
      // Chroma edges lie on an 8x8 grid of chroma samples.
      if ((vertical ? cx : cy) % (1 << header_.subsample) == 0) chroma(cx, cy, vertical, t);
    }
  }

 private:
  void luma(int cx, int cy, bool vertical, const Thresholds& t) {
    Plane<std::uint8_t>& plane = planes_[0];
    const int x = cx * kCell, y = cy * kCell;
    const std::ptrdiff_t stride = plane.width;
    // Four lines at a time; what reaches over the picture's border stays as it is.
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
