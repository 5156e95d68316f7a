#include "colour.h"

#include "dispatch.h"

namespace ablc {

namespace {

/// Convert a row of RGB to full-resolution Y, Cb, Cr: JFIF's matrix in 16-bit fixed point.
ABLC_DISPATCH void rgb_row(const std::uint8_t* ABLC_RESTRICT r, const std::uint8_t* ABLC_RESTRICT g,
                           const std::uint8_t* ABLC_RESTRICT b, int count,
                           std::uint8_t* ABLC_RESTRICT y, std::uint8_t* ABLC_RESTRICT cb,
                           std::uint8_t* ABLC_RESTRICT cr) {
  for (int i = 0; i < count; ++i) {
    const int R = r[i], G = g[i], B = b[i];
    y[i] = static_cast<std::uint8_t>((19595 * R + 38470 * G + 7471 * B + 32768) >> 16);
    // Largest: 128 + 127.5, so that only the upper end can leave 0..255.
    const int u = (-11059 * R - 21709 * G + 32768 * B + (128 << 16) + 32767) >> 16;
    const int v = (32768 * R - 27439 * G - 5329 * B + (128 << 16) + 32767) >> 16;
    cb[i] = static_cast<std::uint8_t>(u > 255 ? 255 : u);
    cr[i] = static_cast<std::uint8_t>(v > 255 ? 255 : v);
  }
}

ABLC_DISPATCH void halve_rows(const std::uint8_t* ABLC_RESTRICT a,
                              const std::uint8_t* ABLC_RESTRICT b, int count,
                              std::uint8_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i)
    out[i] =
        static_cast<std::uint8_t>((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
}

/// Convert a row of full-resolution Y, Cb, Cr to RGB.
ABLC_DISPATCH void ycc_row(const std::uint8_t* ABLC_RESTRICT y,
                           const std::uint8_t* ABLC_RESTRICT cb,
                           const std::uint8_t* ABLC_RESTRICT cr, int count,
                           std::uint8_t* ABLC_RESTRICT r, std::uint8_t* ABLC_RESTRICT g,
                           std::uint8_t* ABLC_RESTRICT b) {
  for (int i = 0; i < count; ++i) {
    const int Y = (y[i] << 16) + 32768;
    const int u = cb[i] - 128;
    const int v = cr[i] - 128;
    const int R = (Y + 91881 * v) >> 16;
    const int G = (Y - 22554 * u - 46802 * v) >> 16;
    const int B = (Y + 116130 * u) >> 16;
    r[i] = static_cast<std::uint8_t>(R < 0 ? 0 : R > 255 ? 255 : R);
    g[i] = static_cast<std::uint8_t>(G < 0 ? 0 : G > 255 ? 255 : G);
    b[i] = static_cast<std::uint8_t>(B < 0 ? 0 : B > 255 ? 255 : B);
  }
}

/// Vertical part of the triangle filter: 3/4 of the nearer row and 1/4 of the farther one, in 1/4.
ABLC_DISPATCH void blend_rows(const std::uint8_t* ABLC_RESTRICT near_row,
                              const std::uint8_t* ABLC_RESTRICT far_row, int count,
                              std::uint16_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<std::uint16_t>(3 * near_row[i] + far_row[i]);
}

/// Horizontal part. in[-1] and in[count] must be readable.
ABLC_DISPATCH void widen_row(const std::uint16_t* ABLC_RESTRICT in, int count,
                             std::uint8_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) {
    out[2 * i] = static_cast<std::uint8_t>((3 * in[i] + in[i - 1] + 8) >> 4);
    out[2 * i + 1] = static_cast<std::uint8_t>((3 * in[i] + in[i + 1] + 8) >> 4);
  }
}

/// Split a row of RGB pixels into channels.
ABLC_DISPATCH void split3(const std::uint8_t* ABLC_RESTRICT in, int count,
                          std::uint8_t* ABLC_RESTRICT a, std::uint8_t* ABLC_RESTRICT b,
                          std::uint8_t* ABLC_RESTRICT c) {
  for (int i = 0; i < count; ++i) {
    a[i] = in[3 * i];
    b[i] = in[3 * i + 1];
    c[i] = in[3 * i + 2];
  }
}

/// Join channels to a row of RGB pixels.
ABLC_DISPATCH void join3(const std::uint8_t* ABLC_RESTRICT a, const std::uint8_t* ABLC_RESTRICT b,
                         const std::uint8_t* ABLC_RESTRICT c, int count,
                         std::uint8_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) {
    out[3 * i] = a[i];
    out[3 * i + 1] = b[i];
    out[3 * i + 2] = c[i];
  }
}

/// A row of pixels in channels.
struct Channels {
  Vector<std::uint8_t> r, g, b;
  explicit Channels(int width) : r(width), g(width), b(width) {}

  /// in: `count` pixels of 3 or 4 channels.
  void split(const std::uint8_t* in, int count, int channels) {
    if (channels == 3) return split3(in, count, r.data(), g.data(), b.data());
    for (int x = 0; x < count; ++x) {
      r[x] = in[4 * x];
      g[x] = in[4 * x + 1];
      b[x] = in[4 * x + 2];
    }
  }

  /// out: `count` pixels of 3 or 4 channels; alpha stays as it is.
  void join(std::uint8_t* out, int count, int channels) const {
    if (channels == 3) return join3(r.data(), g.data(), b.data(), count, out);
    for (int x = 0; x < count; ++x) {
      out[4 * x] = r[x];
      out[4 * x + 1] = g[x];
      out[4 * x + 2] = b[x];
    }
  }
};

/// Rows of a chroma plane at the resolution of luma.
class WideRows {
 public:
  WideRows(const Plane<std::uint8_t>& plane, int subsample)
      : plane_(plane), subsample_(subsample), blended_(plane.width + 2), wide_(2 * plane.width) {}

  /// Return the row of a luma row; valid until the next call.
  const std::uint8_t* row(int y) {
    if (!subsample_) return plane_.row(y);
    const int nearest = y / 2, count = plane_.width;
    const int farther = std::clamp(y & 1 ? nearest + 1 : nearest - 1, 0, plane_.height - 1);
    blend_rows(plane_.row(nearest), plane_.row(farther), count, blended_.data() + 1);
    blended_[0] = blended_[1];
    blended_[count + 1] = blended_[count];
    widen_row(blended_.data() + 1, count, wide_.data());
    return wide_.data();
  }

 private:
  const Plane<std::uint8_t>& plane_;
  int subsample_;
  Vector<std::uint16_t> blended_;
  Vector<std::uint8_t> wide_;
};

/// The part of an image under a window. Its last samples repeat beyond the border.
class Source {
 public:
  Source(const ConstImage& image, const Rect& window)
      : image_(image), window_(window), inside_(std::min(window.width, image.width - window.x)) {}

  /// Pixels of a window's row that lie inside the image.
  int inside() const { return inside_; }
  const std::uint8_t* row(int y) const {
    return image_.row(std::min(window_.y + y, image_.height - 1)) +
           std::ptrdiff_t{window_.x} * image_.channels;
  }
  void extend(std::uint8_t* row) const {
    std::fill(row + inside_, row + window_.width, row[inside_ - 1]);
  }

 private:
  const ConstImage& image_;
  const Rect& window_;
  int inside_;
};

}  // namespace

Planes to_planes(const ConstImage& image, const Rect& window, int subsample) {
  const Source source(image, window);
  const int width = window.width;
  Planes planes;
  planes[0] = Plane<std::uint8_t>(width, window.height);
  if (image.channels == 1) {
    for (int y = 0; y < window.height; ++y) {
      std::copy_n(source.row(y), source.inside(), planes[0].row(y));
      source.extend(planes[0].row(y));
    }
    return planes;
  }
  for (int p = 1; p < 3; ++p)
    planes[p] = Plane<std::uint8_t>(width >> subsample, window.height >> subsample);
  Channels pixels(width);
  Plane<std::uint8_t> chroma(width, 4);  // two rows of Cb, two of Cr, before they are halved
  for (int y = 0; y < window.height; ++y) {
    pixels.split(source.row(y), source.inside(), image.channels);
    std::uint8_t* cb = subsample ? chroma.row(y & 1) : planes[1].row(y);
    std::uint8_t* cr = subsample ? chroma.row(2 + (y & 1)) : planes[2].row(y);
    rgb_row(pixels.r.data(), pixels.g.data(), pixels.b.data(), source.inside(), planes[0].row(y),
            cb, cr);
    for (std::uint8_t* row : {planes[0].row(y), cb, cr}) source.extend(row);
    if (subsample && (y & 1)) {
      halve_rows(chroma.row(0), chroma.row(1), width / 2, planes[1].row(y / 2));
      halve_rows(chroma.row(2), chroma.row(3), width / 2, planes[2].row(y / 2));
    }
  }
  return planes;
}

void from_planes(const Plane<std::uint8_t>& luma, const Planes& planes, int subsample, int first,
                 int last, const Image& out) {
  if (out.channels == 1) {
    for (int y = first; y < last; ++y) std::copy_n(luma.row(y - first), out.width, out.row(y));
    return;
  }
  WideRows cb(planes[1], subsample), cr(planes[2], subsample);
  Channels pixels(out.width);
  for (int y = first; y < last; ++y) {
    ycc_row(luma.row(y - first), cb.row(y), cr.row(y), out.width, pixels.r.data(), pixels.g.data(),
            pixels.b.data());
    pixels.join(out.row(y), out.width, out.channels);
  }
}

}  // namespace ablc
