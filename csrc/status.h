#pragma once

namespace ablc {

/// What a decoder says of its input. Every value but ok becomes a typed error in Python.
enum class Status {
  ok,
  truncated,    ///< the bytes end too early
  corrupt,      ///< the bytes contradict the format or their checksum
  unsupported,  ///< a version or a feature that this decoder does not know
  limit,        ///< the header asks for more pixels than the caller allows
};

}  // namespace ablc
