// The addon that Node opens. It links nothing of LibTorch, so it always loads; `openCore` then
// brings a LibTorch of the caller's choice into the process, and the core that was built for its
// version.
#include <dlfcn.h>
#include <napi.h>

#include <filesystem>
#include <mutex>
#include <string>

#include "binding/loader/pesq.h"

namespace {

using RegisterFunction = napi_value (*)(napi_env, napi_value);

/// What is in the process, for all of its threads: a library cannot be opened from two places.
struct OpenLibraries {
  std::mutex mutex;
  std::string torchFolder;
  std::string corePath;
  std::string cuda;    // why libtorch_cuda is not in the process; empty when it is
  std::string graphs;  // likewise, why training steps cannot be recorded as CUDA graphs
  std::string nccl;    // likewise, why process groups cannot use NCCL
  RegisterFunction registerCore = nullptr;
};

OpenLibraries& libraries() {
  static OpenLibraries instance;
  return instance;
}

std::string lastError() {
  const char* error = dlerror();
  return error != nullptr ? error : "unknown error of dlopen";
}

void* open(const std::filesystem::path& path, int flags) {
  void* library = dlopen(path.c_str(), flags);
  if (library == nullptr) throw std::runtime_error(lastError());
  return library;
}

/// Opens libtorch_cuda where this LibTorch has one and a driver is there. Returns why not, or "".
std::string openCuda(const std::filesystem::path& folder) {
  const std::filesystem::path library = folder / "libtorch_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(library, ignored))
    return "this LibTorch is a build for the CPU only";
  if (dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
    return "no NVIDIA driver: " + lastError();
  }
  // A CUDA build without a working toolkit library still computes on the CPU.
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) return lastError();
  return "";
}

/// Hands what a function of the plugin returns to a function of the core. Returns why not, or "".
std::string handOver(void* plugin, const char* from, void* core, const char* to) {
  using Pointer = void*;
  void* give = dlsym(plugin, from);
  void* take = give != nullptr ? dlsym(core, to) : nullptr;
  if (take == nullptr) return lastError();
  reinterpret_cast<void (*)(Pointer)>(take)(reinterpret_cast<Pointer (*)()>(give)());
  return "";
}

/// Opens the library beside the core that needs LibTorch's CUDA headers: it records CUDA graphs and
/// makes NCCL process groups.
void openPlugin(OpenLibraries& all, const std::filesystem::path& corePath, void* core) {
  const std::filesystem::path path = corePath.parent_path() / "fewsound_cuda.so";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    all.graphs = all.nccl = "this build was made without LibTorch's CUDA headers";
    return;
  }
  void* plugin = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    all.graphs = all.nccl = lastError();
    return;
  }
  all.graphs = handOver(plugin, "fewsound_cuda_step_recorder", core, "fewsound_set_step_recorder");
  all.nccl =
      dlsym(plugin, "fewsound_cuda_nccl_factory") == nullptr
          ? "this build was made without NCCL's header"
          : handOver(plugin, "fewsound_cuda_nccl_factory", core, "fewsound_set_nccl_factory");
}

void openLibraries(OpenLibraries& all, const std::string& torchFolder,
                   const std::string& corePath) {
  const std::filesystem::path folder(torchFolder);
  open(folder / "libc10.so", RTLD_NOW | RTLD_GLOBAL);
  open(folder / "libtorch_cpu.so", RTLD_NOW | RTLD_GLOBAL);
  all.cuda = openCuda(folder);
  void* core = open(corePath, RTLD_NOW | RTLD_LOCAL);
  void* symbol = dlsym(core, "fewsound_register");
  if (symbol == nullptr) throw std::runtime_error(lastError());
  all.graphs = all.nccl = all.cuda;
  if (all.cuda.empty()) openPlugin(all, corePath, core);
  all.torchFolder = torchFolder;
  all.corePath = corePath;
  all.registerCore = reinterpret_cast<RegisterFunction>(symbol);
}

/// openCore(torchFolder, corePath): the binding object. torchFolder holds libtorch_cpu.so.
Napi::Value openCore(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsString() || !info[1].IsString()) {
    throw Napi::TypeError::New(env, "openCore expects two paths");
  }
  const auto torchFolder = info[0].As<Napi::String>().Utf8Value();
  const auto corePath = info[1].As<Napi::String>().Utf8Value();
  OpenLibraries& all = libraries();
  RegisterFunction registerCore = nullptr;
  std::string cuda;
  std::string graphs;
  std::string nccl;
  {
    const std::lock_guard lock(all.mutex);
    if (all.registerCore == nullptr) {
      try {
        openLibraries(all, torchFolder, corePath);
      } catch (const std::exception& error) {
        throw Napi::Error::New(env, error.what());
      }
    } else if (all.torchFolder != torchFolder || all.corePath != corePath) {
      throw Napi::Error::New(env, "this process uses the LibTorch in " + all.torchFolder +
                                      " with " + all.corePath + " already");
    }
    registerCore = all.registerCore;
    cuda = all.cuda;
    graphs = all.graphs;
    nccl = all.nccl;
  }
  const Napi::Object exports = Napi::Object::New(env);
  registerCore(env, exports);
  if (env.IsExceptionPending()) throw env.GetAndClearPendingException();
  const auto reason = [&](const std::string& text) {
    return text.empty() ? env.Null() : Napi::String::New(env, text);
  };
  exports.Set("cudaUnavailable", reason(cuda));
  exports.Set("cudaGraphsUnavailable", reason(graphs));
  exports.Set("ncclUnavailable", reason(nccl));
  return exports;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("openCore", Napi::Function::New(env, openCore, "openCore"));
  exports.Set("measurePesq",
              Napi::Function::New(env, fewsound::loader::measurePesq, "measurePesq"));
  return exports;
}

}  // namespace

NODE_API_MODULE(fewsound, initialize)
