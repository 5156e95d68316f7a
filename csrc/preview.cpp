#include "preview.h"

#include <algorithm>

#include "block_size.h"
#include "codec.h"
#include "parallel.h"

namespace ablc {

namespace {

/// Store the means of the cells of a row; at the border a cell is what the picture has of it.
void reduce_row(const Image& picture, int row, const Image& out) {
  const int channels = out.channels;
  const int top = row * kCell, bottom = std::min(top + kCell, picture.height);
  for (int x = 0; x < out.width; ++x) {
    const int left = x * kCell, right = std::min(left + kCell, picture.width);
    const int pixels = (right - left) * (bottom - top);
    for (int c = 0; c < channels; ++c) {
      int sum = pixels / 2;
      for (int y = top; y < bottom; ++y)
        for (int i = left; i < right; ++i) sum += picture.row(y)[i * channels + c];
      out.row(row)[x * channels + c] = static_cast<std::uint8_t>(sum / pixels);
    }
  }
}

}  // namespace

Status preview(const Parsed& file, int threads, bool partial, const Image& out,
               std::vector<std::string>& lost) {
  Parsed opaque = file;
  opaque.header.channels = out.channels;
  const int width = file.header.width, height = file.header.height;
  Bytes pixels(sample_count(width, height, out.channels));
  const Image picture{width, height, out.channels, pixels};
  const Status status = decode(opaque, {0, 0, width, height},
                               {.threads = threads, .partial = partial}, picture, lost);
  if (status != Status::ok) return status;
  parallel_for(out.height, threads, [&](int row) { reduce_row(picture, row, out); });
  return Status::ok;
}

}  // namespace ablc
