// The class Stream as Python sees it.

#include "bindings_stream.h"
#include "predict.h"

namespace ablc::bindings {

namespace {

void bind_header(py::module_& m) {
  py::class_<Header>(m, "Header", py::module_local(),
                     "What a stream says first (docs/FORMAT.md, Header).")
      .def_readonly("version", &Header::version, "Of the format.")
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
      .def_property_readonly("tiles", &Header::tiles, "Number of tiles.")
      .def_readonly("exact", &Header::exact, "True if a lossy stream has exact samples.")
      .def_property_readonly("indexed", &Header::indexed,
                             "True if the stream has an index of its tiles, which allows windows "
                             "from ranges of its bytes.");
}

}  // namespace

void bind_stream(py::module_& m) {
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
      .def_property_readonly("segments", &Stream::segments,
                             "Bytes of TILE by the section whose segments they are; empty without "
                             "an index.")
      .def("section", &Stream::section, "name"_a,
           "Return the body of the section of that four-letter name, None if there is none.")
      .def("with_sections", &Stream::with_sections, "bodies"_a,
           "Return the bytes of the same stream with MODL or sections of assistant information, by "
           "name, added or replaced.")
      .def("metadata", &Stream::metadata,
           "Return ICC profile, EXIF and XMP as stored; empty where there is none. For partial "
           "streams too.")
      .def_static(
          "of_ranges",
          [](const py::buffer& beginning, const Pieces& pieces,
             std::optional<std::uint64_t> max_pixels) {
            return std::make_unique<Stream>(beginning, pieces, max_pixels);
          },
          "beginning"_a, "pieces"_a, py::kw_only(), "max_pixels"_a = py::none(),
          "Return a stream of which only some bytes are at hand, for decode, decode_guided and "
          "tile_ranges.\n\n"
          "beginning: the first bytes, with the index: beginning_of. pieces: other bytes by their "
          "offset; a tile lies in one of them.\nThe checksums of header, index and tiles are "
          "compared, that of the file cannot be. Raises StreamError, LimitError, and ValueError "
          "for a stream without an index.")
      .def("tile_ranges", &Stream::tile_ranges, "region"_a = py::none(),
           "Return offset and length of the bytes of each tile that a decode of region needs; of "
           "all bytes if the stream has no index.")
      .def("damaged_tiles", &Stream::damaged_tiles, "region"_a = py::none(),
           "Return the numbers of the tiles that touch region and are damaged or not at hand. "
           "Empty if the stream has no index.")
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
  m.def("beginning_of", &beginning_of, "data"_a, py::kw_only(), "max_pixels"_a = py::none(),
        "Return how many bytes from the beginning of a file hold header, metadata and index of "
        "tiles, as far as data, its first bytes, tell: if that is more than they are, read as many "
        "and ask again. None if the file has no index. Raises StreamError, LimitError.");
}

}  // namespace ablc::bindings
