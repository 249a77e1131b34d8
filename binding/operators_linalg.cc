#include <ATen/ATen.h>

#include "binding/operator_table.h"

namespace fewsound::binding {

using at::Scalar;
using at::Tensor;
using at::TensorList;

void addLinalgOperators(OperatorTable& table) {
  table.add("matmul", "Matrix product over the last two dimensions, the others broadcast.",
            {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::matmul(input, other); });
  table.add("bmm", "Matrix products of a batch, [b, n, m] and [b, m, p] to [b, n, p].",
            {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::bmm(input, other); });
  table.add("mv", "Matrix times vector, [n, m] and [m] to [n].", {"input", "vector"},
            [](const Tensor& input, const Tensor& vector) { return at::mv(input, vector); });
  table.add("dot", "Sum of products of two vectors [n].", {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::dot(input, other); });
  table.add("outer", "All products of two vectors, [n] and [m] to [n, m].", {"input", "other"},
            [](const Tensor& input, const Tensor& other) { return at::outer(input, other); });
  table.add("einsum", "Einstein summation, for example 'bij,bjk->bik'.", {"equation", "operands"},
            [](const std::string& equation, TensorList operands) {
              return at::einsum(equation, operands);
            });
  table.add("cdist", "Distances of the rows, [..., n, d] and [..., m, d] to [..., n, m].",
            {"input", "other", {"order", 2.0}},
            [](const Tensor& input, const Tensor& other, double order) {
              return at::cdist(input, other, order);
            });
  table.add(
      "svd", "Singular values S in descending order; input = U·diag(S)·Vh.",
      {"input", {"fullMatrices", false}},
      [](const Tensor& input, bool fullMatrices) { return at::linalg_svd(input, fullMatrices); },
      {"U", "S", "Vh"});
  table.add("svdvals", "Singular values alone, in descending order.", {"input"},
            [](const Tensor& input) { return at::linalg_svdvals(input); });
  table.add(
      "eigh",
      "Eigenvalues, ascending, and eigenvectors (columns) of symmetric or Hermitian matrices.",
      {"input"}, [](const Tensor& input) { return at::linalg_eigh(input); },
      {"eigenvalues", "eigenvectors"});
  table.add("eigvalsh", "Eigenvalues, ascending, of symmetric or Hermitian matrices.", {"input"},
            [](const Tensor& input) { return at::linalg_eigvalsh(input); });
  table.add("qr", "Orthogonal Q and upper triangular R with input = Q·R.", {"input"},
            [](const Tensor& input) { return at::linalg_qr(input); }, {"Q", "R"});
  table.add("cholesky", "Lower triangular L with input = L·Lᴴ, of a positive definite matrix.",
            {"input"}, [](const Tensor& input) { return at::linalg_cholesky(input); });
  table.add(
      "solve", "X with input·X = right, for square matrices.", {"input", "right"},
      [](const Tensor& input, const Tensor& right) { return at::linalg_solve(input, right); });
  table.add("lstsq", "The X of least norm that minimises |input·X - right|.", {"input", "right"},
            [](const Tensor& input, const Tensor& right) {
              // By the singular value decomposition on the CPU: also right where the rank is
              // deficient.
              const auto driver =
                  input.is_cpu() ? std::optional<c10::string_view>("gelsd") : std::nullopt;
              return std::get<0>(at::linalg_lstsq(input, right, std::nullopt, driver));
            });
  table.add("inv", "Inverse of square matrices.", {"input"},
            [](const Tensor& input) { return at::linalg_inv(input); });
  table.add("pinv", "Pseudo-inverse.", {"input"},
            [](const Tensor& input) { return at::linalg_pinv(input); });
  table.add("det", "Determinant of square matrices.", {"input"},
            [](const Tensor& input) { return at::linalg_det(input); });
  table.add("trace", "Sum of the diagonal of a matrix.", {"input"},
            [](const Tensor& input) { return at::trace(input); });
  table.add("matrixNorm", "Frobenius norm of matrices, or the norm of an order (1, -1, 2, -2).",
            {"input", {"order", nullptr}, {"keepdim", false}},
            [](const Tensor& input, const std::optional<Scalar>& order, bool keepdim) {
              if (order) return at::linalg_matrix_norm(input, *order, {-2, -1}, keepdim);
              return at::linalg_matrix_norm(input, "fro", {-2, -1}, keepdim);
            });
}

}  // namespace fewsound::binding
