#pragma once

// The most probable modes of a luma leaf after planar (docs/FORMAT.md, Blocks): those of its
// neighbours, DC, and directions close to them.

#include <cstdint>

#include "array.h"
#include "node.h"
#include "predict.h"

namespace ablc {

class ProbableModes {
 public:
  static constexpr int kCount = 5;

  /// left, above: modes of the neighbours; planar stands for a missing one.
  ProbableModes(int left, int above) {
    const bool l = left >= kModeAngular, a = above >= kModeAngular;
    neighbours_ = l && a ? (left == above ? 3 : 2) : l || a ? 1 : 0;
    if (l) add(left);
    if (a) add(above);
    add(kModeDc);
    for (const int distance : {1, 2}) {
      if (l) add(turned(left, -distance)), add(turned(left, distance));
      if (a) add(turned(above, -distance)), add(turned(above, distance));
    }
    for (const int mode : {kModeDown, kModeRight, kModeDown - 2, kModeDown + 2, kModeRight + 2})
      add(mode);
  }

  int operator[](int i) const { return list_[i]; }
  bool contains(int mode) const { return set_ >> mode & 1u; }
  /// Bit per mode.
  std::uint64_t set() const { return set_; }
  /// How many neighbours have a direction: 0, 1, 2 different ones, 3 for two of the same.
  int neighbours() const { return neighbours_; }

 private:
  static int turned(int mode, int by) {
    return kModeAngular + ((mode - kModeAngular + by) & (kDirections - 1));
  }
  void add(int mode) {
    if (count_ == kCount || contains(mode)) return;
    list_[count_++] = static_cast<std::uint8_t>(mode);
    set_ |= std::uint64_t{1} << mode;
  }

  Array<std::uint8_t, kCount> list_{};
  int count_ = 0;
  int neighbours_ = 0;
  std::uint64_t set_ = 0;
};

}  // namespace ablc
