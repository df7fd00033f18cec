//===- WeightPacker.cpp - From tensors on disk to weight shards -----------===//
//
// See WeightPacker.h. A job is a run of panels of one weight (or a vector, or
// some positions of a rotary table) and knows its place in the weight bytes.
//
//===----------------------------------------------------------------------===//

#include "compiler/bundle/WeightPacker.h"

#include "compiler/bundle/AlibiTable.h"
#include "compiler/bundle/RopeTable.h"
#include "compiler/bundle/ShardAssembler.h"
#include "compiler/bundle/WeightRows.h"
#include "compiler/support/Error.h"
#include "llvm/Support/Threading.h"

#include <atomic>
#include <cstring>
#include <thread>

using namespace sinter;
using quant::kPanelRows;

/// About this much is packed at a time.
static constexpr int64_t kJobBytes = 1 << 20;
static constexpr unsigned kMaxThreads = 256;

namespace {

/// One weight of the plan.
struct Weight {
  std::optional<WeightRows> rows; ///< unless a rotary table
  std::optional<RopeFrequencies> rope;
  std::optional<xf::AlibiAttr> alibi;
  const quant::Scheme *scheme = nullptr; ///< rows16 only
  int64_t units = 0;     ///< panels, 1 for a vector, positions of a table
  int64_t unitBytes = 0; ///< packed
  int64_t offset = 0;
};

/// Units [first, first + count) of a weight, then `padding` zero bytes.
struct Job {
  size_t weight;
  int64_t first, count, padding;
  quant::PackStats stats;
};

/// Buffers of one thread.
struct Scratch {
  std::vector<float> rows;
  std::vector<uint8_t> packed;
};

class Packer {
public:
  Packer(const ModelSource &source, BundleWriter &bundle,
         const WeightPackOptions &options)
      : source(source), bundle(bundle), options(options) {}

  llvm::Expected<PackReport> run(plan::ProgramOp program);

private:
  llvm::Error addWeight(plan::WeightOp op, xf::WeightOp definition);
  llvm::Error addWeights(plan::ProgramOp program);
  void cutIntoJobs(int64_t totalBytes);
  void work(ShardAssembler &shards);
  llvm::Error runJob(size_t index, Scratch &scratch, ShardAssembler &shards);
  void pack(Job &job, Scratch &scratch);
  void prefetch(size_t index);
  void fail(size_t job, llvm::Error error, ShardAssembler &shards);
  llvm::Error checkStrict() const;
  void summarise();

  const ModelSource &source;
  BundleWriter &bundle;
  const WeightPackOptions &options;
  std::vector<Weight> weights;
  std::vector<Job> jobs;
  PackReport report;
  unsigned threads = 1;
  std::atomic<size_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex failing; ///< guards firstError, failedJob
  size_t failedJob = SIZE_MAX;
  llvm::Error firstError = llvm::Error::success();
};

} // namespace

//===-- What there is to do
//-------------------------------------------------===//

llvm::Error Packer::addWeight(plan::WeightOp op, xf::WeightOp definition) {
  auto type = mlir::cast<mlir::RankedTensorType>(definition.getType());
  Weight weight;
  weight.offset = op.getOffset();
  WeightReport entry;
  entry.name = op.getSymName().str();
  entry.layout = op.getLayout().str();
  entry.elements = static_cast<uint64_t>(type.getNumElements());
  entry.bytes = static_cast<uint64_t>(op.getBytes());
  entry.scheme = "f32";
  if (auto rope = definition.getRope()) {
    entry.isRopeTable = true;
    weight.rope = ropeFrequencies(*rope);
    weight.units = type.getDimSize(0);
    weight.unitBytes = type.getDimSize(1) * 4;
  } else if (auto alibi = definition.getAlibi()) {
    entry.isRopeTable = true;
    weight.alibi = *alibi;
    weight.units = type.getDimSize(0);
    weight.unitBytes = type.getDimSize(1) * 4;
  } else {
    llvm::Expected<WeightRows> rows = WeightRows::find(definition, source);
    if (!rows)
      return rows.takeError();
    weight.rows = std::move(*rows);
    weight.units = 1;
    weight.unitBytes = type.getNumElements() * 4;
  }
  if (op.getLayout() == "rows16") {
    entry.scheme = xf::stringifyScheme(xf::getScheme(type)).str();
    weight.scheme = quant::findScheme(entry.scheme);
    if (!weight.scheme)
      return internalError("weight " + entry.name + " has the scheme " +
                           entry.scheme + ", which has no packed form");
    weight.units = quant::panelCount(weight.rows->rows());
    weight.unitBytes = weight.scheme->panelBytes(weight.rows->columns());
    entry.repacked = weight.rows->repacks(*weight.scheme);
  }
  if (weight.units * weight.unitBytes != op.getBytes())
    return internalError("weight " + entry.name + " packs into " +
                         llvm::Twine(weight.units * weight.unitBytes) +
                         " bytes, the plan has " + llvm::Twine(op.getBytes()));
  weights.push_back(std::move(weight));
  report.weights.push_back(std::move(entry));
  return llvm::Error::success();
}

llvm::Error Packer::addWeights(plan::ProgramOp program) {
  int64_t end = 0;
  for (auto op : program.getBody().getOps<plan::WeightOp>()) {
    auto definition = mlir::SymbolTable::lookupNearestSymbolFrom<xf::WeightOp>(
        program->getParentOp(), op.getDefinitionAttr());
    if (!definition)
      return internalError("weight " + op.getSymName() +
                           " has no definition @" + op.getDefinition());
    if (op.getOffset() < end || (end == 0 && op.getOffset() != 0))
      return internalError("weight " + op.getSymName() +
                           " does not follow the one before it");
    end = op.getOffset() + op.getBytes();
    if (llvm::Error error = addWeight(op, definition))
      return error;
  }
  if (end != static_cast<int64_t>(program.getWeightBytes()))
    return internalError(
        "the plan has " + llvm::Twine(program.getWeightBytes()) +
        " weight bytes, its weights end at " + llvm::Twine(end));
  return llvm::Error::success();
}

void Packer::cutIntoJobs(int64_t totalBytes) {
  for (size_t i = 0; i < weights.size(); ++i) {
    const Weight &weight = weights[i];
    int64_t step = std::max<int64_t>(1, kJobBytes / weight.unitBytes);
    int64_t after = i + 1 < weights.size() ? weights[i + 1].offset : totalBytes;
    for (int64_t first = 0; first < weight.units; first += step) {
      int64_t count = std::min(step, weight.units - first);
      bool last = first + count == weight.units;
      int64_t end = weight.offset + weight.units * weight.unitBytes;
      jobs.push_back({i, first, count, last ? after - end : 0, {}});
    }
  }
}

//===-- One job
//-------------------------------------------------------------===//

void Packer::pack(Job &job, Scratch &scratch) {
  const Weight &weight = weights[job.weight];
  auto *bytes = scratch.packed.data();
  if (weight.rope || weight.alibi) {
    // Through floats: the byte buffer has no alignment of its own.
    size_t floats = static_cast<size_t>(job.count * weight.unitBytes / 4);
    scratch.rows.resize(std::max(scratch.rows.size(), floats));
    if (weight.rope)
      fillRopeTable(*weight.rope, job.first, job.count, scratch.rows.data());
    else
      fillAlibiTable(*weight.alibi, job.first, job.count, weight.unitBytes / 4,
                     scratch.rows.data());
    std::memcpy(bytes, scratch.rows.data(), floats * 4);
    return;
  }
  const WeightRows &rows = *weight.rows;
  if (!weight.scheme) {
    scratch.rows.resize(
        std::max(scratch.rows.size(), static_cast<size_t>(rows.rows())));
    rows.readVector(scratch.rows.data(), job.stats);
    std::memcpy(bytes, scratch.rows.data(),
                static_cast<size_t>(weight.unitBytes));
    return;
  }
  scratch.rows.resize(std::max(
      scratch.rows.size(), static_cast<size_t>(kPanelRows * rows.columns())));
  quant::PackOptions pack;
  pack.magnitude = options.magnitude;
  for (int64_t i = 0; i < job.count; ++i)
    rows.packPanel(job.first + i, *weight.scheme, pack, scratch.rows.data(),
                   bytes + i * weight.unitBytes, job.stats);
}

/// First row and number of rows of a job.
static std::pair<int64_t, int64_t> rowsOf(const Job &job,
                                          const Weight &weight) {
  if (!weight.scheme)
    return {0, weight.rows->rows()};
  return {job.first * kPanelRows, job.count * kPanelRows};
}

void Packer::prefetch(size_t index) {
  if (index >= jobs.size() || !weights[jobs[index].weight].rows)
    return;
  const Weight &weight = weights[jobs[index].weight];
  auto [first, count] = rowsOf(jobs[index], weight);
  weight.rows->prefetch(first, count);
}

llvm::Error Packer::runJob(size_t index, Scratch &scratch,
                           ShardAssembler &shards) {
  if (llvm::Error error = checkInterrupt())
    return error;
  Job &job = jobs[index];
  const Weight &weight = weights[job.weight];
  prefetch(index + threads);
  if (weight.rows) {
    auto [first, count] = rowsOf(job, weight);
    if (llvm::Error error = weight.rows->checkUnchanged(first, count))
      return error;
  }
  scratch.packed.assign(
      static_cast<size_t>(job.count * weight.unitBytes + job.padding), 0);
  pack(job, scratch);
  if (weight.rows) {
    auto [first, count] = rowsOf(job, weight);
    weight.rows->release(first, count);
  }
  int64_t offset = weight.offset + job.first * weight.unitBytes;
  if (llvm::Error error =
          shards.put(static_cast<uint64_t>(offset), scratch.packed))
    return error;
  if (options.progress)
    options.progress->advance(scratch.packed.size());
  return llvm::Error::success();
}

//===-- All jobs
//------------------------------------------------------------===//

/// Of several failures that of the earliest job is reported.
void Packer::fail(size_t job, llvm::Error error, ShardAssembler &shards) {
  stopped = true;
  shards.stop();
  std::lock_guard<std::mutex> lock(failing);
  if (job < failedJob)
    std::swap(firstError, error);
  failedJob = std::min(failedJob, job);
  llvm::consumeError(std::move(error));
}

void Packer::work(ShardAssembler &shards) {
  Scratch scratch;
  for (size_t i; !stopped && (i = next++) < jobs.size();)
    if (llvm::Error error = runJob(i, scratch, shards))
      return fail(i, std::move(error), shards);
}

llvm::Error Packer::checkStrict() const {
  std::string list;
  for (const WeightReport &weight : report.weights)
    if (weight.stats.nonFinite)
      list += (list.empty() ? "" : ", ") + weight.name + " (" +
              std::to_string(weight.stats.nonFinite) + ")";
  if (!options.strict || list.empty())
    return llvm::Error::success();
  return inputError(source.path() +
                    ": weights hold NaN or infinite numbers: " + list);
}

void Packer::summarise() {
  for (const Job &job : jobs)
    report.weights[job.weight].stats.merge(job.stats);
  uint64_t packed = 0;
  for (const WeightReport &weight : report.weights) {
    if (weight.isRopeTable)
      continue;
    report.total.merge(weight.stats);
    report.parameters += weight.elements;
    packed += weight.bytes;
  }
  if (report.parameters)
    report.bitsPerWeight = 8.0 * static_cast<double>(packed) /
                           static_cast<double>(report.parameters);
}

llvm::Expected<PackReport> Packer::run(plan::ProgramOp program) {
  if (llvm::Error error = addWeights(program))
    return std::move(error);
  int64_t total = static_cast<int64_t>(program.getWeightBytes());
  cutIntoJobs(total);
  if (llvm::Error error = bundle.reserve(static_cast<uint64_t>(total)))
    return std::move(error);
  threads = options.threads
                ? options.threads
                : llvm::hardware_concurrency().compute_thread_count();
  threads = std::min(threads, kMaxThreads);
  ShardAssembler shards(static_cast<uint64_t>(total), bundle,
                        options.hashPieces);
  if (options.progress)
    options.progress->start("packing weights", static_cast<uint64_t>(total));
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min<size_t>(threads, jobs.size()); ++i)
    helpers.emplace_back([&] { work(shards); });
  work(shards);
  for (std::thread &helper : helpers)
    helper.join();
  if (options.progress)
    options.progress->finish();
  if (firstError)
    return std::move(firstError);
  summarise();
  report.pieceHashes = shards.pieceHashes().str();
  if (llvm::Error error = source.checkUnchanged())
    return std::move(error);
  if (llvm::Error error = checkStrict())
    return std::move(error);
  return std::move(report);
}

llvm::Expected<PackReport>
sinter::packWeights(plan::ProgramOp program, const ModelSource &source,
                    BundleWriter &bundle, const WeightPackOptions &options) {
  return Packer(source, bundle, options).run(program);
}

std::vector<std::string> PackReport::warnings() const {
  std::vector<std::string> lines;
  for (const WeightReport &weight : weights) {
    if (weight.stats.nonFinite)
      lines.push_back("weight " + weight.name + " holds " +
                      std::to_string(weight.stats.nonFinite) +
                      " numbers that are NaN or infinite");
    if (weight.stats.clipped)
      lines.push_back("weight " + weight.name + " holds " +
                      std::to_string(weight.stats.clipped) +
                      " numbers too large for " + weight.scheme);
  }
  return lines;
}
