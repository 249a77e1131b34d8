#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fewsound {

// Every structure of options has beside it a function that shows its fields to a visitor:
//
//   void fields(OptionVisitor& visit, KanOptions& options) {
//     visit({.name = "grid", .meaning = "Grid size G: intervals of each spline.",
//            .source = "Table 10", .flag = Flag{"<intervals>"}},
//           options.grid, Whole{1, 1024});
//   }
//
// That is all that is written down about an option. Reading it from JavaScript, checking it, its
// TypeScript declaration, its schema, its flag and its documentation come from here; its default is
// the member's initializer.

/// How an option is given on the command line: `--its-name <value>`, or without a value for a flag,
/// as `--no-its-name` where the default is true.
struct Flag {
  const char* value = nullptr;  // placeholder
  const char* help = nullptr;   // where it is not the meaning
  const char* name = nullptr;   // where it is not the option's, such as "--batch"
};

struct Field {
  const char* name;
  const char* meaning;           // one sentence
  const char* source = nullptr;  // of the default: paper, table, equation
  std::optional<Flag> flag = std::nullopt;
  bool required = false;  // has no default
  // Where the structure has a kind: those that this is a number of.
  // NOLINTNEXTLINE(readability-redundant-member-init): GCC asks for it where fields are left out.
  std::vector<const char*> kinds = {};
};

/// A whole number from `least` to `most`, or a multiple of another there.
struct Whole {
  int64_t least;
  int64_t most;
  int64_t multiple = 1;

  bool accepts(int64_t value) const {
    return value >= least && value <= most && value % multiple == 0;
  }
  std::string expected() const;
};

/// The largest whole number that JavaScript has exactly.
inline constexpr int64_t kLargestWhole = 9'007'199'254'740'991;

/// A finite number, bounded or not. `above` and `below`: the bound itself does not belong to it.
struct Real {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool above = false;
  bool below = false;

  bool accepts(double value) const;
  std::string expected() const;
};

inline constexpr Real kFinite{};
inline constexpr Real kPositive{.least = 0.0, .above = true};
inline constexpr Real kNotNegative{.least = 0.0};
inline constexpr Real kFraction{.least = 0.0, .most = 1.0, .below = true};  // [0, 1)

/// How many elements a list has, and what they are called: "hidden layers".
struct Length {
  int64_t least;
  int64_t most;
  const char* noun;

  bool accepts(size_t count) const;
  std::string expected() const;
};

struct Wholes {
  Whole each;
  Length length;
};

struct Reals {
  Real each;
  Length length;
};

/// One of some names, in the order of an enumeration's values.
struct Choice {
  std::span<const char* const> names;

  std::string expected() const;
};

/// From a lower to an upper number, a pair in JavaScript.
struct Range {
  double lower;
  double upper;

  bool isValid() const;
  static constexpr const char* kExpected = "two finite numbers, the first below the second";
};

/// What dtype a model may have.
bool isModelDtype(at::ScalarType dtype);
inline constexpr const char* kModelDtypes = "'float32' or 'float64'";

/// "'a', 'b' or 'c'"
std::string oneOf(std::span<const char* const> names);

class OptionVisitor;

/// Options of one of several kinds, which JavaScript gives as {kind, …options}; see registry.h.
class OptionsOfKind {
 public:
  virtual ~OptionsOfKind() = default;
  virtual std::vector<const char*> kinds() const = 0;
  virtual const char* kind() const = 0;
  /// The kind where none is given; null: it must be given.
  virtual const char* usualKind() const = 0;
  /// Takes a kind with its defaults; false for a name that is none of `kinds()`.
  virtual bool choose(std::string_view kind) = 0;
  /// The fields of the kind alone, without what a model as a whole has.
  virtual void visitFields(OptionVisitor& visit) = 0;
};

/// What is done with every field of a structure of options, in turn.
class OptionVisitor {
 public:
  OptionVisitor() = default;
  OptionVisitor(const OptionVisitor&) = delete;
  OptionVisitor& operator=(const OptionVisitor&) = delete;
  virtual ~OptionVisitor() = default;

  template <std::integral Integer>
  void operator()(const Field& field, Integer& value, const Whole& check) {
    std::optional<int64_t> number = static_cast<int64_t>(value);
    whole(field, number, check);
    if (number) value = static_cast<Integer>(*number);
  }
  template <std::integral Integer>
  void operator()(const Field& field, std::optional<Integer>& value, const Whole& check) {
    std::optional<int64_t> number;
    if (value) number = static_cast<int64_t>(*value);
    whole(field, number, check);
    value.reset();
    if (number) value = static_cast<Integer>(*number);
  }
  void operator()(const Field& field, double& value, const Real& check) {
    std::optional<double> number = value;
    real(field, number, check);
    if (number) value = *number;
  }
  void operator()(const Field& field, std::optional<double>& value, const Real& check) {
    real(field, value, check);
  }
  void operator()(const Field& field, bool& value) { flag(field, value); }
  void operator()(const Field& field, std::vector<int64_t>& values, const Wholes& check) {
    wholes(field, values, check);
  }
  void operator()(const Field& field, std::vector<double>& values, const Reals& check) {
    reals(field, values, check);
  }
  /// As many numbers as the array has.
  template <size_t count>
  void operator()(const Field& field, std::array<double, count>& values, const Real& each,
                  const char* noun) {
    std::vector<double> list(values.begin(), values.end());
    reals(field, list, {each, {static_cast<int64_t>(count), static_cast<int64_t>(count), noun}});
    std::copy_n(list.begin(), count, values.begin());
  }
  void operator()(const Field& field, Range& value) { range(field, value); }
  template <class Enumeration>
    requires std::is_enum_v<Enumeration>
  void operator()(const Field& field, Enumeration& value, const Choice& check) {
    auto index = static_cast<size_t>(value);
    choice(field, index, check);
    value = static_cast<Enumeration>(index);
  }
  void operator()(const Field& field, at::ScalarType& value) { dtype(field, value); }
  void operator()(const Field& field, at::Device& value) { device(field, value); }
  void operator()(const Field& field, OptionsOfKind& value) { ofKind(field, value); }
  /// Options within options.
  template <class Options>
    requires(std::is_class_v<Options> && !std::derived_from<Options, OptionsOfKind>)
  void operator()(const Field& field, Options& options) {
    group(field, [&](OptionVisitor& visit) { fields(visit, options); });
  }
  template <class Options>
  void operator()(const Field& field, std::vector<Options>& list, const Length& length) {
    structs(field, {.count = list.size(),
                    .length = length,
                    .resize = [&](size_t count) { list.assign(count, Options{}); },
                    .visit =
                        [&](OptionVisitor& visit, size_t index) {
                          // A description asks for the fields of an element of any list.
                          Options any{};
                          fields(visit, index < list.size() ? list[index] : any);
                        }});
  }

 protected:
  struct Structs {
    size_t count;
    const Length& length;
    std::function<void(size_t count)> resize;  // to that many with their defaults
    std::function<void(OptionVisitor& visit, size_t index)> visit;
  };

  virtual void whole(const Field& field, std::optional<int64_t>& value, const Whole& check) = 0;
  virtual void real(const Field& field, std::optional<double>& value, const Real& check) = 0;
  virtual void flag(const Field& field, bool& value) = 0;
  virtual void wholes(const Field& field, std::vector<int64_t>& values, const Wholes& check) = 0;
  virtual void reals(const Field& field, std::vector<double>& values, const Reals& check) = 0;
  virtual void range(const Field& field, Range& value) = 0;
  virtual void choice(const Field& field, size_t& index, const Choice& check) = 0;
  virtual void dtype(const Field& field, at::ScalarType& value) = 0;
  virtual void device(const Field& field, at::Device& value) = 0;
  virtual void ofKind(const Field& field, OptionsOfKind& value) = 0;
  virtual void group(const Field& field,
                     const std::function<void(OptionVisitor& visit)>& visitFields) = 0;
  virtual void structs(const Field& field, const Structs& list) = 0;
};

/// Checks every field that a function shows; throws c10::ValueError, "grid is 0; expected …".
void checkFields(const std::function<void(OptionVisitor& visit)>& visitFields);

/// The same of a structure of options.
template <class Options>
void checkOptions(const Options& options) {
  Options copy = options;
  checkFields([&](OptionVisitor& visit) { fields(visit, copy); });
}

/// The options, once they are checked: for a constructor's list of members.
template <class Options>
const Options& checked(const Options& options) {
  checkOptions(options);
  return options;  // NOLINT(bugprone-return-const-ref-from-parameter): used at once
}

}  // namespace fewsound
