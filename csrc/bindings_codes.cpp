// The codes of masks and tensors on their own, as sections of assistant information hold them.

#include "bindings.h"
#include "mask.h"
#include "tensor.h"

namespace ablc::bindings {

namespace {

using Levels = py::array_t<std::int16_t, py::array::c_style>;

constexpr int kMostCells = 8192;  // a side; of 65535 pixels

py::bytes pack_mask_array(const Flags& mask) {
  if (mask.ndim() != 2 || mask.shape(0) > kMostCells || mask.shape(1) > kMostCells)
    refuse("mask must be (R, C) bool with at most 8192 cells a side");
  auto cells = plane_of<std::uint8_t>(mask);
  return bytes_of(without_gil([&] { return pack_mask(std::move(cells)); }));
}

py::array_t<bool> unpack_mask_array(const py::bytes& data, int rows, int columns) {
  require_range("rows", rows, 0, kMostCells);
  require_range("columns", columns, 0, kMostCells);
  Plane<std::uint8_t> cells(columns, rows);
  const ByteView packed = view(data);
  if (!without_gil([&] { return unpack_mask(packed, cells); }))
    raise_stream_error("the packed mask is damaged or not " + std::to_string(rows) + "x" +
                       std::to_string(columns));
  return array_of<bool>(cells);
}

/// coded as a plane; empty for None.
Plane<std::uint8_t> coded_plane(const std::optional<Flags>& coded, py::ssize_t rows,
                                py::ssize_t columns) {
  if (!coded) return {};
  if (coded->ndim() != 2 || coded->shape(0) != rows || coded->shape(1) != columns)
    refuse("coded must be (" + std::to_string(rows) + ", " + std::to_string(columns) +
           ") bool, one value per place");
  return plane_of<std::uint8_t>(*coded);
}

Tensor empty_tensor(py::ssize_t planes, py::ssize_t rows, py::ssize_t columns) {
  require_range<py::ssize_t>("planes", planes, 0, 65535);
  require_range<py::ssize_t>("rows", rows, 0, 65535);
  require_range<py::ssize_t>("columns", columns, 0, 65535);
  if (const std::int64_t levels = std::int64_t{planes} * rows * columns; levels > INT32_MAX)
    refuse("a tensor has at most 2^31 - 1 levels, not " + std::to_string(levels));
  return {static_cast<int>(planes), static_cast<int>(rows), static_cast<int>(columns)};
}

py::bytes pack_tensor_array(const Levels& levels, const std::optional<Flags>& coded) {
  if (levels.ndim() != 3) refuse("levels must be (K, R, C) int16");
  Tensor tensor = empty_tensor(levels.shape(0), levels.shape(1), levels.shape(2));
  const auto places = coded_plane(coded, levels.shape(1), levels.shape(2));
  std::copy_n(levels.data(), tensor.levels.size(), tensor.levels.begin());
  for (std::size_t i = 0; i < tensor.levels.size(); ++i) {
    const int level = tensor.levels[i];
    require_range("a level", level, -kMostLevel, kMostLevel);
    if (level && !places.samples.empty() && !places.samples[i % places.samples.size()])
      refuse("levels must be 0 where coded is False");
  }
  return bytes_of(without_gil([&] { return pack_tensor(std::move(tensor), places); }));
}

Levels unpack_tensor_array(const py::bytes& data, int planes, int rows, int columns,
                           const std::optional<Flags>& coded) {
  Tensor tensor = empty_tensor(planes, rows, columns);
  const auto places = coded_plane(coded, rows, columns);
  const ByteView packed = view(data);
  if (!without_gil([&] { return unpack_tensor(packed, places, tensor); }))
    raise_stream_error("the packed tensor is damaged or not " + std::to_string(planes) + "x" +
                       std::to_string(rows) + "x" + std::to_string(columns));
  Levels levels({planes, rows, columns});
  std::copy(tensor.levels.begin(), tensor.levels.end(), levels.mutable_data());
  return levels;
}

}  // namespace

void bind_codes(py::module_& m) {
  m.def("pack_mask", &pack_mask_array, "mask"_a.noconvert(),
        "Return the code of an (R, C) bool mask.");
  m.def("unpack_mask", &unpack_mask_array, "data"_a, "rows"_a, "columns"_a,
        "Return the (R, C) bool mask of a code. Raises StreamError.");
  m.def("pack_tensor", &pack_tensor_array, "levels"_a.noconvert(),
        "coded"_a.noconvert() = py::none(),
        "Return the code of (K, R, C) int16 levels, -2047..2047. coded: (R, C) bool, False where "
        "all levels are 0 and take no bits.");
  m.def("unpack_tensor", &unpack_tensor_array, "data"_a, "planes"_a, "rows"_a, "columns"_a,
        "coded"_a.noconvert() = py::none(),
        "Return the (K, R, C) int16 levels of a code. Raises StreamError.");
}

}  // namespace ablc::bindings
