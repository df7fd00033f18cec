// See Tune.h. Parameters are searched one after the other, each from the best
// schedule so far, in at most two sweeps; the winner has to beat the default
// once more, alone with it.
#include "compiler/driver/Tune.h"

#include "compiler/driver/Targets.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace sinter;
using kernels::Schedule;
using kernels::ScheduleParameter;

/// What a schedule must gain to be preferred: less is within the noise.
static constexpr double kGain = 0.97;
static constexpr int kSweeps = 2;

namespace {

/// The search for one kernel.
class Search {
public:
  using Measure = llvm::function_ref<llvm::Expected<std::vector<double>>(
      ArrayRef<Schedule>)>;

  Search(SmallVector<ScheduleParameter> parameters, Measure measure)
      : parameters(std::move(parameters)), measure(measure) {}

  llvm::Expected<TunedKernel> run() {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool changed = false;
      for (const ScheduleParameter &parameter : parameters)
        if (llvm::Error error = vary(parameter, changed))
          return std::move(error);
      if (!changed || parameters.size() == 1)
        break;
    }
    return confirm();
  }

private:
  /// `best` with another value; a default is said by leaving it out.
  Schedule with(const ScheduleParameter &parameter, int64_t value) const {
    Schedule schedule = best;
    if (value == parameter.value)
      schedule.erase(parameter.name.str());
    else
      schedule[parameter.name.str()] = value;
    return schedule;
  }

  llvm::Error vary(const ScheduleParameter &parameter, bool &changed) {
    std::vector<Schedule> candidates = {best};
    for (int64_t value : parameter.values)
      if (Schedule schedule = with(parameter, value); schedule != best)
        candidates.push_back(std::move(schedule));
    Schedule plain = with(parameter, parameter.value);
    if (!llvm::is_contained(candidates, plain))
      candidates.push_back(std::move(plain));
    auto seconds = measure(candidates);
    if (!seconds)
      return seconds.takeError();
    tried += candidates.size() - 1;
    size_t least =
        static_cast<size_t>(llvm::min_element(*seconds) - seconds->begin());
    if ((*seconds)[least] >= (*seconds)[0] * kGain)
      return llvm::Error::success();
    best = candidates[least];
    changed = true;
    return llvm::Error::success();
  }

  llvm::Expected<TunedKernel> confirm() {
    std::vector<Schedule> both = {Schedule()};
    if (!best.empty())
      both.push_back(best);
    auto seconds = measure(both);
    if (!seconds)
      return seconds.takeError();
    TunedKernel found;
    found.seconds = found.defaultSeconds = seconds->front();
    if (seconds->back() < seconds->front() * kGain) {
      found.seconds = seconds->back();
      found.schedule = best;
    }
    for (const ScheduleParameter &parameter : parameters)
      found.defaults[parameter.name.str()] = parameter.value;
    found.candidates = static_cast<int64_t>(tried + 1);
    return found;
  }

  SmallVector<ScheduleParameter> parameters;
  Measure measure;
  Schedule best;
  size_t tried = 0;
};

} // namespace

static void describe(llvm::raw_ostream &talk, const TunedKernel &kernel) {
  talk << llvm::formatv("{0}: {1:F1} us", kernel.id,
                        kernel.defaultSeconds * 1e6);
  if (!kernel.schedule.empty()) {
    talk << llvm::formatv(" -> {0:F1} us with", kernel.seconds * 1e6);
    for (const auto &[name, value] : kernel.schedule)
      talk << " " << name << " " << value;
  }
  talk << llvm::formatv(" ({0} candidates)\n", kernel.candidates);
}

/// Which of the target's variants is tuned, and on what.
static llvm::Expected<TargetVariant> chooseVariant(const TuneOptions &options,
                                                   CandidateBundle &bundle,
                                                   const KernelUse &probe,
                                                   const TargetChoice &choice,
                                                   Tuning &tuning) {
  auto facts = bundle.choose(probe, choice);
  if (!facts)
    return facts.takeError();
  tuning.target = options.device;
  tuning.variant = facts->variant;
  // What follows the semicolon is of this run, not of the device.
  tuning.device = options.device == "cpu"
                      ? llvm::sys::getHostCPUName().str()
                      : StringRef(facts->reason).split(';').first.str();
  for (const TargetVariant &variant : choice.variants)
    if (variant.name == facts->variant)
      return variant;
  return internalError("the device chose a variant that was not offered");
}

namespace {
/// What is tuned.
struct Source {
  PlanRegions regions;
  PlanKind kind;
  TargetChoice choice;
};
} // namespace

static llvm::Expected<Source> sourceOfModel(const CompileOptions &compile,
                                            llvm::raw_ostream &talk) {
  auto model = planModel(compile, talk);
  if (!model)
    return model.takeError();
  return Source{regionsOf(std::move(model->context), std::move(model->module)),
                model->stages.kind, model->stages.targets.front()};
}

static llvm::Expected<Source> sourceOfBundle(const CompileOptions &compile) {
  const std::string &target = compile.targets.front();
  auto text = regionsInBundle(compile.model, target);
  if (!text)
    return text.takeError();
  auto regions = readRegions(*text, compile.model + ": regions");
  if (!regions)
    return regions.takeError();
  auto groups =
      chooseTargets(regions->mlir.get(), compile.targets, compile.variants);
  if (!groups)
    return groups.takeError();
  TargetGroup &group = groups->front();
  return Source{std::move(*regions), group.kind,
                std::move(group.choices.front())};
}

/// Measures every kernel that options.only names.
static llvm::Error tuneKernels(const TuneOptions &options, const Source &source,
                               llvm::ArrayRef<KernelUse> uses,
                               CandidateBundle &bundle,
                               const TargetVariant &variant, Tuning &tuning,
                               llvm::raw_ostream &talk) {
  for (const KernelUse &use : uses) {
    xf::RegionOp region = use.region;
    StringRef id = region.getSymName();
    auto parameters = kernels::parametersOf(*use.family, region, variant.caps);
    if (parameters.empty() || !id.contains(options.only))
      continue;
    auto measure = [&](ArrayRef<Schedule> candidates) {
      return bundle.measure(use, *source.choice.target, variant, candidates,
                            options.seconds);
    };
    auto found = Search(std::move(parameters), measure).run();
    if (!found)
      return found.takeError();
    found->id = id.str();
    found->family = use.family->name().str();
    describe(talk, *found);
    tuning.kernels.push_back(std::move(*found));
  }
  if (tuning.kernels.empty())
    return inputError("no kernel that can be tuned has '" + options.only +
                      "' in its id");
  return llvm::Error::success();
}

llvm::Expected<Tuning> sinter::tune(const TuneOptions &options,
                                    llvm::raw_ostream &talk) {
  CompileOptions compile = options.compile;
  compile.targets = {options.device};
  compile.variants.clear();
  if (!options.variant.empty())
    compile.variants = {options.variant};
  else if (options.device == "cpu")
    compile.variants = {"native"};
  auto source =
      options.isBundle ? sourceOfBundle(compile) : sourceOfModel(compile, talk);
  if (!source)
    return source.takeError();
  std::vector<KernelUse> uses = kernelUses(source->regions);
  CandidateDevice device;
  device.kind =
      options.device == "vulkan" ? SINTER_DEVICE_VULKAN : SINTER_DEVICE_CPU;
  device.gpu = options.gpu;
  device.threads = compile.threads;
  auto bundle = CandidateBundle::create(source->regions, source->kind, uses,
                                        std::move(device));
  if (!bundle)
    return bundle.takeError();
  Tuning tuning;
  auto variant =
      chooseVariant(options, **bundle, uses.front(), source->choice, tuning);
  if (!variant)
    return variant.takeError();
  if (llvm::Error error =
          tuneKernels(options, *source, uses, **bundle, *variant, tuning, talk))
    return std::move(error);
  return tuning;
}
