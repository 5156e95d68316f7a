#include "bindings_stream.h"

#include "block_size.h"
#include "fault.h"
#include "preview.h"
#include "ranges.h"
#include "window.h"

namespace ablc::bindings {

namespace {

SectionId section_id(const std::string& name) {
  const auto id = section_named(name);
  if (!id) refuse("unknown section '" + name + "'");
  return *id;
}

std::string label_of(SectionId id) {
  const std::string name(section_name(id));
  return name.empty() ? "#" + std::to_string(static_cast<int>(id)) : name;
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

py::buffer_info info_of(const py::buffer& data) {
  py::buffer_info info = data.request();
  if (info.itemsize != 1 || info.ndim != 1 || info.strides[0] != 1)
    refuse("data must be bytes, one after the other");
  return info;
}

ByteView view(const py::buffer_info& info) {
  return {static_cast<const std::uint8_t*>(info.ptr), static_cast<std::size_t>(info.size)};
}

/// Raise the exception of a Status that is not ok.
void require(Status status, ByteView bytes, const Parsed& parsed, std::uint64_t max_pixels,
             const std::vector<std::string>& lost = {}) {
  if (status == Status::ok) return;
  const std::string text = describe_fault(status, bytes, parsed, max_pixels, lost);
  if (status == Status::limit) raise_limit_error(text);
  raise_stream_error(text);
}

}  // namespace

Stream::Stream(const py::buffer& data, std::optional<std::uint64_t> max_pixels, bool partial)
    : data_(info_of(data)), max_pixels_(max_pixels.value_or(UINT64_MAX)), partial_(partial) {
  require_ok(parse(bytes(), max_pixels_, partial_, parsed_));
}

Stream::Stream(const py::buffer& beginning, const Pieces& pieces,
               std::optional<std::uint64_t> max_pixels)
    : data_(info_of(beginning)), max_pixels_(max_pixels.value_or(UINT64_MAX)), partial_(false) {
  std::uint64_t needed = 0;
  require_ok(parse_beginning(bytes(), max_pixels_, parsed_, needed));
  if (needed) require_ok(Status::truncated);
  if (!parsed_.sparse) refuse("the stream has no index of tiles: it has to be read as a whole");
  for (const auto& [start, piece] : pieces) {
    pieces_.push_back(info_of(piece));
    put_bytes(view(pieces_.back()), start, parsed_);
  }
}

std::optional<std::uint64_t> beginning_of(const py::buffer& data,
                                          std::optional<std::uint64_t> max_pixels) {
  const py::buffer_info info = info_of(data);
  const std::uint64_t most = max_pixels.value_or(UINT64_MAX);
  Parsed parsed;
  std::uint64_t needed = 0;
  require(parse_beginning(view(info), most, parsed, needed), view(info), parsed, most);
  if (needed) return needed;
  if (!parsed.sparse) return std::nullopt;
  return parsed.tiles_at;
}

py::bytes Stream::model() const {
  return bytes_of(body_of(parsed_, SectionId::model));
}

py::dict Stream::metadata() const {
  const auto body = [&](SectionId id) { return bytes_of(complete_body_of(parsed_, id)); };
  return py::dict("icc"_a = body(SectionId::icc), "exif"_a = body(SectionId::exif),
                  "xmp"_a = body(SectionId::xmp));
}

py::list Stream::sections() const {
  require_whole();
  const std::vector<Section>& parts = parsed_.sections;
  const auto start_of = [&](std::size_t i) {
    return i < parts.size() ? parts[i].start : bytes().size();
  };
  py::list list;
  list.append(py::dict("name"_a = "HEAD", "offset"_a = 0, "length"_a = start_of(0)));
  for (std::size_t i = 0; i < parts.size(); ++i)
    list.append(py::dict("name"_a = label_of(parts[i].id), "offset"_a = start_of(i),
                         "length"_a = start_of(i + 1) - start_of(i)));
  return list;
}

py::dict Stream::segments() const {
  require_whole();
  const TileIndex& index = parsed_.index;
  Vector<std::uint64_t> sums(index.parts.size());
  for (std::size_t i = 0; i < index.lengths.size(); ++i) sums[i % sums.size()] += index.lengths[i];
  py::dict lengths;
  for (std::size_t p = 0; p < sums.size(); ++p) lengths[label_of(index.parts[p]).c_str()] = sums[p];
  return lengths;
}

std::optional<py::bytes> Stream::section(const std::string& name) const {
  const SectionId id = section_id(name);
  require_whole();
  const Section* section = find(parsed_, id);
  if (!section) return std::nullopt;
  return bytes_of(section->body);
}

py::bytes Stream::with_sections(const std::map<std::string, py::bytes>& bodies) const {
  Sections added;
  for (const auto& [name, body] : bodies) {
    const SectionId id = section_id(name);
    if (id < SectionId::model)
      refuse("section '" + name + "' cannot be replaced: only an encoder writes it");
    added.emplace_back(id, copy_of(body));
  }
  require_whole();
  return bytes_of(ablc::with_sections(parsed_, std::move(added)));
}

py::list Stream::tile_ranges(const Region& region) const {
  py::list ranges;
  if (!header().indexed()) {
    ranges.append(py::make_tuple(0, data_.size));
    return ranges;
  }
  for (const ByteRange& range : ranges_for(parsed_, window_in_picture(region)))
    ranges.append(py::make_tuple(range.start, range.length));
  return ranges;
}

std::vector<int> Stream::damaged_tiles(const Region& region) const {
  const Rect window = window_in_picture(region);
  return without_gil([&] { return ablc::damaged_tiles(parsed_, window); });
}

py::tuple Stream::decode(int threads, const Region& region, std::optional<std::uint64_t> max_pixels,
                         const std::optional<Pixels>& out) const {
  const Rect window = window_of(region, max_pixels);
  const auto [image, lost] = decode_window(window, {.threads = threads}, out);
  return py::make_tuple(image, lost);
}

py::tuple Stream::decode_guided(int threads, const Region& region,
                                std::optional<std::uint64_t> max_pixels,
                                const std::optional<Pixels>& out) {
  const Rect window = window_of(region, max_pixels);
  if (window.x % kSuper || window.y % kSuper)
    refuse("a guided region must begin at multiples of " + std::to_string(kSuper) +
           " pixels, not at " + std::to_string(window.x) + "," + std::to_string(window.y));
  auto guide = std::make_unique<Guide>();
  const auto [image, lost] = decode_window(window, {.threads = threads, .guide = guide.get()}, out);
  if (header().lossless || guide->cells.samples.empty())
    return py::make_tuple(image, lost, py::none());
  if (lost.empty() && window.width == header().width && window.height == header().height)
    keep_mask(MaskInfo(guide->cells));
  return py::make_tuple(image, lost, std::move(guide));
}

py::tuple Stream::preview(int threads) const {
  require_threads(threads);
  if (header().lossless) refuse("a lossless stream has no preview; decode it instead");
  Pixels image({div_up(header().height, kCell), div_up(header().width, kCell),
                header().channels == 1 ? 1 : 3});
  const Image out = image_of(image);
  std::vector<std::string> lost;
  const Status status =
      without_gil([&] { return ablc::preview(parsed_, threads, partial_, out, lost); });
  require_ok(status, lost);
  return py::make_tuple(image, lost);
}

py::array_t<bool> Stream::kept() {
  return array_of<bool>(mask().kept);
}

double Stream::kept_share() {
  return mask().kept_share(header());
}

py::dict Stream::leaves() {
  const MaskInfo& info = mask();
  py::dict counts;
  for (const BlockSize size : {kBlock8, kBlock16, kBlock32, kBlock64})
    counts[py::int_(size.side())] = info.leaves[size.index()];
  return counts;
}

py::dict Stream::coding_map() {
  const MaskInfo& info = mask();
  CodingMap map(header());
  const Rect window{0, 0, header().width, header().height};
  const auto [image, lost] = decode_window(window, {.map = &map}, std::nullopt);
  return py::dict(
      "image"_a = image, "bits"_a = array_of<float>(map.bits), "kept"_a = array_of<bool>(info.kept),
      "log2_size"_a = array_of<std::uint8_t>(info.log2),
      "mode"_a = array_of<std::uint8_t>(map.mode), "offset"_a = array_of<std::int8_t>(map.offset));
}

ByteView Stream::bytes() const {
  return view(data_);
}

void Stream::require_ok(Status status, const std::vector<std::string>& lost) const {
  require(status, bytes(), parsed_, max_pixels_, lost);
}

void Stream::require_whole() const {
  if (whole()) return;
  if (parsed_.sparse) raise_stream_error("only some tiles of the stream are at hand");
  Parsed strict;
  const Status status = parse(bytes(), max_pixels_, false, strict);
  require(status, bytes(), strict, max_pixels_);
}

Rect Stream::window_in_picture(const Region& region) const {
  const Header& h = header();
  if (!region) return {0, 0, h.width, h.height};
  const auto [x, y, width, height] = *region;
  if (x < 0 || y < 0 || width < 1 || height < 1 || x >= h.width || y >= h.height ||
      width > h.width - x || height > h.height - y)
    refuse("region " + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(width) +
           "," + std::to_string(height) + " is empty or not inside the picture of " +
           std::to_string(h.width) + "x" + std::to_string(h.height) + " pixels");
  return {static_cast<int>(x), static_cast<int>(y), static_cast<int>(width),
          static_cast<int>(height)};
}

Rect Stream::window_of(const Region& region, std::optional<std::uint64_t> max_pixels) const {
  const Rect window = window_in_picture(region);
  const std::uint64_t most = max_pixels.value_or(max_pixels_);
  const std::uint64_t around = pixels_around(header(), window);
  if (region && around > most)
    raise_limit_error("decoding the region takes " + std::to_string(around) +
                      " pixels of the picture of " + std::to_string(header().width) + "x" +
                      std::to_string(header().height) + ", which exceeds the limit of " +
                      std::to_string(most) + " pixels");
  return window;
}

std::pair<Pixels, std::vector<std::string>> Stream::decode_window(
    const Rect& window, DecodeSettings settings, const std::optional<Pixels>& given) const {
  require_threads(settings.threads);
  settings.partial = partial_;
  Pixels image = pixels_for(window.height, window.width, header().channels, given);
  const Image out = image_of(image);
  std::vector<std::string> lost;
  const Status status =
      without_gil([&] { return ablc::decode(parsed_, window, settings, out, lost); });
  require_ok(status, lost);
  return {image, lost};
}

const MaskInfo& Stream::mask() {
  require_whole();
  Status status = Status::ok;
  {
    py::gil_scoped_release unlocked;  // before the lock: its holder needs no GIL to go on
    const std::lock_guard lock(mutex_);
    if (!mask_) {
      MaskInfo info;
      status = read_mask(parsed_, info);
      if (status == Status::ok) mask_ = std::move(info);
    }
  }
  require_ok(status);
  return *mask_;
}

void Stream::keep_mask(MaskInfo info) {
  py::gil_scoped_release unlocked;
  const std::lock_guard lock(mutex_);
  if (!mask_) mask_ = std::move(info);
}

}  // namespace ablc::bindings
