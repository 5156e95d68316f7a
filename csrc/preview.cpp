#include "preview.h"

#include <algorithm>
#include <atomic>

#include "layout.h"
#include "parallel.h"
#include "tile_decoder.h"

namespace ablc {

bool read_base(const Parsed& file, int threads, BasePlanes& base) {
  const Header& header = file.header;
  const Section* section = find(file, SectionId::base);
  if (!section) return false;
  Vector<ByteView> segments;
  std::atomic<bool> sound = split_segments(section->body, header.tiles(), segments) == Status::ok;
  parallel_for(header.tiles(), threads, [&](int t) {
    if (!decode_base(segments[t], header, header.tile(t), base, {})) sound = false;
  });
  return sound;
}

Status preview(const Parsed& file, int threads, bool partial, const Image& out,
               std::vector<std::string>& lost) {
  const Header& header = file.header;
  auto base = make_base(header);
  if (!read_base(file, threads, base)) lost.push_back("BASE is missing or damaged");
  if (!lost.empty() && !partial) return Status::corrupt;
  Planes planes;
  for (int p = 0; p < header.planes(); ++p) {
    planes[p] = Plane<std::uint8_t>(base[p].width, base[p].height);
    std::transform(base[p].samples.begin(), base[p].samples.end(), planes[p].samples.begin(),
                   [](std::int16_t v) { return static_cast<std::uint8_t>((v + 8) >> 4); });
  }
  from_planes(planes[0], planes, header.subsample, 0, out.height, out);
  return Status::ok;
}

}  // namespace ablc
