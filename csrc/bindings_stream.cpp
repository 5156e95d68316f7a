// A parsed stream as Python has it: parsed once, whatever is asked of it.

#include <map>
#include <mutex>

#include "bindings.h"
#include "block_size.h"
#include "codec.h"
#include "fault.h"
#include "inspect.h"
#include "predict.h"
#include "preview.h"
#include "window.h"

namespace ablc::bindings {

namespace {

using Region = std::optional<std::array<std::int64_t, 4>>;  // x, y, width, height

SectionId section_id(const std::string& name) {
  const auto id = section_named(name);
  if (!id) refuse("unknown section '" + name + "'");
  return *id;
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

/// Holds the bytes, and the mask once it is known. May be shared by threads.
class Stream {
 public:
  Stream(const py::buffer& data, std::optional<std::uint64_t> max_pixels, bool partial)
      : data_(data.request()), max_pixels_(max_pixels.value_or(UINT64_MAX)), partial_(partial) {
    if (data_.itemsize != 1 || data_.ndim != 1 || data_.strides[0] != 1)
      refuse("data must be bytes, one after the other");
    require_ok(parse(bytes(), max_pixels_, partial_, parsed_));
  }

  const Header& header() const { return parsed_.header; }
  bool checksum_ok() const { return parsed_.checksum_ok; }
  bool whole() const { return !parsed_.truncated && parsed_.checksum_ok; }
  bool past_metadata() const { return ablc::past_metadata(parsed_); }

  py::bytes model() const { return bytes_of(body_of(parsed_, SectionId::model)); }

  py::dict metadata() const {
    const auto body = [&](SectionId id) { return bytes_of(complete_body_of(parsed_, id)); };
    return py::dict("icc"_a = body(SectionId::icc), "exif"_a = body(SectionId::exif),
                    "xmp"_a = body(SectionId::xmp));
  }

  py::list sections() const {
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

  std::optional<py::bytes> section(const std::string& name) const {
    const SectionId id = section_id(name);
    require_whole();
    const Section* section = find(parsed_, id);
    if (!section) return std::nullopt;
    return bytes_of(section->body);
  }

  py::bytes with_sections(const std::map<std::string, py::bytes>& bodies) const {
    std::vector<std::pair<SectionId, Bytes>> added;
    for (const auto& [name, body] : bodies) {
      const SectionId id = section_id(name);
      if (id < SectionId::model)
        refuse("section '" + name + "' cannot be replaced: only an encoder writes it");
      added.emplace_back(id, copy_of(body));
    }
    require_whole();
    return bytes_of(ablc::with_sections(parsed_, std::move(added)));
  }

  py::tuple decode(int threads, const Region& region, std::optional<std::uint64_t> max_pixels,
                   const std::optional<Pixels>& out) const {
    const Rect window = window_of(region, max_pixels);
    const auto [image, lost] = decode_window(window, {.threads = threads}, out);
    return py::make_tuple(image, lost);
  }

  py::tuple decode_guided(int threads, const Region& region,
                          std::optional<std::uint64_t> max_pixels,
                          const std::optional<Pixels>& out) {
    const Rect window = window_of(region, max_pixels);
    if (window.x % kSuper || window.y % kSuper)
      refuse("a guided region must begin at multiples of " + std::to_string(kSuper) +
             " pixels, not at " + std::to_string(window.x) + "," + std::to_string(window.y));
    auto guide = std::make_unique<Guide>();
    const auto [image, lost] =
        decode_window(window, {.threads = threads, .guide = guide.get()}, out);
    if (header().lossless || guide->cells.samples.empty())
      return py::make_tuple(image, lost, py::none());
    if (lost.empty() && window.width == header().width && window.height == header().height)
      keep_mask(MaskInfo(guide->cells));
    return py::make_tuple(image, lost, std::move(guide));
  }

  py::tuple preview(int threads) const {
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

  py::array_t<bool> kept() { return array_of<bool>(mask().kept); }
  double kept_share() { return mask().kept_share(header()); }
  py::dict leaves() {
    const MaskInfo& info = mask();
    py::dict counts;
    for (const BlockSize size : {kBlock8, kBlock16, kBlock32, kBlock64})
      counts[py::int_(size.side())] = info.leaves[size.index()];
    return counts;
  }

  py::dict coding_map() {
    const MaskInfo& info = mask();
    CodingMap map(header());
    const Rect window{0, 0, header().width, header().height};
    const auto [image, lost] = decode_window(window, {.map = &map}, std::nullopt);
    return py::dict("image"_a = image, "bits"_a = array_of<float>(map.bits),
                    "kept"_a = array_of<bool>(info.kept),
                    "log2_size"_a = array_of<std::uint8_t>(info.log2),
                    "mode"_a = array_of<std::uint8_t>(map.mode),
                    "offset"_a = array_of<std::int8_t>(map.offset));
  }

 private:
  ByteView bytes() const {
    return {static_cast<const std::uint8_t*>(data_.ptr), static_cast<std::size_t>(data_.size)};
  }

  static std::string label_of(SectionId id) {
    const std::string name(section_name(id));
    return name.empty() ? "#" + std::to_string(static_cast<int>(id)) : name;
  }

  /// The one place where a Status becomes an exception.
  void require_ok(Status status, const std::vector<std::string>& lost = {}) const {
    if (status == Status::ok) return;
    const std::string text = describe_fault(status, bytes(), parsed_, max_pixels_, lost);
    if (status == Status::limit) raise_limit_error(text);
    raise_stream_error(text);
  }

  /// Raise what a strict parse would have raised.
  void require_whole() const {
    if (whole()) return;
    Parsed strict;
    const Status status = parse(bytes(), max_pixels_, false, strict);
    raise_stream_error(describe_fault(status, bytes(), strict, max_pixels_));
  }

  /// Return the window that a region names, or the whole picture. Only the tiles around a region
  /// take memory, so the limit is on them.
  Rect window_of(const Region& region, std::optional<std::uint64_t> max_pixels) const {
    const Header& h = header();
    if (!region) return {0, 0, h.width, h.height};
    const auto [x, y, width, height] = *region;
    const std::string size = std::to_string(h.width) + "x" + std::to_string(h.height);
    if (x < 0 || y < 0 || width < 1 || height < 1 || x >= h.width || y >= h.height ||
        width > h.width - x || height > h.height - y)
      refuse("region " + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(width) +
             "," + std::to_string(height) + " is empty or not inside the picture of " + size +
             " pixels");
    const Rect window{static_cast<int>(x), static_cast<int>(y), static_cast<int>(width),
                      static_cast<int>(height)};
    const std::uint64_t most = max_pixels.value_or(max_pixels_);
    if (const std::uint64_t around = pixels_around(h, window); around > most)
      raise_limit_error("decoding the region takes " + std::to_string(around) +
                        " pixels of the picture of " + size + ", which exceeds the limit of " +
                        std::to_string(most) + " pixels");
    return window;
  }

  /// Return pixels of a window, and what was lost.
  std::pair<Pixels, std::vector<std::string>> decode_window(
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

  /// Return the mask, which is read at most once. Once set it never changes.
  const MaskInfo& mask() {
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

  void keep_mask(MaskInfo info) {
    py::gil_scoped_release unlocked;
    const std::lock_guard lock(mutex_);
    if (!mask_) mask_ = std::move(info);
  }

  py::buffer_info data_;  // holds the memory, one byte after the other
  std::uint64_t max_pixels_;
  bool partial_;
  Parsed parsed_;  // views of data_
  std::mutex mutex_;
  std::optional<MaskInfo> mask_;
};

void bind_header(py::module_& m) {
  py::class_<Header>(m, "Header", py::module_local(),
                     "What a stream says first (docs/FORMAT.md, Header).")
      .def_readonly("width", &Header::width, "Pixels, 1..65535.")
      .def_readonly("height", &Header::height, "Pixels, 1..65535.")
      .def_readonly("channels", &Header::channels, "1 grey, 3 RGB, 4 RGBA.")
      .def_readonly("lossless", &Header::lossless, "True if every sample comes back exactly.")
      .def_property_readonly(
          "subsample", [](const Header& h) { return h.subsample == 1; }, "True for 4:2:0.")
      .def_readonly("step", &Header::step, "Luma quantisation step, 1/16 grey level.")
      .def_property_readonly(
          "tile", [](const Header& h) { return h.tile_log2 ? 1 << h.tile_log2 : 0; },
          "Side of a tile in pixels, 0 if the picture is one tile.")
      .def_property_readonly("tiles", &Header::tiles, "Number of tiles.");
}

}  // namespace

void bind_stream(py::module_& m) {
  m.attr("VERSION") = static_cast<int>(kMagic[3]);
  m.attr("DISPLACEMENT") =
      py::tuple(py::cast(std::vector<int>(kDisplacement.begin(), kDisplacement.end())));
  bind_header(m);
  py::class_<Stream>(m, "Stream", py::module_local(),
                     "A stream, parsed once: header and list of sections. Holds the bytes. May be "
                     "shared by threads.\n\n"
                     "max_pixels: refuse larger pictures; None: any. partial: accept a stream that "
                     "is cut short or damaged;\ndecoding then saves what can be saved. Raises "
                     "StreamError, LimitError.")
      .def(py::init<const py::buffer&, std::optional<std::uint64_t>, bool>(), "data"_a,
           py::kw_only(), "max_pixels"_a = py::none(), "partial"_a = false)
      .def_property_readonly("header", &Stream::header, "The fixed fields.")
      .def_property_readonly("checksum_ok", &Stream::checksum_ok,
                             "True unless the checksum contradicts the bytes.")
      .def_property_readonly("whole", &Stream::whole,
                             "True unless the stream is cut short or its checksum wrong. All that "
                             "is not for partial streams raises StreamError of others.")
      .def_property_readonly("past_metadata", &Stream::past_metadata,
                             "True if a section after the metadata has begun.")
      .def_property_readonly("model", &Stream::model, "Body of MODL; empty if there is none.")
      .def_property_readonly("sections", &Stream::sections,
                             "Name, offset and length of every section, HEAD first.")
      .def("section", &Stream::section, "name"_a,
           "Return the body of the section of that four-letter name, None if there is none.")
      .def("with_sections", &Stream::with_sections, "bodies"_a,
           "Return the bytes of the same stream with MODL or sections of assistant information, by "
           "name, added or replaced.")
      .def("metadata", &Stream::metadata,
           "Return ICC profile, EXIF and XMP as stored; empty where there is none. For partial "
           "streams too.")
      .def("decode", &Stream::decode, py::kw_only(), "threads"_a = 1, "region"_a = py::none(),
           "max_pixels"_a = py::none(), "out"_a.noconvert() = py::none(),
           "Return the pixels, (H, W, C) uint8, and what was lost, in words.\n\n"
           "region: x, y, width, height. max_pixels: refuse a region whose tiles hold more; "
           "default: that of the stream.\nout: the array to decode into. For partial streams too. "
           "Raises StreamError, LimitError, ValueError.")
      .def("decode_guided", &Stream::decode_guided, py::kw_only(), "threads"_a = 1,
           "region"_a = py::none(), "max_pixels"_a = py::none(), "out"_a.noconvert() = py::none(),
           "Return what decode returns, and a Guide; None for a lossless stream. region begins at "
           "multiples of 64 pixels.")
      .def("preview", &Stream::preview, py::kw_only(), "threads"_a = 1,
           "Return the means of 8x8 pixels of a lossy stream, (ceil(H/8), ceil(W/8), 1 or 3) uint8 "
           "without alpha, and what was lost. For partial streams too.")
      .def("keep_mask", &Stream::kept,
           "Return (ceil(H/8), ceil(W/8)) bool: cells in kept blocks. The mask is read once.")
      .def("kept_share", &Stream::kept_share,
           "Return the share of the pixels that lie in kept blocks.")
      .def("leaves", &Stream::leaves,
           "Return the number of leaves by their side, 8, 16, 32 or 64; four of 4x4 count as one "
           "of 8x8.")
      .def("coding_map", &Stream::coding_map,
           "Return arrays by cell: bits, kept, log2_size of the leaf's side, mode, offset of the "
           "step; and image, the decoded pixels.");
}

}  // namespace ablc::bindings
