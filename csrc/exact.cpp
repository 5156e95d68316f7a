#include "exact.h"

#include "mask.h"
#include "tile.h"

namespace ablc {

namespace {

constexpr int kSpreadLevels = 3;  // a pixel's correction reaches about 2^3 pixels

int cell_side(bool pixels) {
  return pixels ? 1 : kCell;
}

/// Return which pixels of a tile are exact, by its mask of cells or pixels.
Plane<std::uint8_t> to_pixels(const Plane<std::uint8_t>& mask, const Rect& tile, int side) {
  Plane<std::uint8_t> exact(tile.width, tile.height);
  for (int y = 0; y < tile.height; ++y)
    for (int x = 0; x < tile.width; ++x) exact.at(x, y) = mask.at(x / side, y / side);
  return exact;
}

/// Return the smallest window of a tile that holds all exact pixels; empty if there are none.
Rect bounds(const Plane<std::uint8_t>& exact) {
  int left = exact.width, right = 0, top = exact.height, bottom = 0;
  for (int y = 0; y < exact.height; ++y)
    for (int x = 0; x < exact.width; ++x)
      if (exact.at(x, y)) {
        left = std::min(left, x);
        right = std::max(right, x + 1);
        top = std::min(top, y);
        bottom = y + 1;
      }
  return right > left ? Rect{left, top, right - left, bottom - top} : Rect{};
}

/// Call f(x, y, sample) for every sample of a channel of a tile.
template <class F>
void for_samples(const Image& picture, const Rect& tile, int channel, F&& f) {
  for (int y = 0; y < tile.height; ++y)
    for (int x = 0; x < tile.width; ++x)
      f(x, y, picture.row(tile.y + y)[(tile.x + x) * picture.channels + channel]);
}

struct Correction {
  std::int32_t value = 0;   // 1/16 grey level
  std::int32_t weight = 0;  // 0..16
};

/// Spread the corrections of single pixels to the pixels around them. Corrections are averaged over
/// squares of 2, 4 and 8 pixels; then gaps are filled from the next larger square. The weight of a
/// square is twice its known share.
void spread(const Plane<std::uint8_t>& exact, const Plane<std::int16_t>& correction,
            const Rect& tile, int channel, const Image& picture) {
  Vector<Plane<Correction>> levels(1);
  levels[0] = Plane<Correction>(exact.width, exact.height);
  for (std::size_t i = 0; i < exact.samples.size(); ++i)
    if (exact.samples[i]) levels[0].samples[i] = {16 * correction.samples[i], 16};
  for (int k = 0; k < kSpreadLevels; ++k) {
    const Plane<Correction>& fine = levels.back();
    Plane<Correction> coarse(div_up(fine.width, 2), div_up(fine.height, 2));
    for (int y = 0; y < coarse.height; ++y)
      for (int x = 0; x < coarse.width; ++x) {
        std::int32_t sum = 0, weight = 0;
        for (int j = 2 * y; j < std::min(2 * y + 2, fine.height); ++j)
          for (int i = 2 * x; i < std::min(2 * x + 2, fine.width); ++i) {
            const Correction& c = fine.at(i, j);
            sum += c.value * c.weight;
            weight += c.weight;
          }
        coarse.at(x, y) = {weight ? sum / weight : 0, std::min(weight / 2, 16)};
      }
    levels.push_back(std::move(coarse));
  }
  for (Correction& c : levels.back().samples) c.value = c.value * c.weight / 16;
  for (int k = kSpreadLevels - 1; k >= 0; --k) {
    Plane<Correction>& fine = levels[k];
    const Plane<Correction>& coarse = levels[k + 1];
    for (int y = 0; y < fine.height; ++y)
      for (int x = 0; x < fine.width; ++x) {
        // Bilinear: 9/16, 3/16, 3/16 and 1/16 of the nearest four.
        const int cx = x / 2, cy = y / 2, sx = x & 1 ? 1 : -1, sy = y & 1 ? 1 : -1;
        const int from =
            (9 * coarse.at(cx, cy).value + 3 * coarse.clamped(cx + sx, cy).value +
             3 * coarse.clamped(cx, cy + sy).value + coarse.clamped(cx + sx, cy + sy).value) /
            16;
        Correction& c = fine.at(x, y);
        c.value = (c.value * c.weight + from * (16 - c.weight)) / 16;
      }
  }
  for_samples(picture, tile, channel, [&](int x, int y, std::uint8_t& sample) {
    if (!exact.at(x, y))
      sample =
          static_cast<std::uint8_t>(clip_pixel(sample + ((levels[0].at(x, y).value + 8) >> 4)));
  });
}

}  // namespace

Bytes encode_exact(const ConstImage& original, const ConstImage& decoded, const Rect& tile,
                   const Plane<std::uint8_t>& marked, bool pixels) {
  const int side = cell_side(pixels);
  Plane<std::uint8_t> mask = cut(
      marked, {tile.x / side, tile.y / side, div_up(tile.width, side), div_up(tile.height, side)});
  RangeEncoder coder;
  coder.raw(pixels, 1);
  const auto models = std::make_unique<MaskModels>();
  code_cell_mask(coder, *models, mask);
  const Plane<std::uint8_t> exact = to_pixels(mask, tile, side);
  const Rect box = bounds(exact);
  if (box.width == 0) return coder.finish();
  const Plane<std::uint8_t> coded = cut(exact, box);
  const Rect window{tile.x + box.x, tile.y + box.y, box.width, box.height};
  LosslessPlanes planes = to_lossless(decoded, window);
  const LosslessPlanes truth = to_lossless(original, window);
  for (std::size_t p = 0; p < planes.size(); ++p)
    for (std::size_t i = 0; i < planes[p].samples.size(); ++i)
      if (coded.samples[i]) planes[p].samples[i] = truth[p].samples[i];
  encode_planes(coder, planes, &coded);
  return coder.finish();
}

bool decode_exact(ByteView segment, const Rect& tile, const Image& picture, const Spent& spent,
                  Plane<std::uint8_t>* noted) {
  RangeDecoder coder(segment);
  const bool pixels = coder.raw(0, 1) != 0;
  const int side = cell_side(pixels);
  Plane<std::uint8_t> mask(div_up(tile.width, side), div_up(tile.height, side));
  const auto models = std::make_unique<MaskModels>();
  code_cell_mask(coder, *models, mask);
  if (coder.overrun()) return false;
  if (spent) spent(tile, static_cast<float>(coder.position()));
  const Plane<std::uint8_t> exact = to_pixels(mask, tile, side);
  const Rect box = bounds(exact);
  if (box.width == 0) return !coder.unused();
  const Plane<std::uint8_t> coded = cut(exact, box);
  const Rect window{tile.x + box.x, tile.y + box.y, box.width, box.height};
  LosslessPlanes planes =
      to_lossless({picture.width, picture.height, picture.channels, picture.samples}, window);
  if (!decode_planes(coder, planes, window, spent, &coded) || coder.overrun() || coder.unused())
    return false;

  Vector<Plane<std::int16_t>> corrections;  // by channel
  const auto subtract_picture = [&] {
    for (int c = 0; c < std::ssize(planes); ++c)
      for_samples(picture, tile, c, [&](int x, int y, std::uint8_t& sample) {
        auto& d = corrections[c].at(x, y);
        d = static_cast<std::int16_t>(sample - d);
      });
  };
  if (pixels) {
    corrections.assign(planes.size(), Plane<std::int16_t>(tile.width, tile.height));
    subtract_picture();  // what it was ...
  }
  put_lossless(planes, window, picture, &coded);
  if (noted)
    for (int y = 0; y < tile.height; ++y)
      std::copy_n(exact.row(y), tile.width, noted->row(tile.y + y) + tile.x);
  if (pixels) {
    subtract_picture();  // ... and what it has become since
    for (int c = 0; c < std::ssize(planes); ++c) spread(exact, corrections[c], tile, c, picture);
  }
  return true;
}

}  // namespace ablc
