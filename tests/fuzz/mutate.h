#pragma once

// Deterministic damage: a mutant depends on the seed files, the seed and its number alone.

#include <cstdint>
#include <vector>

#include "stream.h"

namespace ablc::fuzz {

/// The mutant of that number: a seed file after a few edits, its checksum repaired in half of them.
Bytes mutant(const std::vector<Bytes>& files, std::uint64_t seed, std::uint64_t number);

}  // namespace ablc::fuzz
