#pragma once

#include <compare>

namespace ablc {

/// Side of a block: 4, 8, 16, 32 or 64 samples.
class BlockSize {
 public:
  /// log2: of the side, 2..6.
  constexpr explicit BlockSize(int log2) : log2_(log2) {}

  constexpr int log2() const { return log2_; }
  constexpr int side() const { return 1 << log2_; }
  constexpr int area() const { return 1 << (2 * log2_); }
  /// 0..4, for tables by size.
  constexpr int index() const { return log2_ - 2; }
  constexpr BlockSize half() const { return reduced(1); }
  constexpr BlockSize reduced(int shift) const { return BlockSize(log2_ - shift); }

  friend constexpr auto operator<=>(BlockSize, BlockSize) = default;

 private:
  int log2_;
};

inline constexpr BlockSize kBlock4{2}, kBlock8{3}, kBlock16{4}, kBlock32{5}, kBlock64{6};
inline constexpr int kSizes = 5;
inline constexpr int kMaxSide = kBlock64.side();
inline constexpr int kMaxArea = kBlock64.area();
inline constexpr int kSquare = 4;  ///< side of the smallest leaf, luma samples
inline constexpr int kCell = 8;    ///< side of a cell of mask and importance, luma samples
inline constexpr int kSuper = 64;  ///< side of a superblock, luma samples

}  // namespace ablc
