#ifdef ABLC_STATISTICS

#include "statistics.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace ablc {

void record(const char* kind, int step, const std::vector<std::uint32_t>& numbers) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const char* name = std::getenv("ABLC_STATISTICS");
  if (!name) return;
  std::FILE* file = std::fopen(name, "ab");
  const std::uint32_t head[3] = {static_cast<std::uint32_t>(std::strlen(kind)),
                                 static_cast<std::uint32_t>(step),
                                 static_cast<std::uint32_t>(numbers.size())};
  std::fwrite(head, sizeof head, 1, file);
  std::fwrite(kind, head[0], 1, file);
  std::fwrite(numbers.data(), sizeof(std::uint32_t), numbers.size(), file);
  std::fclose(file);
}

}  // namespace ablc

#endif
