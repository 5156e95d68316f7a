#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "colour.h"
#include "deblock.h"
#include "predict.h"
#include "projection_kernels.h"
#include "quantiser.h"
#include "refine.h"
#include "transform.h"

namespace {

using namespace ablc;
using kernel_test::Kernel;
using kernel_test::Random;
using kernel_test::Result;

template <class T>
void append(Result& result, const T* values, int count) {
  const std::size_t at = result.size(), size = static_cast<std::size_t>(count) * sizeof(T);
  result.resize(at + size);
  std::memcpy(result.data() + at, values, size);
}

template <class T>
void append(Result& result, const Plane<T>& plane) {
  append(result, plane.samples.data(), static_cast<int>(plane.samples.size()));
}

/// Samples of one character: noise of any range, extremes alone, or a ramp with noise.
template <class T>
void fill(Random& random, T* samples, std::size_t count, int low, int high) {
  const int kind = random.between(0, 3);
  const int middle = random.between(low, high), spread = random.between(0, (high - low) / 8);
  for (std::size_t i = 0; i < count; ++i) {
    int value = random.between(low, high);
    if (kind == 1) value = random.between(0, 1) ? low : high;
    if (kind == 2) value = middle + random.between(-spread, spread);
    if (kind == 3) value = middle + static_cast<int>(i % 64) + random.between(-2, 2);
    samples[i] = static_cast<T>(std::clamp(value, low, high));
  }
}

template <class T>
Plane<T> random_plane(Random& random, int width, int height, int low, int high) {
  Plane<T> plane(width, height);
  fill(random, plane.samples.data(), plane.samples.size(), low, high);
  return plane;
}

BlockSize random_size(Random& random) {
  return BlockSize(random.between(kBlock4.log2(), kBlock64.log2()));
}

Plane<CellShape> random_cells(Random& random, int width, int height) {
  Plane<CellShape> cells(div_up(width, kCell), div_up(height, kCell));
  const bool offsets = random.between(0, 1);
  for (CellShape& cell : cells.samples) {
    cell.log2 = static_cast<std::uint8_t>(random.between(kBlock8.log2(), kBlock64.log2()));
    cell.kept = random.between(0, 3) > 0;
    cell.chroma_coded = random.between(0, 1) > 0;
    cell.step_offset =
        static_cast<std::int8_t>(offsets ? random.between(-kMostOffset, kMostOffset) : 0);
  }
  return cells;
}

int random_step(Random& random) {
  return 16 << random.between(0, 9) | random.between(0, 15);
}

Result run_inverse_transform(Random& random) {
  const BlockSize size = random_size(random);
  const int n = size.side(), rows = random.between(1, n), columns = random.between(1, n);
  Array<std::int16_t, kMaxArea> coefficients{}, residual{};
  fill(random, coefficients.data(), coefficients.size(), -32768, 32767);
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < n; ++x)
      if (y >= rows || x >= columns) coefficients[y * n + x] = 0;
  const bool sine = size < kBlock64 && random.between(0, 1) > 0;
  inverse_transform(size, sine, coefficients.data(), rows, columns, residual.data());
  Result result;
  append(result, residual.data(), size.area());
  return result;
}

Result run_forward_transform(Random& random) {
  const BlockSize size = random_size(random);
  Array<std::int16_t, kMaxArea> residual{};
  Array<float, kMaxArea> coefficients{};
  fill(random, residual.data(), residual.size(), -255, 255);
  const bool sine = size < kBlock64 && random.between(0, 1) > 0;
  forward_transform(size, sine, residual.data(), coefficients.data());
  Result result;
  append(result, coefficients.data(), size.area());
  return result;
}

Result run_hadamard_cost(Random& random) {
  const BlockSize size = random_size(random);
  Array<std::int16_t, kMaxArea> residual{};
  fill(random, residual.data(), residual.size(), -255, 255);
  const int cost = hadamard_cost(size, residual.data());
  Result result;
  append(result, &cost, 1);
  return result;
}

Result run_predict_block(Random& random) {
  const BlockSize size = random_size(random);
  const bool smooth = random.between(0, 1) > 0;
  Border border{};
  for (auto* samples : {&border.top, &border.left})
    fill(random, samples->data(), samples->size(), 0, 255);
  border.left[0] = border.top[0];
  Result result;
  for (int mode = 0; mode < kLumaModes; ++mode) {
    Array<std::uint8_t, kMaxArea> out{};
    predict_block(mode, size, border, smooth, out.data());
    append(result, out.data(), size.area());
  }
  return result;
}

Result run_deblock(Random& random) {
  Header header;
  header.width = random.between(1, 150);
  header.height = random.between(1, 150);
  header.subsample = random.between(0, 1);
  header.step = random_step(random);
  const bool grey = random.between(0, 3) == 0;
  Planes planes;
  for (int p = 0; p < (grey ? 1 : 3); ++p) {
    const int s = p ? header.subsample : 0;
    planes[p] = random_plane<std::uint8_t>(random, (header.width + s) >> s,
                                           (header.height + s) >> s, 0, 255);
  }
  deblock(header, random_cells(random, header.width, header.height), 1, planes);
  Result result;
  for (const auto& plane : planes) append(result, plane);
  return result;
}

Result run_refine(Random& random) {
  const int width = random.between(1, 150), height = random.between(1, 90);
  const auto luma = random_plane<std::uint8_t>(random, width, height, 0, 255);
  const auto cells = random_cells(random, width, height);
  const Refinement refinement(random_step(random), cells);
  Result result;
  for (int y = 0; y < height; y += 64)
    append(result, refinement.rows(luma, y, std::min(y + 64, height)));
  return result;
}

Result run_colour(Random& random) {
  const int width = random.between(1, 100), height = random.between(1, 40);
  const int channels = Array<int, 3>{1, 3, 4}[random.between(0, 2)];
  const int subsample = channels == 1 ? 0 : random.between(0, 1);
  Result samples(sample_count(width, height, channels));
  fill(random, samples.data(), samples.size(), 0, 255);
  const ConstImage image{width, height, channels, samples};
  const Planes planes =
      to_planes(image, {0, 0, round_up(width, kSuper), round_up(height, kSuper)}, subsample);
  Result result;
  for (const auto& plane : planes) append(result, plane);
  // Back: planes of the picture's own size.
  Planes own;
  for (int p = 0; p < (channels == 1 ? 1 : 3); ++p) {
    const int s = p ? subsample : 0;
    own[p] = random_plane<std::uint8_t>(random, (width + s) >> s, (height + s) >> s, 0, 255);
  }
  from_planes(own[0], own, subsample, 0, height, {width, height, channels, samples});
  append(result, samples.data(), static_cast<int>(samples.size()));
  return result;
}

Result run_projection(Random& random) {
  using kernels::Block;
  const BlockSize size = random_size(random);
  const int n = size.side(), count = size.area();
  Array<Block, 3> colours{}, planes{}, back{};
  Block change{}, stored{}, coefficients{};
  for (Block& block : colours)
    for (float& v : block) v = static_cast<float>(random.between(-4096, 4096)) / 16;
  kernels::to_ycc(colours[0].data(), colours[1].data(), colours[2].data(), count, planes[0].data(),
                  planes[1].data(), planes[2].data());
  kernels::transform(planes[0], n, coefficients);
  const Quantiser quantiser(random_step(random));
  const std::int32_t* limits = quantiser.factor[size.index()].data();
  const bool before = kernels::within(coefficients.data(), limits, count, 0.01f);
  kernels::limit(coefficients.data(), limits, count, 0.7f);
  kernels::transform_back(coefficients, n, planes[0]);
  kernels::to_rgb(planes[0].data(), planes[1].data(), planes[2].data(), count, back[0].data(),
                  back[1].data(), back[2].data());
  for (float& v : colours[1]) v = std::abs(v) / 256;
  for (float& v : colours[2]) v = std::min(std::floor(std::abs(v)), 255.0f);
  kernels::subtract(colours[1].data(), colours[2].data(), count, change.data());
  kernels::round_to_pixels(change.data(), colours[2].data(), 0.75f, count, stored.data());
  Result result;
  append(result, &before, 1);
  for (const Block& block :
       {planes[0], planes[1], planes[2], back[0], back[1], back[2], change, stored, coefficients})
    append(result, block.data(), count);
  return result;
}

constexpr Kernel kKernels[] = {
    {"inverse transform", run_inverse_transform},
    {"forward transform", run_forward_transform},
    {"Hadamard cost", run_hadamard_cost},
    {"prediction", run_predict_block},
    {"deblocking", run_deblock},
    {"refinement", run_refine},
    {"colour", run_colour},
    {"projection", run_projection},
};

}  // namespace

/// ABLC_VARIANT: dispatched or plain.
std::span<const Kernel> kernel_test::ABLC_VARIANT() {
  return kKernels;
}
