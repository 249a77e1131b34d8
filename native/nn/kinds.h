#pragma once

#include <c10/util/Exception.h>

#include <algorithm>
#include <any>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/nn/model.h"
#include "native/options/fields.h"

namespace fewsound {

/// A row of a registry: what a kind is called, its options, and how one is made of them. `With`:
/// what a maker gets beside the options.
template <class Product, class... With>
struct Kind {
  const char* name;     // in options, in files and on the command line
  const char* options;  // what its options are called in TypeScript
  std::any defaults;
  void (*visit)(OptionVisitor& visit, std::any& options);
  ModelOptions* (*common)(std::any& options);  // null where they are part of a model's options
  std::shared_ptr<Product> (*make)(const std::any& options, With... with);
};

/// The row of a class that is made of a structure of options.
template <class Class, class Product, class Options, class... With>
Kind<Product, With...> kindOf(const char* name, const char* optionsName, Options defaults) {
  return {.name = name,
          .options = optionsName,
          .defaults = std::move(defaults),
          .visit = [](OptionVisitor& visit,
                      std::any& options) { fields(visit, std::any_cast<Options&>(options)); },
          .common = [](std::any& options) -> ModelOptions* {
            if constexpr (std::derived_from<Options, ModelOptions>) {
              return &std::any_cast<Options&>(options);
            }
            return nullptr;
          },
          .make = [](const std::any& options, With... with) -> std::shared_ptr<Product> {
            return std::make_shared<Class>(std::any_cast<const Options&>(options), with...);
          }};
}

/// The options of any kind of a product: a structure of options, with the row that it belongs to.
template <class Product, class... With>
class AnyOptions : public OptionsOfKind {
 public:
  using Row = Kind<Product, With...>;

  /// The registry, in the order in which kinds are listed.
  static const std::vector<Row>& rows();
  /// nullptr for a name that no row has.
  static const Row* rowNamed(std::string_view name) {
    const auto row =
        std::ranges::find_if(rows(), [&](const Row& each) { return each.name == name; });
    return row == rows().end() ? nullptr : &*row;
  }

  explicit AnyOptions(const Row& row) : row_(&row), options_(row.defaults) {}
  /// Of the first kind that has this structure of options.
  template <class Options>
    requires(!std::derived_from<Options, OptionsOfKind> && !std::same_as<Options, Row>)
  AnyOptions(Options options) : options_(std::move(options)) {  // NOLINT(*-explicit-*)
    const auto row = std::ranges::find_if(
        rows(), [](const Row& each) { return each.defaults.type() == typeid(Options); });
    TORCH_INTERNAL_ASSERT(row != rows().end(), "no kind has these options");
    row_ = &*row;
  }

  std::vector<const char*> kinds() const override {
    std::vector<const char*> names;
    for (const Row& row : rows()) names.push_back(row.name);
    return names;
  }
  const char* kind() const override { return row_->name; }
  const char* usualKind() const override { return nullptr; }
  bool choose(std::string_view name) override {
    const Row* const row = rowNamed(name);
    if (row == nullptr) return false;
    row_ = row;
    options_ = row->defaults;
    return true;
  }
  void visitFields(OptionVisitor& visit) override { row_->visit(visit, options_); }

  /// What every model has of them; null for what is part of a model.
  ModelOptions* common() { return row_->common(options_); }

  std::shared_ptr<Product> make(With... with) const { return row_->make(options_, with...); }

 private:
  const Row* row_ = nullptr;
  std::any options_;
};

}  // namespace fewsound
