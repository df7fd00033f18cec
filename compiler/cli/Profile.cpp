// See Profile.h. The trace is the JSON of Chrome's trace event format (complete
// events, "ph": "X", times in microseconds).
#include "compiler/cli/Profile.h"

#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace sinter;
using namespace sinter::cli;

void Profile::Sum::add(const Sum &other) {
  calls += other.calls;
  seconds += other.seconds;
  bytes += other.bytes;
}

std::vector<const std::pair<std::string, Profile::Kernel> *>
Profile::Entry::byTime() const {
  std::vector<const std::pair<std::string, Kernel> *> sorted;
  for (const auto &kernel : kernels)
    sorted.push_back(&kernel);
  llvm::stable_sort(sorted, [](const auto *a, const auto *b) {
    return a->second.sum.seconds > b->second.sum.seconds;
  });
  return sorted;
}

void Profile::addRow(const sinter_profile_row &row, const ProfiledCall &call,
                     std::string &lastEntry) {
  if (!row.calls)
    return;
  Sum sum{row.calls, row.seconds,
          double(row.calls) *
              report.bytesOfRun(row.kernel, call.tokens, call.position)};
  Entry &entry = entries[row.entry];
  if (lastEntry != row.entry)
    entry.runs += row.calls;
  lastEntry = row.entry;
  entry.sum.add(sum);
  Kernel &kernel = entry.kernels[row.kernel];
  kernel.family = row.family;
  kernel.sum.add(sum);
  events.push_back({row.kernel, row.entry, row.layer, row.last_begin,
                    row.seconds, sum.bytes});
}

void Profile::add(sinter_session *session, const ProfiledCall &call) {
  struct Context {
    Profile &profile;
    const ProfiledCall &call;
    std::string lastEntry;
  } context{*this, call, {}};
  auto take = [](void *user, const sinter_profile_row *row) {
    auto &to = *static_cast<Context *>(user);
    to.profile.addRow(*row, to.call, to.lastEntry);
  };
  // It fails for sessions without a profile only.
  (void)sinter_session_profile(session, take, &context, /*reset=*/1);
  calls.push_back(call);
  wallSeconds += call.end - call.begin;
}

void Profile::print(llvm::raw_ostream &out) const {
  Sum total;
  for (const auto &[name, entry] : entries) {
    total.add(entry.sum);
    out << llvm::formatv("{0}: {1} {2}, {3:F2} ms, {4:N} bytes, {5:F2} GB/s\n",
                         name, entry.runs, entry.runs == 1 ? "run" : "runs",
                         entry.sum.seconds * 1e3,
                         static_cast<uint64_t>(entry.sum.bytes),
                         entry.sum.bytesPerSecond() / 1e9);
    out << llvm::formatv("{0,8} {1,10} {2,16} {3,8} {4,7}  {5,-21} {6}\n",
                         "calls", "ms", "bytes", "GB/s", "share", "family",
                         "kernel");
    for (const auto *kernel : entry.byTime()) {
      const Sum &sum = kernel->second.sum;
      out << llvm::formatv(
          "{0,8} {1,10:F2} {2,16:N} {3,8:F2} {4,7:P1}  {5,-21} {6}\n",
          sum.calls, sum.seconds * 1e3, static_cast<uint64_t>(sum.bytes),
          sum.bytesPerSecond() / 1e9,
          entry.sum.seconds > 0 ? sum.seconds / entry.sum.seconds : 0.0,
          kernel->second.family, kernel->first);
    }
  }
  out << llvm::formatv(
      "all: {0:F2} ms in kernels, {1:P1} of the {2:F2} ms that {3} calls "
      "took\n",
      total.seconds * 1e3, wallSeconds > 0 ? total.seconds / wallSeconds : 0.0,
      wallSeconds * 1e3, calls.size());
}

llvm::json::Object Profile::json() const {
  llvm::json::Array list;
  double seconds = 0;
  for (const auto &[name, entry] : entries) {
    llvm::json::Array kernels;
    for (const auto *kernel : entry.byTime()) {
      const Sum &sum = kernel->second.sum;
      kernels.push_back(llvm::json::Object{
          {"id", kernel->first},
          {"family", kernel->second.family},
          {"calls", static_cast<int64_t>(sum.calls)},
          {"seconds", sum.seconds},
          {"bytes", sum.bytes},
          {"share",
           entry.sum.seconds > 0 ? sum.seconds / entry.sum.seconds : 0.0}});
    }
    list.push_back(
        llvm::json::Object{{"entry", name},
                           {"runs", static_cast<int64_t>(entry.runs)},
                           {"seconds", entry.sum.seconds},
                           {"bytes", entry.sum.bytes},
                           {"kernels", std::move(kernels)}});
    seconds += entry.sum.seconds;
  }
  return llvm::json::Object{{"kernel_seconds", seconds},
                            {"wall_seconds", wallSeconds},
                            {"entries", std::move(list)}};
}

//===-- Trace -------------------------------------------------------------===//

/// Tracks of the trace.
static constexpr int64_t kCallTrack = 1, kDispatchTrack = 2;

static void nameTrack(llvm::json::OStream &out, const char *what, int64_t track,
                      llvm::StringRef name) {
  out.object([&] {
    out.attribute("name", what);
    out.attribute("ph", "M");
    out.attribute("pid", 1);
    out.attribute("tid", track);
    out.attributeObject("args", [&] { out.attribute("name", name); });
  });
}

static void event(llvm::json::OStream &out, llvm::StringRef name,
                  llvm::StringRef category, int64_t track, double begin,
                  double seconds, llvm::function_ref<void()> arguments) {
  out.object([&] {
    out.attribute("name", name);
    out.attribute("cat", category);
    out.attribute("ph", "X");
    out.attribute("pid", 1);
    out.attribute("tid", track);
    out.attribute("ts", begin * 1e6);
    out.attribute("dur", seconds * 1e6);
    out.attributeObject("args", arguments);
  });
}

llvm::Error Profile::writeTrace(const std::string &path,
                                const llvm::json::Object &names) const {
  std::error_code problem;
  llvm::raw_fd_ostream file(path, problem);
  if (problem)
    return resourceError("cannot write " + path + ": " + problem.message());
  llvm::json::OStream out(file);
  // Times from the first call on: microseconds since boot lose digits.
  double start = calls.empty() ? 0 : calls.front().begin;
  out.object([&] {
    out.attribute("displayTimeUnit", "ms");
    out.attribute("otherData", llvm::json::Object(names));
    out.attributeArray("traceEvents", [&] {
      nameTrack(out, "process_name", kCallTrack, "sinter");
      nameTrack(out, "thread_name", kCallTrack, "calls");
      nameTrack(out, "thread_name", kDispatchTrack, "dispatches");
      for (const ProfiledCall &call : calls)
        event(out, call.name, "call", kCallTrack, call.begin - start,
              call.end - call.begin, [&] {
                out.attribute("tokens", static_cast<int64_t>(call.tokens));
                out.attribute("position", static_cast<int64_t>(call.position));
              });
      for (const Event &dispatch : events)
        event(out, dispatch.kernel, dispatch.entry, kDispatchTrack,
              dispatch.begin - start, dispatch.seconds, [&] {
                out.attribute("layer", dispatch.layer);
                out.attribute("bytes", dispatch.bytes);
              });
    });
  });
  file << '\n';
  file.close();
  if (!file.has_error())
    return llvm::Error::success();
  problem = file.error();
  file.clear_error();
  return resourceError("cannot write " + path + ": " + problem.message());
}
