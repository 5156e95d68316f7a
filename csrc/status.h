#pragma once

namespace ablc {

/// A decoder's verdict on its input. Every value but ok becomes an exception in Python.
enum class Status {
  ok,
  truncated,    ///< the bytes end too early
  corrupt,      ///< the bytes contradict the format or their checksum
  unsupported,  ///< the stream has a version or feature that this decoder does not know
  limit,        ///< the picture has more pixels than the caller allows
};

}  // namespace ablc
