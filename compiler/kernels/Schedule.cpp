// Schedules of kernels (Schedule.h).
#include "compiler/kernels/Schedule.h"

#include "compiler/kernels/KernelFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::kernels;

/// Lanes of a workgroup. With barriers a subgroup's 64 at least, and no more
/// than every device has (docs/vulkan.md).
static ScheduleParameter groupOf(kern::CapsAttr caps) {
  if (caps.getCheapBarriers())
    return {"group", caps.getGroup(), {64, 128}};
  return {"group", caps.getGroup(), {16, 32, 64}};
}

SmallVector<ScheduleParameter>
sinter::kernels::parametersOf(const KernelFamily &family, xf::RegionOp region,
                              kern::CapsAttr caps) {
  SmallVector<ScheduleParameter> all = family.schedule(region, caps);
  bool named = llvm::any_of(
      all, [](const ScheduleParameter &p) { return p.name == "group"; });
  if (caps.isGrid() && !named)
    all.push_back(groupOf(caps));
  return all;
}

int64_t sinter::kernels::chosen(xf::RegionOp region,
                                const ScheduleParameter &parameter) {
  auto schedule = region->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  auto value =
      schedule ? schedule.getAs<IntegerAttr>(parameter.name) : IntegerAttr();
  return value ? value.getInt() : parameter.value;
}

std::string sinter::kernels::problemOf(const Schedule &schedule,
                                       const KernelFamily &family,
                                       xf::RegionOp region,
                                       kern::CapsAttr caps) {
  auto parameters = parametersOf(family, region, caps);
  for (const auto &entry : schedule) {
    const std::string &name = entry.first;
    int64_t value = entry.second;
    auto *known = llvm::find_if(
        parameters, [&](const ScheduleParameter &p) { return p.name == name; });
    if (known == parameters.end())
      return ("family " + family.name() + " has no parameter '" + name +
              "' here")
          .str();
    if (value == known->value || llvm::is_contained(known->values, value))
      continue;
    std::string list;
    for (int64_t allowed : known->values)
      list += (list.empty() ? "" : ", ") + std::to_string(allowed);
    return name + " is " + std::to_string(value) + ", family " +
           family.name().str() + " takes " + list + " here";
  }
  return {};
}

/// The schedule in a region's attribute; failure if it is none.
static FailureOr<Schedule> scheduleOf(xf::RegionOp region) {
  Schedule schedule;
  Attribute attribute = region->getAttr(kScheduleAttr);
  if (!attribute)
    return schedule;
  auto dictionary = dyn_cast<DictionaryAttr>(attribute);
  if (!dictionary)
    return region.emitOpError() << kScheduleAttr << " is no dictionary";
  for (NamedAttribute entry : dictionary) {
    auto value = dyn_cast<IntegerAttr>(entry.getValue());
    if (!value || !value.getType().isInteger(64))
      return region.emitOpError()
             << kScheduleAttr << ": '" << entry.getName().getValue()
             << "' is no i64";
    schedule[entry.getName().str()] = value.getInt();
  }
  return schedule;
}

static DictionaryAttr attributeOf(OpBuilder &builder,
                                  const Schedule &schedule) {
  SmallVector<NamedAttribute> entries;
  for (const auto &[name, value] : schedule)
    entries.push_back(
        builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  return builder.getDictionaryAttr(entries);
}

FailureOr<kern::KernelOp>
sinter::kernels::buildKernel(OpBuilder &builder, const KernelFamily &family,
                             xf::RegionOp region, kern::CapsAttr caps,
                             const Schedule &schedule) {
  FailureOr<Schedule> own = scheduleOf(region);
  if (failed(own))
    return failure();
  const Schedule &used = schedule.empty() ? *own : schedule;
  std::string problem = problemOf(used, family, region, caps);
  if (!problem.empty())
    return region.emitOpError() << kScheduleAttr << ": " << problem;
  auto group = used.find("group");
  if (group != used.end())
    caps = caps.withGroup(group->second);
  // The families ask the region; it says so only while they build.
  Attribute before = region->getAttr(kScheduleAttr);
  if (!used.empty())
    region->setAttr(kScheduleAttr, attributeOf(builder, used));
  FailureOr<kern::KernelOp> kernel = family.build(builder, region, caps);
  if (before)
    region->setAttr(kScheduleAttr, before);
  else
    region->removeAttr(kScheduleAttr);
  return kernel;
}
