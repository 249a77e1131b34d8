// Sines, cosines and exponentials by vectors against the C library in a wider format, in units in
// the last place of the exact result; products of matrices against sums one by one.

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "native/mlp/cpu/mlp_kernel.h"
#include "test/native/check.h"

using namespace fewsound;
using namespace fewsound::cpu;

namespace {

template <typename T>
using Wider = std::conditional_t<sizeof(T) == 4, double, long double>;

/// How far a result is from the exact one, in units in the last place of that.
template <typename T>
double unitsOff(T result, Wider<T> exact) {
  const T size = std::max(std::abs(static_cast<T>(exact)), std::numeric_limits<T>::min());
  const T unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return static_cast<double>(std::abs(static_cast<Wider<T>>(result) - exact) / unit);
}

template <typename T>
void fillUp(std::vector<T>& values) {
  while (values.size() % kTile<T> != 0) values.push_back(T(0));
}

/// Largest error of sine alone, and of sine and cosine together.
template <typename T>
double sineError(std::vector<T> x) {
  fillUp(x);
  const auto count = static_cast<int64_t>(x.size());
  std::vector<T> alone(count), sine(count), cosine(count);
  mlpKernel<T>().sines(count, x.data(), alone.data(), nullptr);
  mlpKernel<T>().sines(count, x.data(), sine.data(), cosine.data());
  double worst = 0.0;
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<Wider<T>>(x[i]);
    worst = std::max({worst, unitsOff(alone[i], std::sin(at)), unitsOff(sine[i], std::sin(at)),
                      unitsOff(cosine[i], std::cos(at))});
  }
  return worst;
}

/// Values of all sizes up to `most`, of both signs.
template <typename T>
std::vector<T> spreadValues(T most, int64_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::uniform_real_distribution<double> exponent(-40.0, std::log2(static_cast<double>(most)));
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) {
    const double size = i % 2 == 0 ? static_cast<double>(most) : std::exp2(exponent(random));
    values.push_back(static_cast<T>(uniform(random) * size));
  }
  return values;
}

/// The numbers nearest to multiples of pi / 2, where a sine or cosine is smallest.
template <typename T>
std::vector<T> nearMultiples(int64_t first, int64_t count, int64_t step) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) {
    const auto multiple = static_cast<T>(static_cast<long double>(first + i * step) *
                                         (std::numbers::pi_v<long double> / 2));
    values.push_back(multiple);
    values.push_back(std::nextafter(multiple, T(0)));
    values.push_back(-std::nextafter(multiple, std::numeric_limits<T>::infinity()));
  }
  return values;
}

/// e^v as the wavelet of z = -i v, with omega 1 and scale 0, has it.
template <typename T>
std::vector<T> exponentials(std::vector<T> v) {
  const auto count = static_cast<int64_t>(v.size());
  std::vector<T> z(2 * count, T(0));
  std::vector<T> x(2 * count);
  for (int64_t i = 0; i < count; ++i) z[count + i] = -v[i];
  mlpKernel<T>().activate({.kind = Activation::kGabor,
                           .count = count,
                           .complex = true,
                           .omega = T(1),
                           .scaleSquared = T(0),
                           .nextOmega = T(0)},
                          z.data(), x.data(), nullptr);
  x.resize(count);
  return x;
}

template <typename T>
double exponentialError(T least, T most) {
  std::vector<T> v;
  constexpr int64_t kCount = 200'000;
  for (int64_t i = 0; i <= kCount; ++i) {
    v.push_back(least + (most - least) * static_cast<T>(i) / static_cast<T>(kCount));
  }
  fillUp(v);
  const std::vector<T> found = exponentials(v);
  double worst = 0.0;
  for (size_t i = 0; i < v.size(); ++i) {
    worst = std::max(worst, unitsOff(found[i], std::exp(static_cast<Wider<T>>(v[i]))));
  }
  return worst;
}

/// Whether products of random whole numbers are exact, whatever the shape.
template <typename T>
void checkProducts() {
  const MlpKernel<T>& kernel = mlpKernel<T>();
  std::mt19937 random(3);  // NOLINT(bugprone-random-generator-seed): the same cases in every run
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  for (int round = 0; round < 200; ++round) {
    const int64_t rows = draw(1, 40);
    const int64_t depth = draw(1, 250);
    const int64_t columns = draw(1, 12) * kernel.lanes;
    const int64_t gap = draw(0, 5);
    const auto values = [&](int64_t count) {
      std::vector<T> made(count);
      for (T& value : made) value = static_cast<T>(draw(-4, 4));
      return made;
    };
    const bool transposed = draw(0, 1) == 0;
    const int64_t leftStride = transposed ? 1 : depth + gap;
    const int64_t leftStep = transposed ? rows + gap : 1;
    const std::vector<T> left = values((rows + gap) * (depth + gap));
    const std::vector<T> right = values(depth * (columns + gap));
    const std::vector<T> bias = values(rows);
    std::vector<T> sums = values(rows * (columns + gap));
    std::vector<T> expected = sums;
    const bool add = draw(0, 1) == 0;
    const T sign = draw(0, 1) == 0 ? T(1) : T(-1);
    const bool biased = !add && sign > T(0);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        T sum = T(0);
        for (int64_t k = 0; k < depth; ++k) {
          sum += left[r * leftStride + k * leftStep] * right[k * (columns + gap) + c];
        }
        T& to = expected[r * (columns + gap) + c];
        to = (add ? to : biased ? bias[r] : T(0)) + sign * sum;
      }
    }
    kernel.multiply({.rows = rows,
                     .depth = depth,
                     .columns = columns,
                     .left = left.data(),
                     .leftStride = leftStride,
                     .leftStep = leftStep,
                     .right = right.data(),
                     .rightStride = columns + gap,
                     .sums = sums.data(),
                     .sumsStride = columns + gap,
                     .bias = biased ? bias.data() : nullptr,
                     .add = add,
                     .sign = sign});
    CHECK(sums == expected);
  }
}

}  // namespace

TEST(sinesAreRightToTwoUnitsWhateverTheArgument) {
  for (const float most : {1.0F, 100.0F, 1e4F, 1e5F, 2e5F, 1e6F, 1e9F, 3e38F}) {
    CHECK_CLOSE(sineError(spreadValues(most, 400'000, 1)), 0.0, 2.0);
  }
  for (const double most : {1.0, 1e5, 1e9, 1e12, 1e300}) {
    CHECK_CLOSE(sineError(spreadValues(most, 50'000, 2)), 0.0, 2.0);
  }
}

TEST(sinesAreRightToTwoUnitsOnDenseArguments) {
  std::vector<float> dense;
  // NOLINTBEGIN(bugprone-float-loop-counter): every float there is
  for (float x = 0.0F; x < 300.0F; x += 7e-4F) dense.push_back(x);
  for (float x = 60'000.0F; x < 62'000.0F; x = std::nextafter(x, 1e9F)) dense.push_back(x);
  // NOLINTEND(bugprone-float-loop-counter)
  CHECK_CLOSE(sineError(dense), 0.0, 2.0);
}

TEST(sinesAreRightToTwoUnitsNearMultiplesOfHalfPi) {
  CHECK_CLOSE(sineError(nearMultiples<float>(1, 150'000, 1)), 0.0, 2.0);
  CHECK_CLOSE(sineError(nearMultiples<float>(150'000, 100'000, 9'973)), 0.0, 2.0);
  CHECK_CLOSE(sineError(nearMultiples<double>(1, 50'000, 1)), 0.0, 2.0);
  CHECK_CLOSE(sineError(nearMultiples<double>(50'000, 20'000, 99'991)), 0.0, 2.0);
}

TEST(sinesOfZeroInfinityAndNoNumberAreTheLibrarys) {
  std::vector<float> x{0.0F,
                       -0.0F,
                       std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::quiet_NaN(),
                       1.0F};
  fillUp(x);
  const auto count = static_cast<int64_t>(x.size());
  std::vector<float> sine(count), cosine(count);
  mlpKernel<float>().sines(count, x.data(), sine.data(), cosine.data());
  for (size_t i = 0; i < x.size(); ++i) {
    CHECK(std::isnan(sine[i]) == std::isnan(std::sin(x[i])));
    CHECK(std::isnan(cosine[i]) == std::isnan(std::cos(x[i])));
    if (!std::isnan(sine[i])) CHECK_CLOSE(sine[i], std::sin(x[i]), 1e-7);
  }
}

TEST(exponentialsAreRightToTwoUnits) {
  CHECK_CLOSE(exponentialError(-87.3F, 88.72F), 0.0, 2.0);
  CHECK_CLOSE(exponentialError(-1.0F, 1.0F), 0.0, 2.0);
  CHECK_CLOSE(exponentialError(-708.0, 709.7), 0.0, 2.0);
}

TEST(exponentialsOfWhatIsTooLargeAreInfinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> v{89.0F, 1e4F, -89.0F, -1e4F};
  fillUp(v);
  const std::vector<float> found = exponentials(v);
  CHECK(found[0] == kInfinity && found[1] == kInfinity);
  CHECK(found[2] == 0.0F && found[3] == 0.0F);
}

TEST(productsOfAnyShapeAreExactForWholeNumbers) {
  checkProducts<float>();
  checkProducts<double>();
}
