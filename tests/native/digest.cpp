// Prints for each file named a digest of its decoded pixels, or why it is refused, for comparing
// machines.

#include <cstdio>
#include <fstream>
#include <iterator>

#include "codec.h"

namespace {

using ablc::Status;

constexpr std::uint64_t kMaxPixels = 1 << 22;

/// FNV-1a.
std::uint64_t digest(ablc::ByteView bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

/// Decode a file; return why it is refused, empty if it is sound.
std::string decode(ablc::ByteView file, ablc::Bytes& pixels) {
  ablc::Parsed parsed;
  if (const Status status = ablc::parse(file, kMaxPixels, false, parsed); status != Status::ok)
    return "refused with status " + std::to_string(static_cast<int>(status)) + " " + parsed.fault;
  const ablc::Header& h = parsed.header;
  pixels.resize(ablc::sample_count(h.width, h.height, h.channels));
  std::vector<std::string> lost;
  const ablc::Image out{h.width, h.height, h.channels, pixels};
  ablc::decode(parsed, {0, 0, h.width, h.height}, {.threads = 2}, out, lost);
  std::string faults;
  for (const std::string& fault : lost) faults += fault + "; ";
  return faults;
}

}  // namespace

int main(int count, char** names) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(names[i], std::ios::binary);
    const ablc::Bytes data((std::istreambuf_iterator<char>(file)), {});
    ablc::Bytes pixels;
    if (const std::string faults = decode(data, pixels); !faults.empty())
      std::printf("%s %s\n", names[i], faults.c_str());
    else
      std::printf("%s %016llx\n", names[i], static_cast<unsigned long long>(digest(pixels)));
  }
  return 0;
}
