#include "plane_coder.h"

#include <algorithm>
#include <cstdlib>

#include "bits.h"
#include "starts.h"
#include "statistics.h"

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
static_assert(kClasses * (kEnergies + kGradients * 3 + 8 * 8 + kEnergies * 4) + 9 +
                      kClasses * 3 * 4 ==
                  kBaseStartCount,
              "a change of the models takes new starts: starts.h");

/// Calls f with every array of models of a kind, in the order of the trained starts.
template <class Kind, class F>
void for_models(Kind& kind, F&& f) {
  f(kind.by_energy);
  f(kind.by_gradient);
  f(kind.by_both);
  f(kind.by_companion);
  f(kind.sign);
  f(kind.mantissa);
}

}  // namespace

struct PlaneCoder::State {
  Array<Kind, 3> kinds;
  Plane<std::uint16_t> companion;  // |residual| of the plane before, whole rect
};

PlaneCoder::PlaneCoder() : state_(std::make_unique<State>()) {}
PlaneCoder::PlaneCoder(int base_of_step) : PlaneCoder() {
  for (int k = 0; k < 3; ++k) {
    Kind& kind = state_->kinds[k];
    Starts starts = base_starts(base_of_step, k);
    for_models(kind, [&](auto& models) { apply(starts, models); });
    const auto weights = base_weights(k);
    for (std::size_t j = 0; j < weights.size(); ++j)
      std::copy_n(weights[j], 4, kind.weights[j].w.begin());
  }
}
PlaneCoder::~PlaneCoder() = default;

#ifdef ABLC_STATISTICS
void PlaneCoder::record_base(int step) const {
  std::vector<std::uint32_t> numbers;
  for (const Kind& kind : state_->kinds) {
    for_models(kind, [&](const auto& models) { collect(models, numbers); });
    for (const auto& place : kind.weights)
      for (const std::int32_t weight : place.w)
        numbers.push_back(static_cast<std::uint32_t>(weight));
  }
  record("base", step, numbers);
}
#endif

template <class Coder>
int PlaneCoder::code(Coder& coder, Plane<std::int16_t>& plane, const Rect& rect,
                     const PlaneParams& params, int kind, bool use_companion, float lambda) {
  constexpr bool kEncodes = requires { coder.encode(0, 1u); };
  Kind& models = state_->kinds[kind];
  const int width = rect.width;
  const int row_size = width + 4;
  // Per sample of two rows: |residual|, signed residual, and the error of each predictor, in steps
  // x 2.
  struct Past {
    int energy = 0;
    int residual = 0;
    Array<int, kPredictors> error{};
  };
  Vector<Past> above(row_size), current(row_size);
  Plane<std::uint16_t> energies(width, rect.height);
  const bool companion =
      use_companion && state_->companion.samples.size() == energies.samples.size();
  const int step = params.step;
  static const auto kInverseSquare = [] {
    Array<std::uint32_t, 1024> t{};
    for (std::uint32_t e = 0; e < 1024; ++e) t[e] = (1u << 24) / ((e + 2) * (e + 2));
    return t;
  }();

  for (int y = 0; y < rect.height; ++y) {
    std::int16_t* out = plane.row(rect.y + y) + rect.x;
    if constexpr (!kEncodes) {
      if (coder.overrun()) return y;
    }
    const std::int16_t* up = y > 0 ? plane.row(rect.y + y - 1) + rect.x : nullptr;
    const std::int16_t* up2 = y > 1 ? plane.row(rect.y + y - 2) + rect.x : up;
    for (int x = 0; x < width; ++x) {
      const int at = x + 2;
      const int w = x > 0 ? out[x - 1] : up ? up[x] : params.start;
      const int n = up ? up[x] : w;
      const int nw = up && x > 0 ? up[x - 1] : n;
      const int ne = up && x + 1 < width ? up[x + 1] : n;
      const int ww = x > 1 ? out[x - 2] : w;
      const int nn = up2 ? up2[x] : n;

      // Prediction: candidates weighted by the inverse square of their errors around here.
      const Array<int, kPredictors> candidates = {
          w + n - nw, w + ((ne - n) >> 1), n + ((w - nw) >> 1), ((w + n) * 2 + ne - nw + 2) >> 2,
          w + n - ((ww + nn + 1) >> 1)};
      std::int64_t weighted = 0;
      std::int64_t total = 0;
      for (std::size_t k = 0; k < kPredictors; ++k) {
        const int e = current[at - 1].error[k] + above[at].error[k] + above[at - 1].error[k] +
                      above[at + 1].error[k];
        const std::int64_t weight = kInverseSquare[std::min(e, 1023)];
        weighted += weight * candidates[k];
        total += weight;
      }
      int prediction = static_cast<int>(weighted >= 0 ? (weighted + total / 2) / total
                                                      : -((-weighted + total / 2) / total));
      prediction = std::clamp(prediction, std::min({w, n, ne}), std::max({w, n, ne}));

      // Contexts.
      const Past& west = current[at - 1];
      const Past& north = above[at];
      const int around = west.energy * 2 + north.energy * 2 + above[at - 1].energy +
                         above[at + 1].energy + current[at - 2].energy;
      const int slope = (std::abs(w - nw) + std::abs(n - nw) + std::abs(n - ne)) / step;
      const int energy = magnitude_class(around);
      const int gradient = magnitude_class(slope);
      const int tilt =
          (west.residual > 0) - (west.residual < 0) + (north.residual > 0) - (north.residual < 0);
      int other = magnitude_class(std::min(north.energy, west.energy) * 2);
      if (companion) {
        const std::uint16_t* magnitudes = state_->companion.row(y);
        int sum = 2 * magnitudes[x];
        if (x > 0) sum += magnitudes[x - 1];
        if (x + 1 < width) sum += magnitudes[x + 1];
        other = magnitude_class(sum);
      }
      const int i0 = energy * kClasses;
      const int i1 = (gradient * 3 + std::min(std::abs(tilt), 2)) * kClasses;
      const int i2 = ((energy / 2) * 8 + gradient / 2) * kClasses;
      const int i3 = (other * 4 + std::min(energy / 3, 3)) * kClasses;
      const auto mixed = [&](int j) {
        return Mixed<4>({&models.by_energy[i0 + j], &models.by_gradient[i1 + j],
                         &models.by_both[i2 + j], &models.by_companion[i3 + j]},
                        models.weights[j]);
      };
      const int sign_context = ((west.residual > 0) - (west.residual < 0) + 1) * 3 +
                               (north.residual > 0) - (north.residual < 0) + 1;

      // Bit length in unary with mixed contexts, mantissa, sign.
      const auto code_residual = [&](int residual_in) {
        const int magnitude_in = std::abs(residual_in);
        const int class_in = bit_width(static_cast<unsigned>(magnitude_in));
        int length = 0;
        while (length < kMaxClass && mixed(length).code(coder, length < class_in)) ++length;
        std::uint32_t magnitude = length > 0 ? 1 : 0;
        for (int b = length - 2, depth = 0; b >= 0; --b, ++depth) {
          const std::uint32_t bit_in = static_cast<std::uint32_t>(magnitude_in) >> b & 1u;
          std::uint32_t bit;
          if (depth < 2) {
            const int slot = depth == 0 ? 0 : 1 + static_cast<int>(magnitude & 1u);
            bit = static_cast<std::uint32_t>(
                coder.bit(models.mantissa[(length * 3 + slot) * 4 + (std::min(energy / 4, 3))],
                          static_cast<int>(bit_in)));
          } else {
            bit = coder.raw(bit_in, 1);
          }
          magnitude = magnitude << 1 | bit;
        }
        const bool negative =
            magnitude > 0 && coder.bit(models.sign[sign_context], residual_in < 0);
        return negative ? -static_cast<int>(magnitude) : static_cast<int>(magnitude);
      };

      const bool known = params.coded && !params.coded->at(x, y);
      int residual = 0;
      if (known) {
        residual = (out[x] - prediction) / step;
      } else if constexpr (kEncodes) {
        const int error = out[x] - prediction;
        const int sign = error < 0 ? -1 : 1;
        const int nearest = (std::abs(error) + step / 2) / step;
        residual = sign * nearest;
        if (lambda > 0 && nearest > 0) {
          // Rate-distortion optimised: also try the next smaller magnitude.
          const auto cost = [&](int magnitude) {
            const int c = bit_width(static_cast<unsigned>(magnitude));
            float bits = magnitude > 0 ? static_cast<float>(c) : 0.0f;
            for (int j = 0; j <= c && j < kMaxClass; ++j) bits += mixed(j).price(j < c);
            const float d = static_cast<float>(std::abs(error) - magnitude * step);
            return d * d + lambda * bits;
          };
          if (cost(nearest - 1) < cost(nearest)) residual = sign * (nearest - 1);
        }
      }

      if (!known) {
        if constexpr (kEncodes) {
          residual = code_residual(residual);
        } else {
          const bool watched = params.spent && *params.spent;
          const double before = watched ? coder.position() : 0;
          residual = code_residual(0);
          if (watched) (*params.spent)(x, y, static_cast<float>(coder.position() - before));
        }
      }
      const int value =
          known ? out[x] : std::clamp(prediction + residual * step, params.lowest, params.highest);
      out[x] = static_cast<std::int16_t>(value);
      Past& here = current[at];
      here.energy = std::min(std::abs(residual), 1 << 12);
      here.residual = residual;
      for (std::size_t k = 0; k < kPredictors; ++k)
        here.error[k] = std::min(std::abs(value - candidates[k]) * 2 / step, 1023);
      energies.at(x, y) = static_cast<std::uint16_t>(here.energy);
    }
    current[row_size - 2] = current[row_size - 3];
    current[1] = current[2];
    std::swap(above, current);
    current[0] = current[1] = Past{};
    current[1].energy = above[2].energy;
  }
  state_->companion = std::move(energies);
  return rect.height;
}

void PlaneCoder::encode(RangeEncoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
                        const PlaneParams& params, int kind, bool use_companion, float lambda) {
  code(coder, plane, rect, params, kind, use_companion, lambda);
}

bool PlaneCoder::decode(RangeDecoder& coder, Plane<std::int16_t>& plane, const Rect& rect,
                        const PlaneParams& params, int kind, bool use_companion) {
  int rows = code(coder, plane, rect, params, kind, use_companion, 0.0f);
  if (rows == rect.height && !coder.overrun()) return true;
  // The last rows may already come from beyond the end; the row before them stands in for the rest.
  rows = std::max(rows - 2, 0);
  for (int y = rows; y < rect.height; ++y)
    for (int x = 0; x < rect.width; ++x)
      plane.at(rect.x + x, rect.y + y) = rows > 0 ? plane.at(rect.x + x, rect.y + rows - 1)
                                                  : static_cast<std::int16_t>(params.start);
  return false;
}

}  // namespace ablc
