#include "colour.h"

#include <vector>

#include "dispatch.h"

namespace ablc {

namespace {

/// One row of RGB to full-resolution Y, Cb, Cr (16-bit fixed point of JFIF's matrix).
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

/// Y, Cb, Cr of full resolution to R, G, B.
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

/// Vertical part of the triangle filter: 3/4 of the nearer row, 1/4 of the farther, in 1/4.
ABLC_DISPATCH void blend_rows(const std::uint8_t* ABLC_RESTRICT near_row,
                              const std::uint8_t* ABLC_RESTRICT far_row, int count,
                              std::uint16_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<std::uint16_t>(3 * near_row[i] + far_row[i]);
}

/// Horizontal part: in[-1] and in[count] must be readable.
ABLC_DISPATCH void widen_row(const std::uint16_t* ABLC_RESTRICT in, int count,
                             std::uint8_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) {
    out[2 * i] = static_cast<std::uint8_t>((3 * in[i] + in[i - 1] + 8) >> 4);
    out[2 * i + 1] = static_cast<std::uint8_t>((3 * in[i] + in[i + 1] + 8) >> 4);
  }
}

ABLC_DISPATCH void split3(const std::uint8_t* ABLC_RESTRICT in, int count,
                          std::uint8_t* ABLC_RESTRICT a, std::uint8_t* ABLC_RESTRICT b,
                          std::uint8_t* ABLC_RESTRICT c) {
  for (int i = 0; i < count; ++i) {
    a[i] = in[3 * i];
    b[i] = in[3 * i + 1];
    c[i] = in[3 * i + 2];
  }
}
ABLC_DISPATCH void join3(const std::uint8_t* ABLC_RESTRICT a, const std::uint8_t* ABLC_RESTRICT b,
                         const std::uint8_t* ABLC_RESTRICT c, int count,
                         std::uint8_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) {
    out[3 * i] = a[i];
    out[3 * i + 1] = b[i];
    out[3 * i + 2] = c[i];
  }
}

}  // namespace

Planes to_planes(const ConstImage& image, const Rect& window, int subsample) {
  Planes planes;
  planes[0] = Plane<std::uint8_t>(window.width, window.height);
  const int inside = std::min(window.width, image.width - window.x);
  const auto extend = [&](std::uint8_t* row) {
    std::fill(row + inside, row + window.width, row[inside - 1]);
  };
  if (image.channels == 1) {
    for (int y = 0; y < window.height; ++y) {
      const std::uint8_t* in = image.row(std::min(window.y + y, image.height - 1)) + window.x;
      std::copy_n(in, inside, planes[0].row(y));
      extend(planes[0].row(y));
    }
    return planes;
  }
  for (std::size_t p = 1; p < 3; ++p)
    planes[p] = Plane<std::uint8_t>(window.width >> subsample, window.height >> subsample);
  const int width = window.width;
  Vector<std::uint8_t> r(width), g(width), b(width), chroma(4 * width);
  for (int y = 0; y < window.height; ++y) {
    const std::uint8_t* in = image.row(std::min(window.y + y, image.height - 1)) +
                             static_cast<std::ptrdiff_t>(window.x) * image.channels;
    if (image.channels == 3) {
      split3(in, inside, r.data(), g.data(), b.data());
    } else {
      for (int x = 0; x < inside; ++x) {
        r[x] = in[4 * x];
        g[x] = in[4 * x + 1];
        b[x] = in[4 * x + 2];
      }
    }
    std::uint8_t* cb = subsample ? chroma.data() + (y & 1) * width : planes[1].row(y);
    std::uint8_t* cr = subsample ? chroma.data() + (2 + (y & 1)) * width : planes[2].row(y);
    rgb_row(r.data(), g.data(), b.data(), inside, planes[0].row(y), cb, cr);
    extend(planes[0].row(y));
    extend(cb);
    extend(cr);
    if (subsample && (y & 1)) {
      halve_rows(chroma.data(), chroma.data() + width, window.width / 2, planes[1].row(y / 2));
      halve_rows(chroma.data() + 2 * width, chroma.data() + 3 * width, window.width / 2,
                 planes[2].row(y / 2));
    }
  }
  return planes;
}

void from_planes(const Plane<std::uint8_t>& luma, const Planes& planes, int subsample, int y0,
                 int y1, const Image& out) {
  if (out.channels == 1) {
    for (int y = y0; y < y1; ++y) std::copy_n(luma.row(y - y0), out.width, out.row(y));
    return;
  }
  const int width = out.width + 2;
  const int half = planes[1].width;
  Vector<std::uint8_t> r(width), g(width), b(width);
  Array<Vector<std::uint8_t>, 2> full = {Vector<std::uint8_t>(width), Vector<std::uint8_t>(width)};
  Vector<std::uint16_t> blended(half + 2);
  for (int y = y0; y < y1; ++y) {
    Array<const std::uint8_t*, 2> chroma{};
    for (std::size_t p = 0; p < 2; ++p) {
      const Plane<std::uint8_t>& plane = planes[p + 1];
      if (!subsample) {
        chroma[p] = plane.row(y);
        continue;
      }
      const int nearest = y / 2;
      const int farther = std::clamp(y & 1 ? nearest + 1 : nearest - 1, 0, plane.height - 1);
      blend_rows(plane.row(nearest), plane.row(farther), half, blended.data() + 1);
      blended[0] = blended[1];
      blended[half + 1] = blended[half];
      widen_row(blended.data() + 1, half, full[p].data());
      chroma[p] = full[p].data();
    }
    ycc_row(luma.row(y - y0), chroma[0], chroma[1], out.width, r.data(), g.data(), b.data());
    std::uint8_t* to = out.row(y);
    if (out.channels == 3) {
      join3(r.data(), g.data(), b.data(), out.width, to);
    } else {
      for (int x = 0; x < out.width; ++x) {
        to[4 * x] = r[x];
        to[4 * x + 1] = g[x];
        to[4 * x + 2] = b[x];
      }
    }
  }
}

}  // namespace ablc
