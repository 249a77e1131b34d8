#pragma once

#include <napi.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace fewsound::binding {

/// Raised by JavaScript to stop a job, looked at by the job's thread.
struct AbortFlag {
  static constexpr napi_type_tag kTag{0x5e0c9a7b31f24d86, 0x97b4e1d05ac8f263};
  std::shared_ptr<std::atomic<bool>> raised = std::make_shared<std::atomic<bool>>(false);
};

/// Long work on a thread of its own, a promise for its result, and reports of its progress. The
/// event loop stays free. When the environment ends (process exit, a worker's termination), the job
/// is aborted and waited for.
class Job : public std::enable_shared_from_this<Job> {
 public:
  /// What makes a JavaScript value, on JavaScript's thread.
  using MakeValue = std::function<Napi::Value(Napi::Env)>;

  struct Task {
    const char* name;  // in error messages
    /// On the job's thread; touches no JavaScript.
    std::function<void(Job&)> work;
    /// After the work, however it ended, before the promise settles; on the job's thread.
    std::function<void()> release;
    /// The result of the promise.
    MakeValue result;
  };

  /// `onProgress` may be empty. An exception in it aborts the job and rejects the promise.
  static Napi::Promise start(Napi::Env env, Task task, const Napi::Function& onProgress,
                             std::shared_ptr<std::atomic<bool>> abort);

  /// From the job's thread: what onProgress shall be told. Only the latest is kept until JavaScript
  /// is there to hear.
  void report(MakeValue progress);

  const std::atomic<bool>& abort() const { return *abort_; }

  /// Aborts and waits for the thread; the promise never settles. For when JavaScript ends.
  void end();
  /// Ends those of this thread of JavaScript.
  static void endAll();

 private:
  Job(Napi::Env env, Task task, const Napi::Function& onProgress,
      std::shared_ptr<std::atomic<bool>> abort);

  /// Throws where the system has no thread left.
  void startThread();
  void runThread();
  /// In the event loop of JavaScript, unless the job is gone by then.
  void callLater(void (Job::*method)(Napi::Env));
  void deliverProgress(Napi::Env env);
  void settle(Napi::Env env);
  /// Takes back what would call `end` when the environment is taken down.
  void forgetEnvironmentEnd();
  /// To be called in a handler: the current exception as one of JavaScript's.
  Napi::Error caught(Napi::Env env) const;
  static void endEarly(void* job);

  napi_env env_ = nullptr;
  Task task_;
  Napi::Promise::Deferred deferred_;
  Napi::FunctionReference onProgress_;
  Napi::ThreadSafeFunction toJavaScript_;
  std::shared_ptr<std::atomic<bool>> abort_;
  std::thread thread_;
  std::exception_ptr failure_;
  std::optional<Napi::Error> progressFailure_;
  std::mutex mutex_;
  MakeValue pending_;
  std::shared_ptr<Job> self_;  // until the promise is settled
};

/// The flag in an argument, or one of its own where none is given.
std::shared_ptr<std::atomic<bool>> abortFlagIn(Napi::Env env, napi_value value);

}  // namespace fewsound::binding
