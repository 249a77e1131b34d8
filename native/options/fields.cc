#include "native/options/fields.h"

#include <c10/util/Exception.h>

#include <cmath>

namespace fewsound {

std::string Whole::expected() const {
  return c10::str("a whole number from ", least, " to ", most);
}

bool Real::accepts(double value) const {
  return std::isfinite(value) && (above ? value > least : value >= least) &&
         (below ? value < most : value <= most);
}

std::string Real::expected() const {
  if (!std::isfinite(least)) return "a finite number";
  if (!std::isfinite(most)) {
    return above ? c10::str("a finite number above ", least)
                 : c10::str("a finite number, ", least, " or more");
  }
  if (above) return c10::str("a number above ", least, below ? " and below " : ", up to ", most);
  return c10::str("a number from ", least, below ? " to below " : " to ", most);
}

bool Length::accepts(size_t count) const {
  return static_cast<int64_t>(count) >= least && static_cast<int64_t>(count) <= most;
}

std::string Length::expected() const {
  if (least == most) return c10::str("an array of ", least, " ", noun);
  return c10::str("an array of ", least, " to ", most, " ", noun);
}

std::string oneOf(std::span<const char* const> names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    const char* const separator = i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    text += c10::str(separator, "'", names[i], "'");
  }
  return text;
}

std::string Choice::expected() const { return oneOf(names); }

bool Range::isValid() const {
  return std::isfinite(lower) && std::isfinite(upper) && lower < upper;
}

bool isModelDtype(at::ScalarType dtype) { return dtype == at::kFloat || dtype == at::kDouble; }

namespace {

class Checker : public OptionVisitor {
 public:
  explicit Checker(std::string prefix = {}) : prefix_(std::move(prefix)) {}

 protected:
  void whole(const Field& field, std::optional<int64_t>& value, const Whole& check) override {
    if (value) require(check.accepts(*value), field.name, *value, check.expected());
  }
  void real(const Field& field, std::optional<double>& value, const Real& check) override {
    if (value) require(check.accepts(*value), field.name, *value, check.expected());
  }
  void flag(const Field&, bool&) override {}
  void wholes(const Field& field, std::vector<int64_t>& values, const Wholes& check) override {
    list(field, values, check);
  }
  void reals(const Field& field, std::vector<double>& values, const Reals& check) override {
    list(field, values, check);
  }
  void range(const Field& field, Range& value) override {
    require(value.isValid(), field.name, c10::str("[", value.lower, ", ", value.upper, "]"),
            Range::kExpected);
  }
  void choice(const Field& field, size_t& index, const Choice& check) override {
    require(index < check.names.size(), field.name, index, check.expected());
  }
  void dtype(const Field& field, at::ScalarType& value) override {
    require(isModelDtype(value), field.name, value, kModelDtypes);
  }
  void device(const Field&, at::Device&) override {}
  void ofKind(const Field& field, OptionsOfKind& value) override {
    Checker inner(prefix_ + field.name + ".");
    value.visitFields(inner);
  }
  void group(const Field& field, const std::function<void(OptionVisitor&)>& visitFields) override {
    Checker inner(prefix_ + field.name + ".");
    visitFields(inner);
  }
  void structs(const Field& field, const Structs& list) override {
    require(list.length.accepts(list.count), field.name, c10::str("an array of ", list.count),
            list.length.expected());
    for (size_t i = 0; i < list.count; ++i) {
      Checker inner(c10::str(prefix_, field.name, ".", i, "."));
      list.visit(inner, i);
    }
  }

 private:
  template <class Value>
  void require(bool holds, const std::string& name, const Value& value,
               const std::string& expected) const {
    TORCH_CHECK_VALUE(holds, prefix_, name, " is ", value, "; expected ", expected);
  }

  template <class Values, class Check>
  void list(const Field& field, const Values& values, const Check& check) const {
    require(check.length.accepts(values.size()), field.name,
            c10::str("[", c10::Join(", ", values), "]"), check.length.expected());
    for (size_t i = 0; i < values.size(); ++i) {
      require(check.each.accepts(values[i]), c10::str(field.name, ".", i), values[i],
              check.each.expected());
    }
  }

  std::string prefix_;
};

}  // namespace

void checkFields(const std::function<void(OptionVisitor& visit)>& visitFields) {
  Checker checker;
  visitFields(checker);
}

}  // namespace fewsound
