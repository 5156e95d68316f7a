#include "plane_coder.h"

#include <algorithm>
#include <cstdlib>

#include "bits.h"
#include "cancel.h"
#include "dispatch.h"

namespace ablc {

namespace {

constexpr int kPredictors = 5;
constexpr int kEnergies = 16;   // classes of local error energy
constexpr int kGradients = 16;  // classes of local gradient
constexpr int kClasses = 16;    // bit length of a residual, unary
constexpr int kMaxClass = 15;

/// Adaptive state of the planes of one kind.
struct Kind {
  Array<Estimate, kEnergies * kClasses> by_energy;
  Array<Estimate, kGradients * 3 * kClasses> by_gradient;
  Array<Estimate, 8 * 8 * kClasses> by_both;
  Array<Estimate, kEnergies * 4 * kClasses> by_companion;
  Array<MixWeights<4>, kClasses> weights;
  Array<Model, 9> sign;
  Array<Model, kClasses * 3 * 4> mantissa;
};
/// Neighbours of a sample that are decoded already, by compass direction.
struct Around {
  int w, n, nw, ne, ww, nn;
};

/// out: the row of the sample; up, up2: the two rows above, null if there is none.
ABLC_INLINE Around samples_around(const std::int16_t* out, const std::int16_t* up,
                                  const std::int16_t* up2, int x, int width, int start) {
  Around a;
  a.w = x > 0 ? out[x - 1] : up ? up[x] : start;
  a.n = up ? up[x] : a.w;
  a.nw = up && x > 0 ? up[x - 1] : a.n;
  a.ne = up && x + 1 < width ? up[x + 1] : a.n;
  a.ww = x > 1 ? out[x - 2] : a.w;
  a.nn = up2 ? up2[x] : a.n;
  return a;
}

/// Candidates of the prediction.
using Candidates = Array<int, kPredictors>;

/// What later samples use of a decoded one.
struct Past {
  int energy = 0;  // |residual|, capped
  int residual = 0;
  Array<int, kPredictors> error{};  // of every candidate, in half steps
};

/// The pasts of a sample's neighbours.
struct Pasts {
  const Past &west, &west2, &north, &northwest, &northeast;
};

/// Pasts of the current row and of the row above, with a margin of two samples at both ends.
class PastRows {
 public:
  explicit PastRows(int width) : above_(width + 4), current_(width + 4) {}

  Past& at(int x) { return current_[x + 2]; }
  Pasts around(int x) const {
    return {current_[x + 1], current_[x], above_[x + 2], above_[x + 1], above_[x + 3]};
  }
  /// Makes the current row the row above, and begins a new one.
  void advance() {
    const auto end = current_.size() - 2;
    current_[end] = current_[end - 1];
    current_[1] = current_[2];
    std::swap(above_, current_);
    current_[0] = current_[1] = Past{};
    current_[1].energy = above_[2].energy;
  }

 private:
  Vector<Past> above_, current_;
};

ABLC_INLINE Candidates candidates_of(const Around& a) {
  return {a.w + a.n - a.nw, a.w + ((a.ne - a.n) >> 1), a.n + ((a.w - a.nw) >> 1),
          ((a.w + a.n) * 2 + a.ne - a.nw + 2) >> 2, a.w + a.n - ((a.ww + a.nn + 1) >> 1)};
}

constexpr int kMaxError = 1023;

/// Weight of a candidate by its error around the sample: the inverse square.
constexpr auto kWeights = [] {
  Array<std::uint32_t, kMaxError + 1> weights{};
  for (std::uint32_t e = 0; e <= kMaxError; ++e) weights[e] = (1u << 24) / ((e + 2) * (e + 2));
  return weights;
}();

/// Weighted mean of the candidates, within the range of the nearest samples.
ABLC_INLINE int predict(const Around& a, const Candidates& candidates, const Pasts& pasts) {
  std::int64_t sum = 0;
  std::int64_t total = 0;
  for (std::size_t k = 0; k < kPredictors; ++k) {
    const int error = pasts.west.error[k] + pasts.north.error[k] + pasts.northwest.error[k] +
                      pasts.northeast.error[k];
    const std::int64_t weight = kWeights[std::min(error, kMaxError)];
    sum += weight * candidates[k];
    total += weight;
  }
  const auto mean =
      static_cast<int>(sum >= 0 ? (sum + total / 2) / total : -((-sum + total / 2) / total));
  return std::clamp(mean, std::min({a.w, a.n, a.ne}), std::max({a.w, a.n, a.ne}));
}

/// State that codes a residual, chosen by the samples around it.
struct Contexts {
  Estimate *by_energy, *by_gradient, *by_both, *by_companion;  // of the bit length 0 and on
  MixWeights<4>* weights;                                      // likewise
  Model* mantissa;  // of the bit length 0, 12 for each length
  Model* sign;
};

/// companion: sum of the magnitudes around the same place of the plane before; negative if that
/// plane is not used.
ABLC_INLINE Contexts contexts_of(Kind& kind, const Around& a, const Pasts& pasts, int companion) {
  const int energy =
      magnitude_class(pasts.west.energy * 2 + pasts.north.energy * 2 + pasts.northwest.energy +
                      pasts.northeast.energy + pasts.west2.energy);
  const int gradient =
      magnitude_class(std::abs(a.w - a.nw) + std::abs(a.n - a.nw) + std::abs(a.n - a.ne));
  const int other = magnitude_class(
      companion >= 0 ? companion : std::min(pasts.north.energy, pasts.west.energy) * 2);
  const int west_sign = sign_of(pasts.west.residual);
  const int north_sign = sign_of(pasts.north.residual);
  return {.by_energy = &kind.by_energy[energy * kClasses],
          .by_gradient =
              &kind.by_gradient[(gradient * 3 + std::abs(west_sign + north_sign)) * kClasses],
          .by_both = &kind.by_both[((energy / 2) * 8 + gradient / 2) * kClasses],
          .by_companion = &kind.by_companion[(other * 4 + std::min(energy / 3, 3)) * kClasses],
          .weights = kind.weights.data(),
          .mantissa = &kind.mantissa[std::min(energy / 4, 3)],
          .sign = &kind.sign[(west_sign + 1) * 3 + north_sign + 1]};
}

/// Whether the bit length of a residual goes beyond `length`: a mixture of four estimates.
ABLC_INLINE Mixed<4> longer(const Contexts& contexts, int length) {
  return {{contexts.by_energy + length, contexts.by_gradient + length, contexts.by_both + length,
           contexts.by_companion + length},
          contexts.weights[length]};
}

/// Codes a residual: bit length in unary, mantissa, sign. residual: given when writing.
template <class Coder>
ABLC_INLINE int code_residual(Coder& coder, const Contexts& contexts, int residual) {
  const auto magnitude_in = static_cast<std::uint32_t>(std::abs(residual));
  const int length_in = bit_width(magnitude_in);
  int length = 0;
  while (length < kMaxClass && longer(contexts, length).code(coder, length < length_in)) ++length;
  std::uint32_t magnitude = length > 0 ? 1 : 0;
  for (int b = length - 2, depth = 0; b >= 0; --b, ++depth) {
    const std::uint32_t bit_in = magnitude_in >> b & 1u;
    std::uint32_t bit;
    if (depth < 2) {
      const int slot = depth == 0 ? 0 : 1 + static_cast<int>(magnitude & 1u);
      bit = static_cast<std::uint32_t>(
          coder.bit(contexts.mantissa[(length * 3 + slot) * 4], static_cast<int>(bit_in)));
    } else {
      bit = coder.raw(bit_in, 1);
    }
    magnitude = magnitude << 1 | bit;
  }
  const bool negative = magnitude > 0 && coder.bit(*contexts.sign, residual < 0);
  return negative ? -static_cast<int>(magnitude) : static_cast<int>(magnitude);
}

ABLC_INLINE void remember(Past& past, int residual, int value, const Candidates& candidates) {
  past.energy = std::min(std::abs(residual), 1 << 12);
  past.residual = residual;
  for (std::size_t k = 0; k < kPredictors; ++k)
    past.error[k] = std::min(std::abs(value - candidates[k]) * 2, kMaxError);
}

/// Sum of the magnitudes of a row around x, the middle one twice.
ABLC_INLINE int magnitudes_around(const std::uint16_t* row, int x, int width) {
  return 2 * row[x] + (x > 0 ? row[x - 1] : 0) + (x + 1 < width ? row[x + 1] : 0);
}

/// Codes the residual of a sample; a reader reports the bits that it took.
template <class Coder>
ABLC_INLINE int code_sample(Coder& coder, const Contexts& contexts, int residual,
                            const PlaneParams& params, int x, int y) {
  if constexpr (requires { coder.encode(0, 1u); }) {
    return code_residual(coder, contexts, residual);
  } else {
    const bool watched = params.spent && *params.spent;
    const double before = watched ? coder.position() : 0;
    residual = code_residual(coder, contexts, 0);
    if (watched) (*params.spent)(x, y, static_cast<float>(coder.position() - before));
    return residual;
  }
}

}  // namespace

struct PlaneCoder::State {
  Array<Kind, 3> kinds;
  Plane<std::uint16_t> companion;  // energy of every sample of the plane before
};

PlaneCoder::PlaneCoder() : state_(std::make_unique<State>()) {}
PlaneCoder::~PlaneCoder() = default;

/// Return the number of coded rows: all, unless a reader's code ended early.
template <class Coder>
int PlaneCoder::code(Coder& coder, Plane<std::int16_t>& plane, const Rect& rect,
                     const PlaneParams& params, int kind_number, bool use_companion) {
  Kind& kind = state_->kinds[kind_number];
  PastRows rows(rect.width);
  Plane<std::uint16_t> magnitudes(rect.width, rect.height);
  const bool companion =
      use_companion && state_->companion.samples.size() == magnitudes.samples.size();
  for (int y = 0; y < rect.height; ++y) {
    stop_if_cancelled();
    if constexpr (requires { coder.overrun(); }) {
      if (coder.overrun()) return y;
    }
    std::int16_t* out = plane.row(rect.y + y) + rect.x;
    const std::int16_t* up = y > 0 ? out - plane.width : nullptr;
    const std::int16_t* up2 = y > 1 ? up - plane.width : up;
    const std::uint16_t* companion_row = companion ? state_->companion.row(y) : nullptr;
    std::uint16_t* magnitude_row = magnitudes.row(y);
    for (int x = 0; x < rect.width; ++x) {
      const Around around = samples_around(out, up, up2, x, rect.width, params.start);
      const Pasts pasts = rows.around(x);
      const Candidates candidates = candidates_of(around);
      const int prediction = predict(around, candidates, pasts);
      int value = out[x];
      int residual;
      if (params.coded && !params.coded->at(x, y)) {  // known already
        residual = value - prediction;
      } else {
        const Contexts contexts = contexts_of(
            kind, around, pasts, companion ? magnitudes_around(companion_row, x, rect.width) : -1);
        residual = code_sample(coder, contexts, value - prediction, params, x, y);
        value = std::clamp(prediction + residual, params.lowest, params.highest);
        out[x] = static_cast<std::int16_t>(value);
      }
      remember(rows.at(x), residual, value, candidates);
      magnitude_row[x] = static_cast<std::uint16_t>(rows.at(x).energy);
    }
    rows.advance();
  }
  state_->companion = std::move(magnitudes);
  return rect.height;
}

void PlaneCoder::encode(RangeEncoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
                        const PlaneParams& params, int kind, bool use_companion) {
  code(coder, plane, rect, params, kind, use_companion);
}

bool PlaneCoder::decode(RangeDecoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
                        const PlaneParams& params, int kind, bool use_companion) {
  int rows = code(coder, plane, rect, params, kind, use_companion);
  if (rows == rect.height && !coder.overrun()) return true;
  // The last two rows may come from beyond the end of the code: the row before them repeats.
  rows = std::max(rows - 2, 0);
  for (int y = rows; y < rect.height; ++y)
    for (int x = 0; x < rect.width; ++x)
      plane.at(rect.x + x, rect.y + y) = rows > 0 ? plane.at(rect.x + x, rect.y + rows - 1)
                                                  : static_cast<std::int16_t>(params.start);
  return false;
}

}  // namespace ablc
