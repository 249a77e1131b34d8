// A small test harness: TEST(name) { CHECK(...); } in a program of its own, which exits 1 when a
// check fails.
#pragma once

#include <c10/util/Logging.h>

#include <cmath>
#include <exception>
#include <functional>
#include <iostream>
#include <string>

namespace fewsound::test {

inline int failures = 0;

/// A test, and by its constructor an entry of the list of all; static objects, so the list
/// allocates nothing.
struct Test {
  const char* name;
  void (*body)();
  Test* next = nullptr;

  static inline Test* first = nullptr;
  static inline Test** end = &first;

  Test(const char* testName, void (*testBody)()) noexcept : name(testName), body(testBody) {
    *end = this;
    end = &next;
  }
};

inline void report(const char* file, int line, const std::string& what) {
  ++failures;
  std::cerr << "  " << file << ":" << line << ": " << what << "\n";
}

inline void checkClose(const char* file, int line, const char* what, double value, double expected,
                       double tolerance) {
  if (std::abs(value - expected) <= tolerance) return;  // false for NaN, too
  report(file, line,
         std::string(what) + " is " + std::to_string(value) + ", expected " +
             std::to_string(expected) + " within " + std::to_string(tolerance));
}

/// Passes when the body throws an exception whose message holds `part`.
inline void checkThrows(const char* file, int line, const std::function<void()>& body,
                        const std::string& part) {
  try {
    body();
  } catch (const std::exception& error) {
    const std::string message = error.what();
    if (message.find(part) == std::string::npos) {
      report(file, line, "the error lacks \"" + part + "\": " + message);
    }
    return;
  }
  report(file, line, "nothing was thrown; expected an error with \"" + part + "\"");
}

inline int runAll() {
  for (const Test* test = Test::first; test != nullptr; test = test->next) {
    const int before = failures;
    try {
      test->body();
    } catch (const std::exception& error) {
      ++failures;
      std::cerr << "  threw: " << error.what() << "\n";
    }
    std::cerr << (failures == before ? "ok   " : "FAIL ") << test->name << "\n";
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace fewsound::test

#define TEST(name)                                      \
  static void name();                                   \
  static fewsound::test::Test test_##name(#name, name); \
  static void name()
#undef CHECK  // LibTorch's logging has one, which ends the process
#define CHECK(condition) \
  if (!(condition)) fewsound::test::report(__FILE__, __LINE__, "not so: " #condition)
#define CHECK_CLOSE(value, expected, tolerance) \
  fewsound::test::checkClose(__FILE__, __LINE__, #value, value, expected, tolerance)
#define CHECK_THROWS(expression, part) \
  fewsound::test::checkThrows(__FILE__, __LINE__, [&] { (void)(expression); }, part)

int main() { return fewsound::test::runAll(); }
