#include <bit>
#include <cmath>

#include "bindings.h"
#include "block_size.h"
#include "codec.h"

namespace ablc::bindings {

namespace {

void check_image(const Pixels& image) {
  if (image.ndim() != 3 || (image.shape(2) != 1 && image.shape(2) != 3 && image.shape(2) != 4))
    refuse("image must be (H, W, C) with C 1, 3 or 4");
  for (const py::ssize_t side : {image.shape(0), image.shape(1)})
    if (side < 1 || side > 65535)
      refuse("image sides must be 1..65535 pixels, not " + std::to_string(side));
}

/// Return log2 of the side of tiles, 0 for the encoder's choice.
int tile_log2(int side) {
  if (side == 0) return 0;
  if (side < 256 || side > 32768 || !std::has_single_bit(static_cast<unsigned>(side)))
    refuse("tile is " + std::to_string(side) + ", expected 0 or a power of two, 256..32768");
  return std::countr_zero(static_cast<unsigned>(side));
}

/// (R, C) array as a plane, one sample for each cell of an image.
template <class T, class Source>
Plane<T> cell_plane(const char* name, const Source& array, const ConstImage& image) {
  const int columns = div_up(image.width, kCell), rows = div_up(image.height, kCell);
  if (array.ndim() != 2 || array.shape(0) != rows || array.shape(1) != columns)
    refuse(std::string(name) + " must be (" + std::to_string(rows) + ", " +
           std::to_string(columns) + "), one value per 8x8 cell");
  return plane_of<T>(array);
}

Plane<float> importance_plane(const Floats& importance, const ConstImage& image) {
  auto plane = cell_plane<float>("importance", importance, image);
  for (const float v : plane.samples)
    if (!(v >= 0) || !std::isfinite(v)) refuse("importance must be finite and not negative");
  return plane;
}

py::bytes encode_array(const Pixels& image, int step, bool lossless, bool subsample, int effort,
                       int threads, int tile, int tune, float tail,
                       const std::optional<Floats>& importance, const std::optional<Flags>& mask,
                       const std::optional<Flags>& exact, Analysis* analysis, const py::bytes& icc,
                       const py::bytes& exif, const py::bytes& xmp, const py::bytes& model) {
  check_image(image);
  require_range("step", step, 16, 16384);
  require_range("effort", effort, 1, 9);
  require_threads(threads);
  EncodeSettings settings;
  settings.tile_log2 = tile_log2(tile);
  require_range("tune", tune, 0, 1);
  require_range("tail", tail, -1.0f, 1.0f);
  const ConstImage pixels = const_image_of(image);
  settings.step = step;
  settings.lossless = lossless;
  settings.subsample = subsample ? 1 : 0;
  settings.effort = effort;
  settings.threads = threads;
  settings.tune_ssim = tune == 0;
  settings.tail = tail;
  if (importance) settings.importance = importance_plane(*importance, pixels);
  if (exact) {
    settings.exact_pixels = exact->ndim() == 2 && exact->shape(0) == image.shape(0) &&
                            exact->shape(1) == image.shape(1);
    settings.exact = settings.exact_pixels ? plane_of<std::uint8_t>(*exact)
                                           : cell_plane<std::uint8_t>("exact", *exact, pixels);
  }
  if (mask) settings.mask = cell_plane<std::uint8_t>("mask", *mask, pixels);
  settings.icc = copy_of(icc);
  settings.exif = copy_of(exif);
  settings.xmp = copy_of(xmp);
  settings.model = copy_of(model);
  return bytes_of(without_gil([&] { return encode(pixels, settings, analysis); }));
}

}  // namespace

void bind_encode(py::module_& m) {
  py::class_<Analysis>(m, "Analysis", py::module_local(),
                       "What encodes of one picture with different steps have in common. Not to be "
                       "used by two threads at once.")
      .def(py::init<>());
  m.def("encode", &encode_array, "image"_a.noconvert(), py::kw_only(), "step"_a = 640,
        "lossless"_a = false, "subsample"_a = true, "effort"_a = 5, "threads"_a = 1, "tile"_a = 0,
        "tune"_a = 0, "tail"_a = 0.0f, "importance"_a = py::none(), "mask"_a = py::none(),
        "exact"_a = py::none(), "analysis"_a = py::none(), "icc"_a = py::bytes(),
        "exif"_a = py::bytes(), "xmp"_a = py::bytes(), "model"_a = py::bytes(),
        "Return the stream of an image, (H, W, C) uint8 with C 1, 3 or 4. step: luma quantisation "
        "step in 1/16 grey level, 16..16384. Raises ValueError for a wrong argument.");
}

}  // namespace ablc::bindings
