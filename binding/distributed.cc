#include "binding/distributed.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/job.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

/// The groups that a thread of JavaScript has joined. As of jobs, none of their threads may be left
/// at `process.exit`.
struct JoinedGroups {
  std::vector<std::weak_ptr<ProcessGroup>> all;
  ~JoinedGroups() {
    // A group that a job uses cannot be left. A job has joined it, so theirs are still there.
    Job::endAll();
    for (const auto& joined : all) {
      if (const auto group = joined.lock()) group->leave();
    }
  }
};
thread_local JoinedGroups joinedGroups;

void remember(const std::shared_ptr<ProcessGroup>& group) {
  std::erase_if(joinedGroups.all, [](const auto& joined) { return joined.expired(); });
  joinedGroups.all.push_back(group);
}

/// No number that is out of range comes to be one within.
int toInt(const Place& place, napi_value value) {
  constexpr int64_t kLeast = std::numeric_limits<int>::min();
  constexpr int64_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp(toInteger(place, value), kLeast, kMost));
}

/// joinProcessGroup(options): promise of a process group
Napi::Value joinProcessGroup(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) Place{env, "options"}.reject(info[0], "an object of options");
  const Napi::Object object = info[0].As<Napi::Object>();
  const auto read = [&](const char* name, auto& into, auto convert) {
    const Napi::Value value = object.Get(name);
    if (!isNullish(env, value)) into = convert(Place{env, name}, value);
  };
  ProcessGroupOptions options;
  options.rank = toInt({env, "rank"}, object.Get("rank"));
  options.size = toInt({env, "size"}, object.Get("size"));
  options.masterPort = toInt({env, "masterPort"}, object.Get("masterPort"));
  read("localRank", options.localRank, toInt);
  read("masterAddress", options.masterAddress, toText);
  read("launcherListens", options.launcherListens, toBool);
  read("timeoutSeconds", options.timeoutSeconds, toDouble);
  read("backend", options.backend, toText);

  const auto joined = std::make_shared<std::shared_ptr<ProcessGroup>>();
  Job::Task task{
      .name = "joinProcessGroup",
      .work = [joined, options](Job&) { *joined = ProcessGroup::join(options); },
      .release = [] {},
      .result = [joined](Napi::Env env) -> Napi::Value {
        auto handle = std::make_unique<ProcessGroupHandle>();
        handle->group = *joined;
        remember(handle->group);
        return Handle<ProcessGroupHandle>::make(env, std::move(handle));
      },
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// processGroupFacts(group): {rank, size, backend, open}
Napi::Value processGroupFacts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ProcessGroup& group = *objectIn<ProcessGroupHandle>(info, 0, "process group").group;
  const Napi::Object facts = Napi::Object::New(env);
  facts.Set("rank", group.rank());
  facts.Set("size", group.size());
  facts.Set("backend", group.backend());
  facts.Set("open", group.open());
  return facts;
}

/// A job with the group.
Napi::Value startWith(const Napi::CallbackInfo& info, const char* name,
                      std::function<void(ProcessGroup&)> operation, Job::MakeValue result) {
  const Napi::Env env = info.Env();
  const ProcessGroupHandle& handle = objectIn<ProcessGroupHandle>(info, 0, "process group");
  const auto use = std::make_shared<GroupUse>(handle);
  Job::Task task{
      .name = name,
      .work = [group = handle.group, operation = std::move(operation)](Job&) { operation(*group); },
      .release = [use] { use->end(); },
      .result = std::move(result),
  };
  return Job::start(env, std::move(task), {}, abortFlagIn(env, env.Null()));
}

/// The same for an operation that changes tensors. It works on copies, which are written back on
/// JavaScript's thread: meanwhile JavaScript may do with the tensors what it likes.
Napi::Value startWithTensors(
    const Napi::CallbackInfo& info, const char* name,
    std::function<void(ProcessGroup&, std::vector<at::Tensor>&)> operation) {
  const Place place{info.Env(), "tensors"};
  const std::vector<at::Tensor> tensors = toTensors(place, info[1]);
  const std::vector<BusyFlag> flags = busyFlagsOf(place, info[1]);
  const c10::NoGradGuard noGradients;
  const auto copies = std::make_shared<std::vector<at::Tensor>>();
  copies->reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) copies->push_back(tensor.detach().clone());
  return startWith(
      info, name,
      [copies, operation = std::move(operation)](ProcessGroup& group) {
        operation(group, *copies);
      },
      [tensors, flags, copies](Napi::Env env) -> Napi::Value {
        for (const BusyFlag& flag : flags) {
          if (flag->load(std::memory_order_acquire)) {
            throw CallError(Code::kInvalidArgument,
                            "the tensors' network is being fitted meanwhile; await this first",
                            "tensors");
          }
        }
        const c10::NoGradGuard noGradients;
        for (size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_((*copies)[i]);
        return env.Undefined();
      });
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

/// sumOverRanks(group, numbers): promise of the sums
Napi::Value sumOverRanks(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  constexpr uint32_t kMostNumbers = 1'000'000;
  if (!info[1].IsArray() || info[1].As<Napi::Array>().Length() > kMostNumbers) {
    Place{env, "numbers"}.reject(info[1], "an array of at most a million numbers");
  }
  const Napi::Array given = info[1].As<Napi::Array>();
  std::vector<double> values;
  values.reserve(given.Length());
  for (uint32_t i = 0; i < given.Length(); ++i) {
    values.push_back(toDouble({env, "numbers"}, given.Get(i)));
  }
  const auto sums = std::make_shared<std::vector<double>>();
  return startWith(
      info, "sumOverRanks",
      [values, sums](ProcessGroup& group) { *sums = group.allReduceSum(values); },
      [sums](Napi::Env env) -> Napi::Value {
        const Napi::Array list = Napi::Array::New(env, sums->size());
        for (uint32_t i = 0; i < sums->size(); ++i) list.Set(i, (*sums)[i]);
        return list;
      });
}

/// anyOfRanks(group, flag): promise of whether any rank's flag is true
Napi::Value anyOfRanks(const Napi::CallbackInfo& info) {
  const bool flag = toBool({info.Env(), "flag"}, info[1]);
  const auto raised = std::make_shared<bool>(false);
  return startWith(
      info, "anyOfRanks", [flag, raised](ProcessGroup& group) { *raised = group.any(flag); },
      [raised](Napi::Env env) -> Napi::Value { return Napi::Boolean::New(env, *raised); });
}

/// meanOverRanks(group, tensors): promise; in place
Napi::Value meanOverRanks(const Napi::CallbackInfo& info) {
  return startWithTensors(
      info, "meanOverRanks",
      [](ProcessGroup& group, std::vector<at::Tensor>& tensors) { group.allReduceMean(tensors); });
}

/// broadcastFromRank(group, tensors, root): promise; in place
Napi::Value broadcastFromRank(const Napi::CallbackInfo& info) {
  const int root = toInt({info.Env(), "root"}, info[2]);
  return startWithTensors(info, "broadcastFromRank",
                          [root](ProcessGroup& group, std::vector<at::Tensor>& tensors) {
                            group.broadcast(tensors, root);
                          });
}

/// barrierOfRanks(group): promise
Napi::Value barrierOfRanks(const Napi::CallbackInfo& info) {
  return startWith(info, "barrierOfRanks", [](ProcessGroup& group) { group.barrier(); }, nothing);
}

/// closeProcessGroup(group): promise; waits for the others to close theirs
Napi::Value closeProcessGroup(const Napi::CallbackInfo& info) {
  return startWith(info, "closeProcessGroup", [](ProcessGroup& group) { group.close(); }, nothing);
}

/// leaveProcessGroup(group): at once; an operation that runs goes on
void leaveProcessGroup(const Napi::CallbackInfo& info) {
  objectIn<ProcessGroupHandle>(info, 0, "process group").group->leave();
}

}  // namespace

GroupUse::GroupUse(const ProcessGroupHandle& handle) : busy_(handle.busy) {
  if (busy_->exchange(true, std::memory_order_acq_rel)) {
    busy_.reset();
    throw CallError(Code::kInvalidArgument,
                    "the process group is in use by another operation or a training; wait for it",
                    "group");
  }
}

void GroupUse::end() {
  if (const auto busy = std::exchange(busy_, nullptr))
    busy->store(false, std::memory_order_release);
}

void exposeDistributed(const Napi::Object& exports) {
  expose<joinProcessGroup>(exports, "joinProcessGroup");
  expose<processGroupFacts>(exports, "processGroupFacts");
  expose<sumOverRanks>(exports, "sumOverRanks");
  expose<anyOfRanks>(exports, "anyOfRanks");
  expose<meanOverRanks>(exports, "meanOverRanks");
  expose<broadcastFromRank>(exports, "broadcastFromRank");
  expose<barrierOfRanks>(exports, "barrierOfRanks");
  expose<closeProcessGroup>(exports, "closeProcessGroup");
  expose<leaveProcessGroup>(exports, "leaveProcessGroup");
}

}  // namespace fewsound::binding
