#include "tensor.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "cancel.h"
#include "mixer.h"
#include "range_coder.h"

namespace ablc {

namespace {

constexpr int kClasses = 16;
constexpr int kUnary = 14;   // magnitudes from here on have a suffix
constexpr int kSuffix = 10;  // its longest prefix; kUnary + 2^(kSuffix + 1) - 2 > kMostLevel

int sign_of(std::int64_t v) {
  return (v > 0) - (v < 0);
}

/// Mean magnitude of the levels coded so far in a plane, a row or a column.
struct Activity {
  std::int64_t sum = 0;
  std::int64_t count = 0;
  int level() const { return magnitude_class(static_cast<int>(16 * sum / (count + 1))); }
  void add(int magnitude) {
    sum += magnitude;
    ++count;
  }
};

/// Adaptive state of one tensor; it begins untrained.
struct TensorModels {
  Array<Estimate, kClasses * 3 * kUnary> by_near;  // the levels around, and the nearest two
  Array<Estimate, kClasses * kClasses * kUnary>
      by_before;  // the plane before, and the levels around
  Array<Estimate, kClasses * kClasses * kUnary>
      by_plane;  // the plane's activity, and the levels around
  Array<Estimate, kClasses * kClasses * kUnary> by_lines;  // the row's activity and the column's
  Array<MixWeights<4>, kUnary> weights;
  Array<Estimate, 81> sign_by_near;  // signs of the four levels around
  Array<Estimate, 27>
      sign_by_plane;  // the plane before, the plane so far, the levels around together
  MixWeights<2> sign_weights;
  Array<Model, kSuffix> suffix;
};

/// Codes one plane after another; the models are kept from plane to plane.
template <class Coder>
class TensorCoder {
 public:
  TensorCoder(Coder& coder, Tensor& tensor, const Plane<std::uint8_t>& coded)
      : coder_(coder), tensor_(tensor), coded_(coded), columns_(tensor.columns) {}

  /// Code the tensor; stop early when a reader overruns.
  void run() {
    for (int k = 0; k < tensor_.planes; ++k) {
      plane_ = {};
      tilt_ = 0;
      std::fill(columns_.begin(), columns_.end(), Activity{});
      for (int y = 0; y < tensor_.rows; ++y) {
        stop_if_cancelled();
        if constexpr (requires { coder_.overrun(); }) {
          if (coder_.overrun()) return;
        }
        row_ = {};
        for (int x = 0; x < tensor_.columns; ++x)
          if (coded_.samples.empty() || coded_.at(x, y)) code(k, y, x);
      }
    }
  }

 private:
  std::int16_t* row(int k, int y) {
    return tensor_.levels.data() +
           (static_cast<std::ptrdiff_t>(k) * tensor_.rows + y) * tensor_.columns;
  }
  int at(int k, int y, int x) {
    return k >= 0 && y >= 0 && x >= 0 && y < tensor_.rows && x < tensor_.columns ? row(k, y)[x] : 0;
  }

  void code(int k, int y, int x) {
    const int w = at(k, y, x - 1), n = at(k, y - 1, x);
    const int near = 2 * (std::abs(w) + std::abs(n)) + std::abs(at(k, y - 1, x - 1)) +
                     std::abs(at(k, y - 1, x + 1)) + std::abs(at(k, y, x - 2)) +
                     std::abs(at(k, y - 2, x));
    const int before = 2 * std::abs(at(k - 1, y, x)) + std::abs(at(k - 1, y, x - 1)) +
                       std::abs(at(k - 1, y, x + 1)) + std::abs(at(k - 1, y - 1, x)) +
                       std::abs(at(k - 1, y + 1, x));
    const int around = magnitude_class(near);
    Activity& column = columns_[x];
    const int i0 = (around * 3 + (w != 0) + (n != 0)) * kUnary;
    const int i1 = (magnitude_class(before) * kClasses + around) * kUnary;
    const int i2 = (plane_.level() * kClasses + around) * kUnary;
    const int i3 = (row_.level() * kClasses + column.level()) * kUnary;

    std::int16_t& level = row(k, y)[x];
    const int given = std::abs(static_cast<int>(level));
    int magnitude = 0;
    for (int j = 0; j < kUnary; ++j) {
      Mixed<4> more({&models_->by_near[i0 + j], &models_->by_before[i1 + j],
                     &models_->by_plane[i2 + j], &models_->by_lines[i3 + j]},
                    models_->weights[j]);
      if (!more.code(coder_, magnitude < given)) break;
      ++magnitude;
    }
    if (magnitude == kUnary) magnitude = std::min(magnitude + suffix(given - kUnary), kMostLevel);
    const bool negative = magnitude > 0 && sign(k, y, x, level < 0);
    level = static_cast<std::int16_t>(negative ? -magnitude : magnitude);
    plane_.add(magnitude);
    row_.add(magnitude);
    column.add(magnitude);
    tilt_ += sign_of(level);
  }

  bool sign(int k, int y, int x, bool negative) {
    const int w = sign_of(at(k, y, x - 1)), n = sign_of(at(k, y - 1, x));
    const int nw = sign_of(at(k, y - 1, x - 1)), ne = sign_of(at(k, y - 1, x + 1));
    const int i = ((w * 3 + n) * 3 + nw) * 3 + ne + 40;
    const int j =
        (sign_of(at(k - 1, y, x)) * 3 + sign_of(tilt_)) * 3 + sign_of(2 * (w + n) + nw + ne) + 13;
    Mixed<2> mixed({&models_->sign_by_near[i], &models_->sign_by_plane[j]}, models_->sign_weights);
    return mixed.code(coder_, negative) != 0;
  }

  /// Code a number >= 0 as Elias's gamma code of the number + 1, with an adaptive prefix.
  int suffix(int number) {
    const unsigned u = static_cast<unsigned>(number) + 1;
    const int length_in = bit_width(u) - 1;
    int length = 0;
    while (length < kSuffix && coder_.bit(models_->suffix[length], length < length_in)) ++length;
    return static_cast<int>((1u << length | coder_.raw(u & ((1u << length) - 1), length)) - 1);
  }

  Coder& coder_;
  Tensor& tensor_;
  const Plane<std::uint8_t>& coded_;
  std::unique_ptr<TensorModels> models_ = std::make_unique<TensorModels>();
  Vector<Activity> columns_;
  Activity row_, plane_;
  std::int64_t tilt_ = 0;  // positive levels less negative ones, in this plane
};

}  // namespace

std::vector<std::uint8_t> pack_tensor(Tensor tensor, const Plane<std::uint8_t>& coded) {
  RangeEncoder coder;
  TensorCoder(coder, tensor, coded).run();
  return coder.finish();
}

bool unpack_tensor(std::span<const std::uint8_t> segment, const Plane<std::uint8_t>& coded,
                   Tensor& tensor) {
  RangeDecoder coder(segment);
  TensorCoder(coder, tensor, coded).run();
  return !coder.overrun() && !coder.unused();
}

}  // namespace ablc
