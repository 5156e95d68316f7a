#include "fault.h"

#include <algorithm>

namespace ablc {

std::string describe_fault(Status status, ByteView file, const Parsed& parsed,
                           std::uint64_t max_pixels, const std::vector<std::string>& lost) {
  switch (status) {
    case Status::ok:
      break;
    case Status::truncated:
      return "the stream of " + std::to_string(file.size()) + " bytes is cut short";
    case Status::corrupt: {
      if (file.size() < 3 || !std::equal(file.begin(), file.begin() + 3, kMagic.begin()))
        return "not an ablc stream: it does not begin with 'ABL'";
      std::string text = "the stream is damaged";
      if (!parsed.fault.empty()) text += ": " + parsed.fault;
      const char* separator = parsed.fault.empty() ? ": " : ", ";
      for (const std::string& part : lost) {
        text += separator + part;
        separator = ", ";
      }
      return text;
    }
    case Status::unsupported:
      if (file[3] == kFirstVersion && parsed.header.version > kFirstVersion)
        return "the stream needs an older decoder: it is lossy, of format version 1";
      return "the stream needs a newer decoder: version or flags unknown";
    case Status::limit:
      return "the picture of " + std::to_string(parsed.header.width) + "x" +
             std::to_string(parsed.header.height) + " pixels exceeds the limit of " +
             std::to_string(max_pixels) + " pixels";
  }
  return "";
}

}  // namespace ablc
