#include <cmath>

#include "bindings.h"
#include "codec.h"
#include "projection.h"

namespace ablc::bindings {

namespace {

/// A member of every cell's shape, as an (R, C) array.
template <class T, class Member>
py::array_t<T> shapes_of(const Guide& guide, Member CellShape::* member) {
  py::array_t<T> array({guide.cells.height, guide.cells.width});
  std::transform(guide.cells.samples.begin(), guide.cells.samples.end(), array.mutable_data(),
                 [&](const CellShape& cell) { return static_cast<T>(cell.*member); });
  return array;
}

std::optional<py::array_t<bool>> exact_of(const Guide& guide) {
  if (guide.exact.samples.empty()) return std::nullopt;
  return array_of<bool>(guide.exact);
}

void check_picture(const Guide& guide, const Pixels& picture) {
  if (picture.ndim() != 3 ||
      div_up(static_cast<int>(picture.shape(0)), kCell) != guide.cells.height ||
      div_up(static_cast<int>(picture.shape(1)), kCell) != guide.cells.width)
    refuse("picture must be the (H, W, C) pixels that were decoded with the guide");
  const py::ssize_t channels = picture.shape(2);
  if (channels != 1 && channels != 3 && channels != 4)
    refuse("picture must have 1, 3 or 4 channels");
}

/// Return the planes of rows [top, ...) of a painted picture.
Painted painted_of(const py::array_t<float, 0>& painted, int top, const Image& picture) {
  const int colours = picture.channels == 1 ? 1 : 3;
  if (top < 0 || top >= picture.height || top % kSuper)
    refuse("top must be a multiple of 64 inside the picture, not " + std::to_string(top));
  if (painted.ndim() != 3 || painted.shape(0) != colours || painted.shape(2) < picture.width ||
      painted.shape(1) < 1)
    refuse("painted must be (" + std::to_string(colours) +
           ", h, w) float32, at least as wide as the picture");
  if (painted.strides(2) != sizeof(float) ||
      painted.strides(1) < painted.shape(2) * painted.strides(2))
    refuse("the rows of painted must be contiguous");
  const int rows = static_cast<int>(std::min<py::ssize_t>(painted.shape(1), picture.height - top));
  if (rows % kSuper && top + rows != picture.height)
    refuse("painted must end at a multiple of 64 rows or at the picture's last row");
  Painted planes{{}, static_cast<int>(painted.strides(1) / painted.strides(2)), rows};
  for (int c = 0; c < colours; ++c) planes.planes[c] = painted.data(c, 0, 0);
  return planes;
}

void project(const Guide& guide, Pixels& picture, const py::array_t<float, 0>& painted, int top,
             int threads) {
  require_threads(threads);
  check_picture(guide, picture);
  const Image out = image_of(picture);
  const Painted planes = painted_of(painted, top, out);
  without_gil([&] { Projection(guide).apply(planes, top, threads, out); });
}

}  // namespace

void bind_guide(py::module_& m) {
  py::class_<Guide>(m, "Guide", py::module_local(),
                    "What a stream says of the pixels of a decoded window. R and C count the "
                    "window's cells of 8x8 pixels.")
      .def_readonly("step", &Guide::step, "Luma quantisation step, 1/16 grey level.")
      .def_property_readonly(
          "subsample", [](const Guide& g) { return g.subsample == 1; }, "True for 4:2:0.")
      .def_property_readonly(
          "kept", [](const Guide& g) { return shapes_of<bool>(g, &CellShape::kept); },
          "(R, C) bool: cells in kept blocks.")
      .def_property_readonly(
          "chroma_coded",
          [](const Guide& g) { return shapes_of<bool>(g, &CellShape::chroma_coded); },
          "(R, C) bool: cells whose chroma has more than the lowest coefficients.")
      .def_property_readonly(
          "log2_size", [](const Guide& g) { return shapes_of<std::uint8_t>(g, &CellShape::log2); },
          "(R, C) uint8: log2 of the side of the leaf around the cell, 3..6.")
      .def_property_readonly(
          "offset",
          [](const Guide& g) { return shapes_of<std::int8_t>(g, &CellShape::step_offset); },
          "(R, C) int8: step offset, quarter octaves.")
      .def_property_readonly("exact", &exact_of,
                             "(H, W) bool: pixels that came back exactly; None if there are none.")
      .def("project", &project, "picture"_a.noconvert(), "painted"_a.noconvert(), "top"_a = 0,
           "threads"_a = 1,
           "Paint rows of the decoded picture, (H, W, C) uint8, in place, as far as the stream "
           "allows. painted: (1 or 3, h, w) float32, 0..1, of the rows from top on, a multiple of "
           "64; NaN stands for the decoded sample.");
}

}  // namespace ablc::bindings
