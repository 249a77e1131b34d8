#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::IntArrayRef;
using at::Tensor;

void addNetworkOperators(OperatorTable& table) {
  table.add("linear", "input·weightᵀ + bias: [..., in], [out, in], [out] to [..., out].",
            {"input", "weight", {"bias", nullptr}},
            [](const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias) {
              return at::linear(input, weight, bias);
            });
  table.add("conv1d",
            "Correlation along time: [batch, in, samples] and [out, in/groups, kernel] to [batch, "
            "out, samples'].",
            {"input",
             "weight",
             {"bias", nullptr},
             {"stride", 1},
             {"padding", 0},
             {"dilation", 1},
             {"groups", 1}},
            [](const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
               const Sizes& stride, const Sizes& padding, const Sizes& dilation, int64_t groups) {
              return at::conv1d(input, weight, bias, IntArrayRef(stride), IntArrayRef(padding),
                                IntArrayRef(dilation), groups);
            });
  table.add("conv2d",
            "Correlation in two dimensions: [batch, in, h, w] and [out, in/groups, kh, kw] to "
            "[batch, out, h', w'].",
            {"input",
             "weight",
             {"bias", nullptr},
             {"stride", 1},
             {"padding", 0},
             {"dilation", 1},
             {"groups", 1}},
            [](const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
               const Sizes& stride, const Sizes& padding, const Sizes& dilation, int64_t groups) {
              return at::conv2d(input, weight, bias, IntArrayRef(stride), IntArrayRef(padding),
                                IntArrayRef(dilation), groups);
            });
  table.add("convTranspose1d",
            "The transpose of conv1d: [batch, in, samples] and [in, out/groups, kernel] to [batch, "
            "out, samples'].",
            {"input",
             "weight",
             {"bias", nullptr},
             {"stride", 1},
             {"padding", 0},
             {"outputPadding", 0},
             {"groups", 1},
             {"dilation", 1}},
            [](const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
               const Sizes& stride, const Sizes& padding, const Sizes& outputPadding,
               int64_t groups, const Sizes& dilation) {
              return at::conv_transpose1d(input, weight, bias, IntArrayRef(stride),
                                          IntArrayRef(padding), IntArrayRef(outputPadding), groups,
                                          IntArrayRef(dilation));
            });
  table.add(
      "maxPool1d", "The greatest in windows along time; the stride is the window's by default.",
      {"input", "kernel", {"stride", nullptr}, {"padding", 0}, {"dilation", 1}, {"ceil", false}},
      [](const Tensor& input, int64_t kernel, std::optional<int64_t> stride, int64_t padding,
         int64_t dilation, bool ceil) {
        return at::max_pool1d(input, kernel, stride.value_or(kernel), padding, dilation, ceil);
      });
  table.add("avgPool1d", "The mean in windows along time; the stride is the window's by default.",
            {"input",
             "kernel",
             {"stride", nullptr},
             {"padding", 0},
             {"ceil", false},
             {"countPadding", true}},
            [](const Tensor& input, int64_t kernel, std::optional<int64_t> stride, int64_t padding,
               bool ceil, bool countPadding) {
              return at::avg_pool1d(input, kernel, stride.value_or(kernel), padding, ceil,
                                    countPadding);
            });
  table.add(
      "maxPool2d", "The greatest in windows of two dimensions.",
      {"input", "kernel", {"stride", nullptr}, {"padding", 0}, {"dilation", 1}, {"ceil", false}},
      [](const Tensor& input, const Sizes& kernel, const Dims& stride, const Sizes& padding,
         const Sizes& dilation, bool ceil) {
        return at::max_pool2d(input, kernel, stride.values.value_or(std::vector<int64_t>{}),
                              padding, dilation, ceil);
      });
  table.add(
      "adaptiveAvgPool1d", "Means of as many windows as the result is long.", {"input", "length"},
      [](const Tensor& input, int64_t length) { return at::adaptive_avg_pool1d(input, length); });
  table.add("layerNorm", "Mean 0 and variance 1 over the last dimensions, then weight and bias.",
            {"input", "shape", {"weight", nullptr}, {"bias", nullptr}, {"epsilon", 1e-5}},
            [](const Tensor& input, IntArrayRef shape, const std::optional<Tensor>& weight,
               const std::optional<Tensor>& bias,
               double epsilon) { return at::layer_norm(input, shape, weight, bias, epsilon); });
  table.add(
      "batchNorm",
      "Mean 0 and variance 1 for each channel: of the batch in training (the running ones are "
      "updated in place), the running ones otherwise.",
      {"input",
       "runningMean",
       "runningVar",
       {"weight", nullptr},
       {"bias", nullptr},
       {"training", false},
       {"momentum", 0.1},
       {"epsilon", 1e-5}},
      [](const Tensor& input, const std::optional<Tensor>& runningMean,
         const std::optional<Tensor>& runningVar, const std::optional<Tensor>& weight,
         const std::optional<Tensor>& bias, bool training, double momentum, double epsilon) {
        // The variance of one value is none, and would stay in runningVar.
        if (training && input.dim() > 1) {
          TORCH_CHECK_VALUE(input.numel() > input.size(1),
                            "batchNorm in training needs more than one value for each channel");
        }
        return at::batch_norm(input, weight, bias, runningMean, runningVar, training, momentum,
                              epsilon, /*cudnn_enabled=*/true);
      });
  table.add("groupNorm", "Mean 0 and variance 1 for each group of channels, then weight and bias.",
            {"input", "groups", {"weight", nullptr}, {"bias", nullptr}, {"epsilon", 1e-5}},
            [](const Tensor& input, int64_t groups, const std::optional<Tensor>& weight,
               const std::optional<Tensor>& bias,
               double epsilon) { return at::group_norm(input, groups, weight, bias, epsilon); });
  table.add("dropout", "In training zero with probability p, the rest scaled by 1 / (1 - p).",
            {"input", "p", {"training", true}}, [](const Tensor& input, double p, bool training) {
              return at::dropout(input, p, training);
            });
  table.add("embedding", "Rows of a table [rows, width] by int64 [...] indices, [..., width].",
            {"table", "index"},
            [](const Tensor& rows, const Tensor& index) { return at::embedding(rows, index); });
}

}  // namespace fewsound::binding
