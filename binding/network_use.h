#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>
#include <vector>

namespace fewsound::binding {

/// A network in use by a job on another thread. While it is, JavaScript cannot touch it: not its
/// functions and parameters (`busy`), and not its parameters' gradients through a graph recorded
/// before.
class NetworkUse {
 public:
  NetworkUse(std::vector<at::Tensor> parameters, std::shared_ptr<std::atomic<bool>> busy);
  ~NetworkUse() { end(); }
  NetworkUse(const NetworkUse&) = delete;
  NetworkUse& operator=(const NetworkUse&) = delete;

  /// Gives the network back. A second time does nothing.
  void end();

 private:
  std::vector<at::Tensor> parameters_;
  std::shared_ptr<std::atomic<bool>> busy_;
};

/// Throws where a job on another thread is using the model that the flag belongs to.
void requireIdle(const std::atomic<bool>& busy);

/// Throws where the graph behind the outputs ends in parameters of a network in use: running
/// through it would write gradients that the job writes as well.
void requireIdleGraph(const std::vector<at::Tensor>& outputs);

}  // namespace fewsound::binding
