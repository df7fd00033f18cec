// The targets by name; the only place that knows them all. See Targets.h.
#include "compiler/driver/Targets.h"

#include "compiler/driver/Compile.h"
#include "compiler/driver/Golden.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/STLExtras.h"

namespace sinter {
#define SINTER_TARGET(NAME, GET) const Target &GET();
#include "compiler/driver/Targets.def"
} // namespace sinter

using namespace sinter;

/// What a browser gets: a GPU where there is one, the processor elsewhere.
static constexpr llvm::StringLiteral kWeb[] = {"webgpu", "wasm"};

const Target *sinter::findTarget(llvm::StringRef name) {
#define SINTER_TARGET(NAME, GET)                                               \
  if (name == NAME)                                                            \
    return &GET();
#include "compiler/driver/Targets.def"
  return nullptr;
}

std::string sinter::targetList() {
  std::string list;
#define SINTER_TARGET(NAME, GET)                                               \
  list += (list.empty() ? "" : ", ");                                          \
  list += NAME;
#include "compiler/driver/Targets.def"
  return list;
}

/// Targets in the order of the words, each once.
static llvm::Expected<std::vector<const Target *>>
targetsOf(llvm::ArrayRef<std::string> words) {
  std::vector<const Target *> targets;
  auto add = [&](llvm::StringRef word) {
    const Target *target = findTarget(word);
    if (target && !llvm::is_contained(targets, target))
      targets.push_back(target);
    return target != nullptr;
  };
  for (const std::string &word : words)
    if (word == "web" ? !llvm::all_of(kWeb, add) : !add(word))
      return unsupportedError("target '" + word + "' is not known; targets: " +
                              targetList() + ", or web (webgpu and wasm)");
  if (targets.empty())
    return unsupportedError("no target is named; targets: " + targetList());
  return targets;
}

/// The requested names that are this target's. With one target all of them are
/// given to it, so that it can say what it has.
static std::vector<std::string>
namesFor(const Target &target, mlir::MLIRContext *context,
         llvm::ArrayRef<std::string> requested) {
  std::vector<std::string> names;
  for (const std::string &name : requested) {
    auto found = target.variants(context, {name});
    if (found)
      names.push_back(name);
    else
      llvm::consumeError(found.takeError());
  }
  return names;
}

llvm::Expected<std::vector<TargetGroup>>
sinter::chooseTargets(mlir::MLIRContext *context,
                      llvm::ArrayRef<std::string> words,
                      llvm::ArrayRef<std::string> variants) {
  auto targets = targetsOf(words);
  if (!targets)
    return targets.takeError();
  std::vector<TargetGroup> groups;
  size_t used = 0;
  for (const Target *target : *targets) {
    std::vector<std::string> names(variants.begin(), variants.end());
    if (targets->size() > 1)
      names = namesFor(*target, context, variants);
    used += names.size();
    auto chosen = target->variants(context, names);
    if (!chosen)
      return chosen.takeError();
    PlanKind kind = target->planKind();
    auto group = llvm::find_if(groups, [&](const TargetGroup &group) {
      return group.kind.file == kind.file;
    });
    if (group == groups.end())
      group = groups.insert(group, {kind, {}});
    group->choices.push_back({target, *chosen});
  }
  if (used < variants.size())
    return unsupportedError("a variant of --variants belongs to no target of "
                            "this compile; compile for one target to see its "
                            "variants");
  return groups;
}

llvm::Error sinter::addGolden(mlir::MLIRContext *context,
                              std::vector<TargetGroup> &groups) {
  const Target *cpu = findTarget("cpu");
  bool wanted = false, there = false;
  for (const TargetGroup &group : groups)
    for (const TargetChoice &choice : group.choices) {
      wanted |= choice.target != cpu;
      there |= llvm::any_of(choice.variants, [](const TargetVariant &variant) {
        return variant.name == kGoldenVariant;
      });
    }
  if (!wanted || there)
    return llvm::Error::success();
  auto variants = cpu->variants(context, {kGoldenVariant.str()});
  if (!variants)
    return variants.takeError();
  PlanKind kind = cpu->planKind();
  auto group = llvm::find_if(groups, [&](const TargetGroup &group) {
    return group.kind.file == kind.file;
  });
  if (group == groups.end())
    group = groups.insert(group, {kind, {}});
  group->choices.push_back({cpu, *variants, /*shipped=*/false});
  return llvm::Error::success();
}
