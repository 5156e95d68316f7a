// The only file that knows Python: checks arguments, releases the GIL, turns Status into
// exceptions.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <optional>

#include "codec.h"
#include "inspect.h"
#include "mask.h"
#include "preview.h"
#include "projection.h"
#include "tensor.h"
#include "window.h"

namespace py = pybind11;
using namespace pybind11::literals;

namespace {

using Pixels = py::array_t<std::uint8_t, py::array::c_style>;
using Flags = py::array_t<bool, py::array::c_style>;
using Region = std::optional<std::array<std::int64_t, 4>>;  // x, y, width, height

py::object stream_error;  // NOLINT: owned by the module for the life of the process
py::object limit_error;

[[noreturn]] void raise(const py::object& type, const std::string& message) {
  PyErr_SetString(type.ptr(), message.c_str());
  throw py::error_already_set();
}

ablc::ByteView view(const py::bytes& data) {
  const std::string_view text(data);
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

py::bytes bytes_of(ablc::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ablc::Bytes copy_of(const py::bytes& data) {
  const ablc::ByteView v = view(data);
  return {v.begin(), v.end()};
}

/// The one place where a Status becomes an exception.
void require_ok(ablc::Status status, ablc::ByteView file, const ablc::Parsed& parsed,
                std::uint64_t max_pixels, const std::vector<std::string>& lost = {}) {
  const ablc::Header& header = parsed.header;
  std::string detail = parsed.fault.empty() ? "" : ": " + parsed.fault;
  for (const std::string& what : lost) detail += (detail.empty() ? ": " : ", ") + what;
  switch (status) {
    case ablc::Status::ok:
      return;
    case ablc::Status::truncated:
      raise(stream_error, "the stream of " + std::to_string(file.size()) + " bytes is cut short");
    case ablc::Status::corrupt: {
      const bool ours =
          file.size() >= 3 && std::equal(file.begin(), file.begin() + 3, ablc::kMagic.begin());
      raise(stream_error, ours ? "the stream is damaged" + detail
                               : "not an ablc stream: it does not begin with 'ABL'");
    }
    case ablc::Status::unsupported:
      raise(stream_error, "the stream needs a newer decoder: version or flags unknown");
    case ablc::Status::limit:
      raise(limit_error, "the picture of " + std::to_string(header.width) + "x" +
                             std::to_string(header.height) + " pixels exceeds the limit of " +
                             std::to_string(max_pixels) + " pixels");
  }
}

ablc::Parsed parse(const py::bytes& data, std::uint64_t max_pixels, bool partial) {
  ablc::Parsed parsed;
  const ablc::ByteView file = view(data);
  require_ok(ablc::parse(file, max_pixels, partial, parsed), file, parsed, max_pixels);
  return parsed;
}

/// The body of a section; empty if there is none.
py::bytes body_of(const ablc::Parsed& parsed, ablc::SectionId id) {
  const ablc::Section* found = ablc::find(parsed, id);
  return found ? bytes_of(found->body) : py::bytes();
}

[[noreturn]] void refuse(const std::string& message) {
  throw py::value_error(message);
}

template <class T>
void require_range(const char* name, T value, T low, T high) {
  if (!(value >= low && value <= high))
    refuse(std::string(name) + " is " + py::str(py::cast(value)).cast<std::string>() + ", wanted " +
           py::str(py::cast(low)).cast<std::string>() + ".." +
           py::str(py::cast(high)).cast<std::string>());
}

template <class T, class Array>
ablc::Plane<T> plane_of(const Array& array) {
  ablc::Plane<T> plane(static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)));
  std::copy_n(array.data(), plane.samples.size(), plane.samples.begin());
  return plane;
}

/// (R, C) array as a plane, one sample a cell of an image of the given size.
template <class T, class Array>
ablc::Plane<T> cell_plane(const char* name, const Array& array, int width, int height) {
  const int columns = ablc::div_up(width, 8);
  const int rows = ablc::div_up(height, 8);
  if (array.ndim() != 2 || array.shape(0) != rows || array.shape(1) != columns)
    refuse(std::string(name) + " must be (" + std::to_string(rows) + ", " +
           std::to_string(columns) + "), one value per 8x8 cell");
  return plane_of<T>(array);
}

template <class T, class Sample>
py::array_t<T> array_of(const ablc::Plane<Sample>& plane) {
  py::array_t<T> array({plane.height, plane.width});
  std::copy(plane.samples.begin(), plane.samples.end(), array.mutable_data());
  return array;
}

py::bytes encode(const Pixels& image, int step, bool lossless, bool subsample, int effort,
                 int threads, int tile, int tune, float tail,
                 const std::optional<py::array_t<float, py::array::c_style>>& importance,
                 const std::optional<Flags>& mask, const std::optional<Flags>& exact,
                 const std::optional<Pixels>& painted, ablc::Analysis* analysis,
                 const py::bytes& icc, const py::bytes& exif, const py::bytes& xmp,
                 const py::bytes& model) {
  if (image.ndim() != 3 || (image.shape(2) != 1 && image.shape(2) != 3 && image.shape(2) != 4))
    refuse("image must be (H, W, C) with C 1, 3 or 4");
  for (const py::ssize_t side : {image.shape(0), image.shape(1)})
    if (side < 1 || side > 65535)
      refuse("image sides must be 1..65535, found " + std::to_string(side));
  require_range("step", step, 16, 16384);
  require_range("effort", effort, 1, 9);
  require_range("threads", threads, 1, 256);
  if (tile != 0 &&
      (tile < 256 || tile > 32768 || !std::has_single_bit(static_cast<unsigned>(tile))))
    refuse("tile is " + std::to_string(tile) + ", wanted 0 or a power of two, 256..32768");
  require_range("tune", tune, 0, 1);
  require_range("tail", tail, -1.0f, 1.0f);
  const ablc::ConstImage pixels{static_cast<int>(image.shape(1)),
                                static_cast<int>(image.shape(0)),
                                static_cast<int>(image.shape(2)),
                                {image.data(), static_cast<std::size_t>(image.size())}};
  ablc::EncodeSettings settings;
  settings.step = step;
  settings.lossless = lossless;
  settings.subsample = subsample ? 1 : 0;
  settings.effort = effort;
  settings.threads = threads;
  settings.tile_log2 = tile ? std::countr_zero(static_cast<unsigned>(tile)) : 0;
  settings.tune_ssim = tune == 0;
  settings.tail = tail;
  if (importance) {
    settings.importance = cell_plane<float>("importance", *importance, pixels.width, pixels.height);
    for (const float v : settings.importance.samples)
      if (!(v >= 0) || !std::isfinite(v)) refuse("importance must be finite and not negative");
  }
  if (exact) {
    settings.exact_pixels = exact->ndim() == 2 && exact->shape(0) == image.shape(0) &&
                            exact->shape(1) == image.shape(1);
    settings.exact = settings.exact_pixels
                         ? plane_of<std::uint8_t>(*exact)
                         : cell_plane<std::uint8_t>("exact", *exact, pixels.width, pixels.height);
  }
  if (painted) {
    if (painted->ndim() != 3 || !std::equal(image.shape(), image.shape() + 3, painted->shape()))
      refuse("painted must have the shape of image");
    settings.painted = {pixels.width,
                        pixels.height,
                        pixels.channels,
                        {painted->data(), static_cast<std::size_t>(painted->size())}};
  }
  if (mask) settings.mask = cell_plane<std::uint8_t>("mask", *mask, pixels.width, pixels.height);
  settings.icc = copy_of(icc);
  settings.exif = copy_of(exif);
  settings.xmp = copy_of(xmp);
  settings.model = copy_of(model);
  ablc::Bytes file;
  {
    py::gil_scoped_release unlocked;
    file = ablc::encode(pixels, settings, analysis);
  }
  return bytes_of(file);
}

/// The array to decode into: the caller's, or a new one.
Pixels pixels_for(int height, int width, int channels, const std::optional<Pixels>& given) {
  if (!given) return Pixels({height, width, channels});
  if (given->ndim() != 3 || given->shape(0) != height || given->shape(1) != width ||
      given->shape(2) != channels)
    refuse("out must be (" + std::to_string(height) + ", " + std::to_string(width) + ", " +
           std::to_string(channels) + "), not " +
           py::str(given->attr("shape")).cast<std::string>());
  return *given;
}

ablc::Image image_of(Pixels& pixels) {
  return {static_cast<int>(pixels.shape(1)),
          static_cast<int>(pixels.shape(0)),
          static_cast<int>(pixels.shape(2)),
          {pixels.mutable_data(), static_cast<std::size_t>(pixels.size())}};
}

/// Pixels of a window, and what was lost; map may be null.
std::pair<Pixels, std::vector<std::string>> decode_window(
    const ablc::Parsed& parsed, const py::bytes& data, std::uint64_t max_pixels, int threads,
    bool partial, const ablc::Rect& window, ablc::CodingMap* map, ablc::Guide* guide = nullptr,
    const std::optional<Pixels>& given = std::nullopt) {
  Pixels image = pixels_for(window.height, window.width, parsed.header.channels, given);
  const ablc::Image out = image_of(image);
  std::vector<std::string> lost;
  ablc::Status status;
  {
    py::gil_scoped_release unlocked;
    status = ablc::decode(parsed, window,
                          {.threads = threads, .partial = partial, .map = map, .guide = guide}, out,
                          lost);
  }
  require_ok(status, view(data), parsed, max_pixels, lost);
  return {image, lost};
}

/// The window that a region names, or the whole picture. Only the tiles around it take memory: the
/// limit is on them.
ablc::Rect window_of(const ablc::Header& header, const Region& region, std::uint64_t max_pixels) {
  if (!region) return {0, 0, header.width, header.height};
  const auto [x, y, w, h] = *region;
  if (x < 0 || y < 0 || w < 1 || h < 1 || x >= header.width || y >= header.height ||
      w > header.width - x || h > header.height - y)
    refuse("region " + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(w) + "," +
           std::to_string(h) + " is empty or not inside the picture of " +
           std::to_string(header.width) + "x" + std::to_string(header.height) + " pixels");
  const ablc::Rect window{static_cast<int>(x), static_cast<int>(y), static_cast<int>(w),
                          static_cast<int>(h)};
  if (const std::uint64_t around = ablc::pixels_around(header, window); around > max_pixels)
    raise(limit_error, "the region takes decoding " + std::to_string(around) +
                           " pixels of the picture of " + std::to_string(header.width) + "x" +
                           std::to_string(header.height) + ", which exceeds the limit of " +
                           std::to_string(max_pixels) + " pixels");
  return window;
}

py::tuple decode(const py::bytes& data, std::uint64_t max_pixels, int threads, bool partial,
                 const Region& region, const std::optional<Pixels>& out) {
  require_range("threads", threads, 1, 256);
  const ablc::Parsed parsed = parse(data, region ? UINT64_MAX : max_pixels, partial);
  const ablc::Rect window = window_of(parsed.header, region, max_pixels);
  const auto [image, lost] =
      decode_window(parsed, data, max_pixels, threads, partial, window, nullptr, nullptr, out);
  return py::make_tuple(image, lost);
}

py::tuple preview(const py::bytes& data, std::uint64_t max_pixels, int threads, bool partial) {
  require_range("threads", threads, 1, 256);
  const ablc::Parsed parsed = parse(data, max_pixels, partial);
  const ablc::Header& header = parsed.header;
  if (header.lossless) refuse("a lossless stream has no base to preview");
  Pixels image({ablc::div_up(header.height, 8), ablc::div_up(header.width, 8),
                header.channels == 1 ? 1 : 3});
  const ablc::Image out = image_of(image);
  std::vector<std::string> lost;
  ablc::Status status;
  {
    py::gil_scoped_release unlocked;
    status = ablc::preview(parsed, threads, partial, out, lost);
  }
  require_ok(status, view(data), parsed, max_pixels, lost);
  return py::make_tuple(image, lost);
}

py::tuple decode_guided(const py::bytes& data, std::uint64_t max_pixels, int threads, bool partial,
                        const Region& region, const std::optional<Pixels>& out) {
  require_range("threads", threads, 1, 256);
  const ablc::Parsed parsed = parse(data, region ? UINT64_MAX : max_pixels, partial);
  const ablc::Rect window = window_of(parsed.header, region, max_pixels);
  if (window.x % ablc::kSuper || window.y % ablc::kSuper)
    refuse("a guided region begins at multiples of " + std::to_string(ablc::kSuper) +
           " pixels, not at " + std::to_string(window.x) + "," + std::to_string(window.y));
  auto guide = std::make_unique<ablc::Guide>();
  const auto [image, lost] =
      decode_window(parsed, data, max_pixels, threads, partial, window, nullptr, guide.get(), out);
  if (parsed.header.lossless || guide->cells.samples.empty())
    return py::make_tuple(image, lost, py::none());
  return py::make_tuple(image, lost, std::move(guide));
}

/// A member of every cell's shape, as an (R, C) array.
template <class T, class F>
py::array_t<T> shapes_of(const ablc::Guide& guide, F&& member) {
  py::array_t<T> array({guide.cells.height, guide.cells.width});
  std::transform(guide.cells.samples.begin(), guide.cells.samples.end(), array.mutable_data(),
                 member);
  return array;
}

py::object exact_of(const ablc::Guide& guide) {
  if (guide.exact.samples.empty()) return py::none();
  return array_of<bool>(guide.exact);
}

void project(const ablc::Guide& guide, Pixels& picture, const py::array_t<float, 0>& painted,
             int top, int threads) {
  require_range("threads", threads, 1, 256);
  const int columns = guide.cells.width, rows = guide.cells.height;
  if (picture.ndim() != 3 || ablc::div_up(static_cast<int>(picture.shape(0)), 8) != rows ||
      ablc::div_up(static_cast<int>(picture.shape(1)), 8) != columns)
    refuse("picture must be (H, W, C), that which was decoded with the guide");
  const int height = static_cast<int>(picture.shape(0)), width = static_cast<int>(picture.shape(1)),
            channels = static_cast<int>(picture.shape(2));
  const int colours = channels == 1 ? 1 : 3;
  if (channels != 1 && channels != 3 && channels != 4)
    refuse("picture must have 1, 3 or 4 channels");
  if (top < 0 || top >= height || top % ablc::kSuper)
    refuse("top must be a multiple of 32 inside the picture, not " + std::to_string(top));
  if (painted.ndim() != 3 || painted.shape(0) != colours || painted.shape(2) < width ||
      painted.shape(1) < 1)
    refuse("painted must be (" + std::to_string(colours) +
           ", h, w) float32, at least as wide as the picture");
  if (painted.strides(2) != sizeof(float) ||
      painted.strides(1) < painted.shape(2) * painted.strides(2))
    refuse("the rows of painted must be contiguous");
  const int given = static_cast<int>(std::min<py::ssize_t>(painted.shape(1), height - top));
  if (given % ablc::kSuper && top + given != height)
    refuse("painted must end at a multiple of 32 rows or at the picture's last");
  ablc::Painted planes{{}, static_cast<int>(painted.strides(1) / painted.strides(2)), given};
  for (int c = 0; c < colours; ++c)
    planes.planes[static_cast<std::size_t>(c)] = painted.data(c, 0, 0);
  const ablc::Image out{
      width, height, channels, {picture.mutable_data(), static_cast<std::size_t>(picture.size())}};
  py::gil_scoped_release unlocked;
  ablc::Projection(guide).apply(planes, top, threads, out);
}

ablc::MaskInfo mask_info(const ablc::Parsed& parsed, const py::bytes& data,
                         std::uint64_t max_pixels) {
  ablc::MaskInfo info;
  ablc::Status status;
  {
    py::gil_scoped_release unlocked;
    status = ablc::read_mask(parsed, info);
  }
  require_ok(status, view(data), parsed, max_pixels);
  return info;
}

py::array_t<bool> keep_mask(const py::bytes& data, std::uint64_t max_pixels) {
  const ablc::Parsed parsed = parse(data, max_pixels, false);
  const ablc::MaskInfo info = mask_info(parsed, data, max_pixels);
  return array_of<bool>(info.kept);
}

py::dict coding_map(const py::bytes& data, std::uint64_t max_pixels) {
  const ablc::Parsed parsed = parse(data, max_pixels, false);
  const ablc::MaskInfo info = mask_info(parsed, data, max_pixels);
  ablc::CodingMap map(parsed.header);
  const auto [image, lost] = decode_window(parsed, data, max_pixels, 1, false,
                                           {0, 0, parsed.header.width, parsed.header.height}, &map);
  return py::dict(
      "image"_a = image, "bits"_a = array_of<float>(map.bits), "kept"_a = array_of<bool>(info.kept),
      "log2_size"_a = array_of<std::uint8_t>(info.log2),
      "mode"_a = array_of<std::uint8_t>(map.mode), "offset"_a = array_of<std::int8_t>(map.offset));
}

/// Name, offset and length of every part of a file of size bytes, the header first.
py::list sections_of(const ablc::Parsed& parsed, std::size_t size) {
  const auto start_of = [&](std::size_t i) {
    return i < parsed.sections.size() ? parsed.sections[i].start : size;
  };
  py::list list;
  list.append(py::dict("name"_a = "HEAD", "offset"_a = 0, "length"_a = start_of(0)));
  for (std::size_t i = 0; i < parsed.sections.size(); ++i) {
    const ablc::SectionId id = parsed.sections[i].id;
    const char* name = ablc::section_name(id);
    list.append(py::dict(
        "name"_a = *name ? py::str(name) : py::str("#" + std::to_string(static_cast<int>(id))),
        "offset"_a = start_of(i), "length"_a = start_of(i + 1) - start_of(i)));
  }
  return list;
}

py::list sections(const py::bytes& data) {
  return sections_of(parse(data, UINT64_MAX, false), view(data).size());
}

/// Whether a section of the picture itself has begun: metadata, which comes first, is then
/// complete.
bool past_metadata(const ablc::Parsed& parsed) {
  return std::any_of(parsed.sections.begin(), parsed.sections.end(), [](const ablc::Section& s) {
    return s.id < ablc::SectionId::icc || s.id > ablc::SectionId::model;
  });
}

/// What is known of a stream before anything is decoded.
py::dict header(const py::bytes& data, std::uint64_t max_pixels, bool partial) {
  const ablc::Parsed parsed = parse(data, max_pixels, partial);
  const ablc::Header& h = parsed.header;
  return py::dict("width"_a = h.width, "height"_a = h.height, "channels"_a = h.channels,
                  "lossless"_a = h.lossless, "step"_a = h.step,
                  "model"_a = body_of(parsed, ablc::SectionId::model),
                  "past_metadata"_a = past_metadata(parsed));
}

py::dict inspect(const py::bytes& data, std::uint64_t max_pixels) {
  const ablc::Parsed parsed = parse(data, max_pixels, false);
  const ablc::Header& header = parsed.header;
  const ablc::MaskInfo info = mask_info(parsed, data, max_pixels);
  return py::dict(
      "version"_a = static_cast<int>(ablc::kMagic[3]), "width"_a = header.width,
      "height"_a = header.height, "channels"_a = header.channels, "lossless"_a = header.lossless,
      "subsample"_a = header.subsample == 1, "step"_a = header.step,
      "tile"_a = header.tile_log2 ? 1 << header.tile_log2 : 0, "tiles"_a = header.tiles(),
      "checksum_ok"_a = parsed.checksum_ok, "model"_a = body_of(parsed, ablc::SectionId::model),
      "sections"_a = sections_of(parsed, view(data).size()), "kept"_a = info.kept_share(header),
      "leaves"_a =
          py::dict("8"_a = info.leaves[0], "16"_a = info.leaves[1], "32"_a = info.leaves[2]));
}

py::dict metadata(const py::bytes& data, bool partial) {
  ablc::Parsed parsed = parse(data, UINT64_MAX, partial);
  if (parsed.truncated && !parsed.sections.empty())
    parsed.sections.pop_back();  // half a profile is none
  return py::dict("icc"_a = body_of(parsed, ablc::SectionId::icc),
                  "exif"_a = body_of(parsed, ablc::SectionId::exif),
                  "xmp"_a = body_of(parsed, ablc::SectionId::xmp));
}

py::bytes pack_mask(const Flags& mask) {
  if (mask.ndim() != 2 || mask.shape(0) > 8192 || mask.shape(1) > 8192)
    refuse("mask must be (R, C) bool, at most 8192 a side");
  auto cells = plane_of<std::uint8_t>(mask);
  ablc::Bytes packed;
  {
    py::gil_scoped_release unlocked;
    packed = ablc::pack_mask(std::move(cells));
  }
  return bytes_of(packed);
}

py::array_t<bool> unpack_mask(const py::bytes& data, int rows, int columns) {
  require_range("rows", rows, 0, 8192);
  require_range("columns", columns, 0, 8192);  // 65535 pixels
  ablc::Plane<std::uint8_t> cells(columns, rows);
  const ablc::ByteView packed = view(data);
  bool sound;
  {
    py::gil_scoped_release unlocked;
    sound = ablc::unpack_mask(packed, cells);
  }
  if (!sound)
    raise(stream_error, "the packed mask is damaged or not " + std::to_string(rows) + "x" +
                            std::to_string(columns));
  return array_of<bool>(cells);
}

using Levels = py::array_t<std::int16_t, py::array::c_style>;

/// coded as a plane; empty for None.
ablc::Plane<std::uint8_t> coded_plane(const std::optional<Flags>& coded, py::ssize_t rows,
                                      py::ssize_t columns) {
  if (!coded) return {};
  if (coded->ndim() != 2 || coded->shape(0) != rows || coded->shape(1) != columns)
    refuse("coded must be (" + std::to_string(rows) + ", " + std::to_string(columns) +
           ") bool, one value per place");
  return plane_of<std::uint8_t>(*coded);
}

ablc::Tensor tensor_of(py::ssize_t planes, py::ssize_t rows, py::ssize_t columns) {
  require_range<py::ssize_t>("planes", planes, 0, 65535);
  require_range<py::ssize_t>("rows", rows, 0, 65535);
  require_range<py::ssize_t>("columns", columns, 0, 65535);
  if (planes * rows * columns > INT32_MAX)
    refuse("a tensor has at most 2^31 - 1 levels, not " + std::to_string(planes * rows * columns));
  return {static_cast<int>(planes), static_cast<int>(rows), static_cast<int>(columns)};
}

py::bytes pack_tensor(const Levels& levels, const std::optional<Flags>& coded) {
  if (levels.ndim() != 3) refuse("levels must be (K, R, C) int16");
  ablc::Tensor tensor = tensor_of(levels.shape(0), levels.shape(1), levels.shape(2));
  const auto places = coded_plane(coded, levels.shape(1), levels.shape(2));
  std::copy_n(levels.data(), tensor.levels.size(), tensor.levels.begin());
  for (std::size_t i = 0; i < tensor.levels.size(); ++i) {
    const int level = tensor.levels[i];
    require_range("a level", level, -ablc::kMostLevel, ablc::kMostLevel);
    if (level && !places.samples.empty() && !places.samples[i % places.samples.size()])
      refuse("a level that is not coded must be 0");
  }
  ablc::Bytes packed;
  {
    py::gil_scoped_release unlocked;
    packed = ablc::pack_tensor(std::move(tensor), places);
  }
  return bytes_of(packed);
}

Levels unpack_tensor(const py::bytes& data, int planes, int rows, int columns,
                     const std::optional<Flags>& coded) {
  ablc::Tensor tensor = tensor_of(planes, rows, columns);
  const auto places = coded_plane(coded, rows, columns);
  const ablc::ByteView packed = view(data);
  bool sound;
  {
    py::gil_scoped_release unlocked;
    sound = ablc::unpack_tensor(packed, places, tensor);
  }
  if (!sound)
    raise(stream_error, "the packed tensor is damaged or not " + std::to_string(planes) + "x" +
                            std::to_string(rows) + "x" + std::to_string(columns));
  Levels levels({planes, rows, columns});
  std::copy(tensor.levels.begin(), tensor.levels.end(), levels.mutable_data());
  return levels;
}

ablc::SectionId section_id(const std::string& name) {
  const auto id = ablc::section_named(name);
  if (!id) refuse("no section is called '" + name + "'");
  return *id;
}

std::optional<py::bytes> section(const py::bytes& data, const std::string& name) {
  const ablc::SectionId id = section_id(name);
  const ablc::Parsed parsed = parse(data, UINT64_MAX, false);
  const ablc::Section* found = ablc::find(parsed, id);
  if (!found) return std::nullopt;
  return bytes_of(found->body);
}

py::bytes with_sections(const py::bytes& data, const std::map<std::string, py::bytes>& bodies) {
  std::vector<std::pair<ablc::SectionId, ablc::Bytes>> added;
  for (const auto& [name, body] : bodies) {
    const ablc::SectionId id = section_id(name);
    if (id < ablc::SectionId::model) refuse("section '" + name + "' is an encoder's to write");
    added.emplace_back(id, copy_of(body));
  }
  return bytes_of(ablc::with_sections(parse(data, UINT64_MAX, false), std::move(added)));
}

}  // namespace

PYBIND11_MODULE(_core, m) {
  m.doc() = "Integer codec of ablc (csrc/).";
  stream_error = py::exception<std::runtime_error>(m, "StreamError", PyExc_ValueError);
  limit_error = py::exception<std::runtime_error>(m, "LimitError", stream_error);
  stream_error.attr("__doc__") = "The bytes are not a valid ablc stream.";
  limit_error.attr("__doc__") = "The stream asks for more pixels than the caller allows.";

  py::class_<ablc::Analysis>(
      m, "Analysis",
      "What encodes of one picture with different steps share; not for two threads at once.")
      .def(py::init<>());
  m.def("encode", &encode, "image"_a.noconvert(), py::kw_only(), "step"_a = 640,
        "lossless"_a = false, "subsample"_a = true, "effort"_a = 5, "threads"_a = 1, "tile"_a = 0,
        "tune"_a = 0, "tail"_a = 0.0f, "importance"_a = py::none(), "mask"_a = py::none(),
        "exact"_a = py::none(), "painted"_a = py::none(), "analysis"_a = py::none(),
        "icc"_a = py::bytes(), "exif"_a = py::bytes(), "xmp"_a = py::bytes(),
        "model"_a = py::bytes(),
        "Code (H, W, C) uint8 as one stream; step in 1/16 grey level, 16..16384.");
  m.def("decode", &decode, "data"_a, py::kw_only(), "max_pixels"_a, "threads"_a = 1,
        "partial"_a = false, "region"_a = py::none(), "out"_a.noconvert() = py::none(),
        "((H, W, C) uint8, what was lost in words); region is x, y, width, height; the pixels are "
        "out, if given. Raises StreamError, LimitError.");
  m.def("preview", &preview, "data"_a, py::kw_only(), "max_pixels"_a, "threads"_a = 1,
        "partial"_a = false,
        "((ceil(H/8), ceil(W/8), 1 or 3) uint8, what was lost): the base of a lossy stream, "
        "without alpha. Raises StreamError, LimitError.");
  m.def("decode_guided", &decode_guided, "data"_a, py::kw_only(), "max_pixels"_a, "threads"_a = 1,
        "partial"_a = false, "region"_a = py::none(), "out"_a.noconvert() = py::none(),
        "What decode gives, and a Guide; None of a lossless stream. region begins at multiples of "
        "32 pixels.");
  py::class_<ablc::Guide>(
      m, "Guide",
      "What a stream says of the pixels of a decoded window; R, C count its cells of 8x8 pixels.")
      .def_readonly("step", &ablc::Guide::step, "Luma quantisation step, 1/16 grey level.")
      .def_property_readonly(
          "subsample", [](const ablc::Guide& g) { return g.subsample == 1; }, "True for 4:2:0.")
      .def_property_readonly(
          "kept",
          [](const ablc::Guide& g) {
            return shapes_of<bool>(g, [](const ablc::CellShape& c) { return c.kept != 0; });
          },
          "(R, C) bool: cells in kept blocks.")
      .def_property_readonly(
          "chroma_coded",
          [](const ablc::Guide& g) {
            return shapes_of<bool>(g, [](const ablc::CellShape& c) { return c.chroma_coded != 0; });
          },
          "(R, C) bool: cells whose chroma has levels.")
      .def_property_readonly(
          "log2_size",
          [](const ablc::Guide& g) {
            return shapes_of<std::uint8_t>(g, [](const ablc::CellShape& c) { return c.log2; });
          },
          "(R, C) uint8: 3..5 of the block around the cell.")
      .def_property_readonly(
          "offset",
          [](const ablc::Guide& g) {
            return shapes_of<std::int8_t>(g,
                                          [](const ablc::CellShape& c) { return c.step_offset; });
          },
          "(R, C) int8: of the step, quarter octaves.")
      .def_property_readonly(
          "exact", &exact_of,
          "(H, W) bool: pixels that came back as they were; None: there are none.")
      .def("project", &project, "picture"_a.noconvert(), "painted"_a.noconvert(), "top"_a = 0,
           "threads"_a = 1,
           "Paint rows of the decoded picture, (H, W, C) uint8, in place, as far as the stream "
           "lets it; painted is (1 or 3, h, w)\n"
           "float32, 0..1, of the rows from top on, a multiple of 32; what is no number stands for "
           "the decoded sample.");
  m.def("header", &header, "data"_a, py::kw_only(), "max_pixels"_a, "partial"_a = false,
        "Width, height, channels, lossless, step in 1/16 grey level, the body of MODL, and whether "
        "a section after the metadata has begun.");
  m.def("inspect", &inspect, "data"_a, py::kw_only(), "max_pixels"_a,
        "Header, sections with offset and length, leaves.");
  m.def("keep_mask", &keep_mask, "data"_a, py::kw_only(), "max_pixels"_a,
        "(ceil(H/8), ceil(W/8)) bool: cells in kept blocks.");
  m.def("coding_map", &coding_map, "data"_a, py::kw_only(), "max_pixels"_a,
        "Per 8x8 cell: bits, kept, log2 of the leaf's side, mode, step offset; and the picture.");
  m.def("sections", &sections, "data"_a, "Name, offset and length of every section, HEAD first.");
  m.def("metadata", &metadata, "data"_a, py::kw_only(), "partial"_a = false,
        "ICC profile, EXIF and XMP as stored.");
  m.def("pack_mask", &pack_mask, "mask"_a.noconvert(), "Code an (R, C) bool mask.");
  m.def("unpack_mask", &unpack_mask, "data"_a, "rows"_a, "columns"_a,
        "The (R, C) bool mask again. Raises StreamError.");
  m.def("pack_tensor", &pack_tensor, "levels"_a.noconvert(), "coded"_a.noconvert() = py::none(),
        "Code (K, R, C) int16 levels, -2047..2047; coded, (R, C) bool, is False where all are 0 "
        "and cost nothing.");
  m.def("unpack_tensor", &unpack_tensor, "data"_a, "planes"_a, "rows"_a, "columns"_a,
        "coded"_a.noconvert() = py::none(),
        "The (K, R, C) int16 levels again. Raises StreamError.");
  m.def("section", &section, "data"_a, "name"_a,
        "Body of the section of that four-letter name; None: there is none. Raises StreamError.");
  m.def("with_sections", &with_sections, "data"_a, "bodies"_a,
        "The same stream with MODL or sections of assistant information, by name, added or "
        "replaced. Raises StreamError.");
}
