// What a profiled session measured, for `bench --profile`: a table by entry
// point and kernel, and a timeline that Perfetto opens. Kernel ids are those of
// `inspect --kernels`; bytes are the plan's for the tokens and the position of
// each call.
#pragma once

#include "compiler/cli/PlanReport.h"
#include "runtime/include/sinter.hpp"

#include "llvm/ADT/MapVector.h"

#include <map>
#include <string>
#include <vector>

namespace sinter::cli {

/// A call of the application's interface: "decode", and what it was about.
struct ProfiledCall {
  const char *name = "";
  uint32_t tokens = 1, position = 0;
  double begin = 0, end = 0; ///< seconds of the monotonic clock
};

/// By name, in the order of first use.
template <typename T>
using ByName = llvm::MapVector<std::string, T, std::map<std::string, unsigned>>;

class Profile {
public:
  /// report outlives the profile.
  explicit Profile(const PlanReport &report) : report(report) {}

  /// Takes over what the session measured since the last call of this function:
  /// one run of some entry points.
  void add(sinter_session *session, const ProfiledCall &call);

  /// Times of kernels in each entry point, their sums, and all against the wall
  /// time of the calls.
  void print(llvm::raw_ostream &out) const;
  llvm::json::Object json() const;

  /// Writes a Chrome trace: calls on one track, dispatches on another. names
  /// say what ran: model, device, variant.
  llvm::Error writeTrace(const std::string &path,
                         const llvm::json::Object &names) const;

private:
  struct Sum {
    uint64_t calls = 0;
    double seconds = 0, bytes = 0;
    double bytesPerSecond() const { return seconds > 0 ? bytes / seconds : 0; }
    void add(const Sum &other);
  };
  struct Kernel {
    std::string family;
    Sum sum;
  };
  struct Entry {
    uint64_t runs = 0;
    Sum sum;
    ByName<Kernel> kernels; ///< by id
    std::vector<const std::pair<std::string, Kernel> *> byTime() const;
  };
  struct Event {
    std::string kernel, entry, layer;
    double begin, seconds, bytes;
  };

  /// lastEntry: that of the row before, of this call.
  void addRow(const sinter_profile_row &row, const ProfiledCall &call,
              std::string &lastEntry);

  const PlanReport &report;
  ByName<Entry> entries;
  std::vector<ProfiledCall> calls;
  std::vector<Event> events;
  double wallSeconds = 0;
};

} // namespace sinter::cli
