#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stream.h"

namespace ablc {

/// Return what is wrong with a file, in words, for any status but ok. lost: what a decode lost.
std::string describe_fault(Status status, ByteView file, const Parsed& parsed,
                           std::uint64_t max_pixels, const std::vector<std::string>& lost = {});

}  // namespace ablc
