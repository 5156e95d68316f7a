// Puts files through a fuzz target, without libFuzzer:
//
//   replay PATH...                          every file, folders with all they hold
//   replay --mutate N [OPTION VALUE]... PATH...   N mutants of the files
//     --seed S      another N mutants (0)
//     --first K     number of the first of them (0): repeats a failure that was reported
//     --jobs J      processes (1)
//     --pixels P    larger pictures are refused (65536)
//     --failures F  folder for the mutants that fail (here)
//
// The last line tells how many passed and failed. Exit code 1 if one failed: crashed, met a
// sanitizer, broke a promise of the target or took longer than kSeconds.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <new>
#include <string>

#include "mutate.h"
#include "target.h"

// One input may not ask for much; the decoder has no memory to leak, and leak checks need ptrace.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=256:quarantine_size_mb=16:detect_leaks=0";
}
extern "C" const char* __ubsan_default_options() {
  return "print_stacktrace=1";
}

namespace {

namespace fs = std::filesystem;
using ablc::Bytes;
using ablc::fuzz::Outcome;

constexpr unsigned kSeconds = 30;           // for one input
constexpr std::uint64_t kMaxFailures = 20;  // enough to look at

struct Options {
  std::uint64_t mutate = 0;
  std::uint64_t seed = 0;
  std::uint64_t first = 0;
  std::uint64_t jobs = 1;
  std::uint64_t pixels = 1 << 16;
  fs::path failures = ".";
  std::vector<fs::path> files;
};

/// What a worker process leaves for its parent.
struct Progress {
  std::atomic<std::uint64_t> current;
  std::array<std::atomic<std::uint64_t>, 3> outcomes;
};

Bytes read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void add(const fs::path& path, std::vector<fs::path>& files) {
  if (!fs::is_directory(path)) return files.push_back(path);
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) files.push_back(entry.path());
}

Options options_of(int count, char** arguments) {
  Options options;
  const std::map<std::string, std::uint64_t*> numbers = {{"--mutate", &options.mutate},
                                                         {"--seed", &options.seed},
                                                         {"--first", &options.first},
                                                         {"--jobs", &options.jobs},
                                                         {"--pixels", &options.pixels}};
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (!argument.starts_with("--")) {
      add(argument, options.files);
      continue;
    }
    if (i + 1 == count) throw std::runtime_error(argument + " wants a value");
    const std::string value = arguments[++i];
    if (argument == "--failures")
      options.failures = value;
    else if (numbers.contains(argument))
      *numbers.at(argument) = std::stoull(value);
    else
      throw std::runtime_error("no option " + argument);
  }
  if (options.files.empty()) throw std::runtime_error("no files");
  std::sort(options.files.begin(), options.files.end());
  options.jobs = std::clamp<std::uint64_t>(options.jobs, 1, 256);
  return options;
}

/// The inputs, by number.
struct Inputs {
  std::uint64_t first;
  std::uint64_t end;
  std::function<Bytes(std::uint64_t)> get;
  std::function<std::string(std::uint64_t)> name;
};

/// Runs inputs in a process of its own, since the first failure ends it.
pid_t start_worker(const Inputs& inputs, std::uint64_t first, std::uint64_t end,
                   Progress& progress) {
  const pid_t worker = fork();
  if (worker < 0) throw std::runtime_error("cannot start a process");
  if (worker > 0) return worker;
  for (std::uint64_t i = first; i < end; ++i) {
    progress.current = i;
    alarm(kSeconds);
    const Bytes input = inputs.get(i);
    ++progress.outcomes[static_cast<std::size_t>(ablc::fuzz::run(input))];
  }
  _exit(0);
}

/// All inputs, split among the jobs. Returns how many failed, 0 to kMaxFailures.
std::uint64_t run_all(const Inputs& inputs, const Options& options, Progress* progress) {
  struct Share {
    std::uint64_t end;
    Progress* progress;
  };
  std::map<pid_t, Share> workers;
  const std::uint64_t count = inputs.end - inputs.first;
  for (std::uint64_t j = 0; j < options.jobs; ++j) {
    const std::uint64_t first = inputs.first + count * j / options.jobs;
    const std::uint64_t end = inputs.first + count * (j + 1) / options.jobs;
    workers[start_worker(inputs, first, end, progress[j])] = {end, &progress[j]};
  }
  std::uint64_t failed = 0;
  while (!workers.empty()) {
    int status = 0;
    const pid_t worker = wait(&status);
    const Share share = workers.at(worker);
    workers.erase(worker);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    const std::uint64_t i = share.progress->current;
    const bool late = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    const fs::path kept = options.failures / inputs.name(i);
    const Bytes input = inputs.get(i);
    std::ofstream(kept, std::ios::binary)
        .write(reinterpret_cast<const char*>(input.data()),
               static_cast<std::streamsize>(input.size()));
    std::cerr << (late ? "too slow: " : "failed: ") << kept.string() << std::endl;
    if (++failed < kMaxFailures)
      workers[start_worker(inputs, i + 1, share.end, *share.progress)] = share;
  }
  return failed;
}

int replay(const Options& options) {
  ablc::fuzz::max_pixels = options.pixels;
  std::vector<Bytes> files;
  for (const fs::path& path : options.files) files.push_back(read(path));
  Inputs inputs{0, files.size(), [&](std::uint64_t i) { return files[i]; },
                [&](std::uint64_t i) { return "failed-" + options.files[i].filename().string(); }};
  if (options.mutate > 0) {
    inputs.first = options.first;
    inputs.end = options.first + options.mutate;
    inputs.get = [&](std::uint64_t i) { return ablc::fuzz::mutant(files, options.seed, i); };
    inputs.name = [&](std::uint64_t i) {
      return "failed-seed" + std::to_string(options.seed) + "-" + std::to_string(i);
    };
  }
  void* shared = mmap(nullptr, options.jobs * sizeof(Progress), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("cannot share memory");
  auto* progress = new (shared) Progress[options.jobs]{};
  const std::uint64_t failed = run_all(inputs, options, progress);
  std::array<std::uint64_t, 3> outcomes{};
  for (std::uint64_t j = 0; j < options.jobs; ++j)
    for (std::size_t k = 0; k < outcomes.size(); ++k) outcomes[k] += progress[j].outcomes[k];
  const auto count = [&](Outcome o) { return outcomes[static_cast<std::size_t>(o)]; };
  std::cout << outcomes[0] + outcomes[1] + outcomes[2] << " passed (" << count(Outcome::decoded)
            << " decoded, " << count(Outcome::saved) << " saved in part, "
            << count(Outcome::refused) << " refused), " << failed << " failed" << std::endl;
  return failed ? 1 : 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return replay(options_of(count, arguments));
  } catch (const std::exception& error) {
    std::cerr << "replay: " << error.what() << "\n";
    return 2;
  }
}
