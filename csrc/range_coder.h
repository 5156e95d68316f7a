#pragma once

// Adaptive binary range coder (docs/FORMAT.md, Range coder). The range has 16 bits and is kept in
// [2^15, 2^16); the decoder holds a 64-bit window of the code so that it refills about once in 48
// bits, and a decision is one multiplication, one comparison and one count of leading zeros.

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "array.h"
#include "bits.h"
#include "dispatch.h"

namespace ablc {

/// Shift of an estimate's step after n decisions: about 1 / (n + 1.5), never below 2^-limit.
inline constexpr int kSettled = 63;
constexpr Array<std::uint8_t, kSettled + 1> adaptation(int limit) {
  Array<std::uint8_t, kSettled + 1> shift{};
  for (int n = 0; n <= kSettled; ++n) {
    const int s = bit_width(static_cast<unsigned>(n) + 1u);
    shift[n] = static_cast<std::uint8_t>(s < limit ? s : limit);
  }
  return shift;
}
inline constexpr auto kFastShift = adaptation(4);
inline constexpr auto kSlowShift = adaptation(7);

/// Adaptive probability that a decision is 1: the mean of a fast and a slow estimate.
struct Model {
  std::uint16_t fast = 1u << 15;  // 1..65534, in 1/65536
  std::uint16_t slow = 1u << 15;
  // Decisions so far, capped at kSettled. Of 16 bits: storing a byte could change any object for
  // all that a compiler knows, and it would keep nothing of the coder in registers.
  std::uint16_t seen = 0;
#ifdef ABLC_STATISTICS
  std::uint32_t ones = 0, total = 0;
#endif

  /// 1..32767, in 1/32768.
  std::uint32_t p() const { return ((static_cast<std::uint32_t>(fast) + slow) >> 2) | 1u; }

  void update(int bit) {
#ifdef ABLC_STATISTICS
    ones += static_cast<std::uint32_t>(bit);
    ++total;
#endif
    // Both go down from themselves or from their complement by a part that is rounded down, which
    // keeps them strictly inside (0, 65535).
    const std::uint32_t flip = bit ? 0xFFFF : 0;
    std::uint32_t f = fast ^ flip, s = slow ^ flip;
    f -= f >> kFastShift[seen];
    s -= s >> kSlowShift[seen];
    fast = static_cast<std::uint16_t>(f ^ flip);
    slow = static_cast<std::uint16_t>(s ^ flip);
    seen = static_cast<std::uint16_t>(seen + (seen < kSettled));
  }
};

class RangeEncoder {
 public:
  /// p is the probability of a 1 in 1/32768, 1..32767.
  void encode(int bit, std::uint32_t p) {
    const std::uint32_t v = (range_ * p) >> 15;
    if (bit) {
      range_ = v;
    } else {
      low_ += v;
      range_ -= v;
    }
    const int shift = std::countl_zero(range_) - 16;
    range_ <<= shift;
    low_ <<= shift;
    pending_ += shift;
    if (pending_ >= 24) flush_bytes();
  }

  int bit(Model& model, int value) {
    encode(value, model.p());
    model.update(value);
    return value;
  }

  /// The lowest count bits of value, most significant first, at one bit each.
  std::uint32_t raw(std::uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) encode(static_cast<int>(value >> i & 1u), 1u << 14);
    return value;
  }

  /// Ends the code with the fewest bytes; zero bytes that ending it would add are implied and left
  /// out.
  std::vector<std::uint8_t> finish() {
    flush_bytes();
    // The value in [low, low + range) that has most trailing zeros.
    std::uint64_t value = low_;
    for (int zeros = 16; zeros >= 0; --zeros) {
      const std::uint64_t mask = (std::uint64_t{1} << zeros) - 1;
      const std::uint64_t candidate = (low_ + mask) & ~mask;
      if (candidate < low_ + range_) {
        value = candidate;
        break;
      }
    }
    low_ = value;
    const std::size_t settled = bytes_.size();
    low_ <<= 24;  // whole bytes out, padded with zeros
    pending_ += 24;
    flush_bytes();
    while (bytes_.size() > settled && bytes_.back() == 0) bytes_.pop_back();
    return std::move(bytes_);
  }

  std::size_t size() const { return bytes_.size(); }

 private:
  // low_ holds 16 + pending_ bits below a possible carry; whole bytes leave from the top.
  void flush_bytes() {
    while (pending_ >= 8) {
      const int at = 16 + pending_ - 8;
      std::uint64_t top = low_ >> at;
      if (top > 0xFF) {  // carry into the bytes already out
        for (std::size_t i = bytes_.size(); i-- > 0 && ++bytes_[i] == 0;) {
        }
        top &= 0xFF;
      }
      bytes_.push_back(static_cast<std::uint8_t>(top));
      low_ &= (std::uint64_t{1} << at) - 1;
      pending_ -= 8;
    }
  }

  std::vector<std::uint8_t> bytes_;
  std::uint64_t low_ = 0;
  std::uint32_t range_ = 65535;
  int pending_ = 0;
};

class RangeDecoder {
 public:
  explicit RangeDecoder(std::span<const std::uint8_t> bytes)
      : begin_(bytes.data()), next_(bytes.data()), end_(bytes.data() + bytes.size()) {
    refill();
  }

  int decode(std::uint32_t p) {
    const std::uint32_t v = (range_ * p) >> 15;
    const std::uint64_t edge = static_cast<std::uint64_t>(v) << 48;
    const int bit = window_ < edge;
    range_ = bit ? v : range_ - v;
    window_ -= bit ? 0 : edge;
    const int shift = std::countl_zero(range_) - 16;
    range_ <<= shift;
    window_ <<= shift;
    ahead_ -= shift;
    if (ahead_ < 0) [[unlikely]]
      refill();
    return bit;
  }

  int bit(Model& model, int = 0) {
    const int value = decode(model.p());
    model.update(value);
    return value;
  }

  std::uint32_t raw(std::uint32_t, int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i)
      value = value << 1 | static_cast<std::uint32_t>(decode(1u << 14));
    return value;
  }

  /// Bits that the decisions so far took, with their fractions. For people: nothing may depend on
  /// it.
  double position() const {
    const auto shifted = 8 * (std::int64_t{next_ - begin_} + missing_) - 16 - ahead_;
    return static_cast<double>(shifted) - std::log2(static_cast<double>(range_) / 65536);
  }

  /// True once decisions were made from more than the zero bits implied after the end.
  bool overrun() const { return 8 * missing_ - 16 - ahead_ > kImpliedBits; }

  /// True if a whole byte is left beyond the 16 bits that the last decision looked at.
  bool unused() const { return 8 * std::int64_t{end_ - next_} + ahead_ >= 8 + 8 * missing_; }

 private:
  static constexpr int kImpliedBits = 24;

  // window_ holds 16 + ahead_ valid bits at its top. Inline, so that a decoder whose address is not
  // known elsewhere lives in registers.
  ABLC_INLINE void refill() {
    const std::ptrdiff_t left = end_ - next_;
    std::uint64_t chunk;
    if (left >= 8) [[likely]] {
      std::memcpy(&chunk, next_, 8);
      if constexpr (std::endian::native == std::endian::little) chunk = __builtin_bswap64(chunk);
    } else {
      chunk = last_bytes(next_, left);
    }
    const int bytes = (48 - ahead_) >> 3;
    window_ |= chunk >> (64 - 8 * bytes) << (48 - ahead_ - 8 * bytes);
    const int there = left < bytes ? static_cast<int>(left) : bytes;
    next_ += there;
    missing_ += bytes - there;
    ahead_ += 8 * bytes;
  }
  /// Return the last bytes of a code, fewer than eight, at the top of a word.
  static std::uint64_t last_bytes(const std::uint8_t* from, std::ptrdiff_t count);

  const std::uint8_t* begin_;
  const std::uint8_t* next_;
  const std::uint8_t* end_;
  std::uint64_t window_ = 0;
  std::uint32_t range_ = 65535;
  int ahead_ = -16;
  int missing_ = 0;
};

/// A coder for the length of a loop. A decoder is copied, so that it can live in registers, and
/// written back at the end.
template <class Coder>
struct HeldCoder {
  Coder& coder;
  explicit HeldCoder(Coder& home) : coder(home) {}
};
template <>
struct HeldCoder<RangeDecoder> {
  RangeDecoder coder;
  explicit HeldCoder(RangeDecoder& home) : coder(home), home_(home) {}
  HeldCoder(const HeldCoder&) = delete;
  HeldCoder& operator=(const HeldCoder&) = delete;
  ~HeldCoder() { home_ = coder; }

 private:
  RangeDecoder& home_;
};

/// Price of decisions in bits, for the encoder's choices.
namespace price {

inline constexpr int kSteps = 1024;
extern const Array<float, kSteps + 1> kBits;  // -log2 of (i + 1/2) / kSteps

inline float of(std::uint32_t p15, int bit) {
  const std::uint32_t i = (bit ? p15 : 32768u - p15) >> 5;
  return kBits[i];
}
inline float of(const Model& model, int bit) {
  return of(model.p(), bit);
}

}  // namespace price

}  // namespace ablc
