#include "binding/job.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include <c10/util/StringUtil.h>

#include <system_error>
#include <unordered_set>
#include <utility>

#include "binding/convert.h"
#include "binding/errors.h"
#include "binding/handle.h"
#include "binding/register.h"

namespace fewsound::binding {
namespace {

/// The jobs that a thread of JavaScript has started and that have not settled.
///
/// At `process.exit` no environment is taken down, but the destructors of LibTorch's static objects
/// run: no job may be computing then. Those of the thread's own objects run before them.
struct RunningJobs {
  std::unordered_set<Job*> all;
  ~RunningJobs() { Job::endAll(); }
};
thread_local RunningJobs running;

/// Ends the idle OpenMP threads of this thread of JavaScript; its next parallel operator starts new
/// ones. While a process has more of them than cores, libgomp lets the job's own threads sleep
/// after every parallel loop instead of spinning for the next: a step of a fit took twice as long.
void endIdleThreads() {
#ifdef _OPENMP
  omp_pause_resource_all(omp_pause_soft);
#endif
}

}  // namespace

Job::Job(Napi::Env env, Task task, const Napi::Function& onProgress,
         std::shared_ptr<std::atomic<bool>> abort)
    : task_(std::move(task)),
      deferred_(Napi::Promise::Deferred::New(env)),
      onProgress_(onProgress.IsEmpty() ? Napi::FunctionReference() : Napi::Persistent(onProgress)),
      toJavaScript_(Napi::ThreadSafeFunction::New(
          env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), task_.name,
          /*maxQueueSize=*/0, /*initialThreadCount=*/1)),
      abort_(std::move(abort)) {}

Napi::Promise Job::start(Napi::Env env, Task task, const Napi::Function& onProgress,
                         std::shared_ptr<std::atomic<bool>> abort) {
  endIdleThreads();
  const std::shared_ptr<Job> job(new Job(env, std::move(task), onProgress, std::move(abort)));
  const Napi::Promise promise = job->deferred_.Promise();
  try {
    job->startThread();
  } catch (...) {
    job->task_.release();
    job->toJavaScript_.Release();
    job->deferred_.Reject(job->caught(env).Value());
    return promise;
  }
  job->self_ = job;
  job->env_ = env;
  running.all.insert(job.get());
  // Added after the thread-safe function's own hook, so it runs before that: the thread is gone
  // when Node takes the function away.
  napi_add_env_cleanup_hook(env, endEarly, job.get());
  return promise;
}

void Job::startThread() {
  try {
    thread_ = std::thread([this] { runThread(); });
  } catch (const std::system_error& error) {
    throw CallError(Code::kOutOfMemory,
                    c10::str("the system has no thread left for it (", error.code().message(),
                             "); wait for other work to end"));
  }
}

void Job::runThread() {
  try {
    task_.work(*this);
  } catch (...) {
    failure_ = std::current_exception();
  }
  task_.release();
  // The environment may be gone by now; then nobody waits for the promise.
  callLater(&Job::settle);
  toJavaScript_.Release();
}

void Job::callLater(void (Job::*method)(Napi::Env)) {
  toJavaScript_.NonBlockingCall([job = weak_from_this(), method](Napi::Env env, Napi::Function) {
    try {
      if (const auto alive = job.lock()) (*alive.*method)(env);
    } catch (const Napi::Error&) {  // NOLINT(bugprone-empty-catch)
      // JavaScript is ending, as by process.exit() in onProgress: there is nobody to tell.
    }
  });
}

void Job::report(MakeValue progress) {
  if (onProgress_.IsEmpty()) return;
  bool asked = false;
  {
    const std::lock_guard lock(mutex_);
    asked = static_cast<bool>(pending_);
    pending_ = std::move(progress);
  }
  if (!asked) callLater(&Job::deliverProgress);
}

void Job::deliverProgress(Napi::Env env) {
  MakeValue progress;
  {
    const std::lock_guard lock(mutex_);
    progress = std::exchange(pending_, nullptr);
  }
  if (!progress || progressFailure_) return;
  const Napi::HandleScope scope(env);
  try {
    onProgress_.Value().Call({progress(env)});
  } catch (...) {
    abort_->store(true, std::memory_order_release);
    // As it was caught: what is no object can be kept in no reference of its own.
    progressFailure_.emplace(caught(env));
  }
}

void Job::settle(Napi::Env env) {
  const std::shared_ptr<Job> keep = std::exchange(self_, nullptr);
  if (!keep) return;
  forgetEnvironmentEnd();
  running.all.erase(this);
  thread_.join();
  const Napi::HandleScope scope(env);
  deliverProgress(env);
  try {
    if (progressFailure_) throw Napi::Error(*progressFailure_);
    if (failure_) std::rethrow_exception(failure_);
    deferred_.Resolve(task_.result(env));
  } catch (...) {
    deferred_.Reject(caught(env).Value());
  }
}

Napi::Error Job::caught(Napi::Env env) const {
  const std::exception_ptr current = std::current_exception();
  try {
    std::rethrow_exception(current);
  } catch (const Napi::Error& error) {
    return error;
  } catch (...) {
    return {env, errorFrom(env, current, task_.name)};
  }
}

void Job::forgetEnvironmentEnd() { napi_remove_env_cleanup_hook(env_, endEarly, this); }

void Job::end() {
  const std::shared_ptr<Job> keep = std::exchange(self_, nullptr);
  running.all.erase(this);
  abort_->store(true, std::memory_order_release);
  thread_.join();
  // JavaScript's references die with their environment.
  onProgress_.SuppressDestruct();
  if (progressFailure_) progressFailure_->SuppressDestruct();
}

void Job::endAll() {
  while (!running.all.empty()) (*running.all.begin())->end();
}

void Job::endEarly(void* job) { static_cast<Job*>(job)->end(); }

namespace {

Napi::Value createAbortFlag(const Napi::CallbackInfo& info) {
  return Handle<AbortFlag>::make(info.Env(), std::make_unique<AbortFlag>());
}

void raiseAbort(const Napi::CallbackInfo& info) {
  abortFlagIn(info.Env(), info[0])->store(true, std::memory_order_release);
}

}  // namespace

std::shared_ptr<std::atomic<bool>> abortFlagIn(Napi::Env env, napi_value value) {
  if (isNullish(env, value)) return std::make_shared<std::atomic<bool>>(false);
  const AbortFlag* flag = Handle<AbortFlag>::find(env, value);
  if (flag == nullptr) Place{env, "abort"}.reject(value, "an abort flag");
  return flag->raised;
}

void exposeJobs(const Napi::Object& exports) {
  expose<createAbortFlag>(exports, "createAbortFlag");
  expose<raiseAbort>(exports, "raiseAbort");
}

}  // namespace fewsound::binding
