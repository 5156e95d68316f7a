// Prints a digest of the decoded pixels of each file named, for comparing machines.

#include <cstdio>
#include <fstream>
#include <iterator>

#include "codec.h"

namespace {

/// FNV-1a.
std::uint64_t digest(ablc::ByteView bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211u;
  return hash;
}

}  // namespace

int main(int count, char** names) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(names[i], std::ios::binary);
    const ablc::Bytes data((std::istreambuf_iterator<char>(file)), {});
    ablc::Parsed parsed;
    if (ablc::parse(data, UINT64_MAX, false, parsed) != ablc::Status::ok) return 1;
    const ablc::Header& h = parsed.header;
    ablc::Bytes pixels(static_cast<std::size_t>(h.width) * static_cast<std::size_t>(h.height) *
                       static_cast<std::size_t>(h.channels));
    std::vector<std::string> lost;
    const ablc::Image out{h.width, h.height, h.channels, pixels};
    if (ablc::decode(parsed, {0, 0, h.width, h.height}, {.threads = 2}, out, lost) !=
        ablc::Status::ok)
      return 1;
    std::printf("%016llx %s\n", static_cast<unsigned long long>(digest(pixels)), names[i]);
  }
  return 0;
}
