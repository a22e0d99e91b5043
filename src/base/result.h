// Result<T> is a T or the Error that explains why there is none. Functions that can fail for
// reasons outside our code return one; TRY passes a failure on to the caller:
//
//   Result<Model> LoadModel(const std::string& path) {
//     TRY(auto file, MappedFile::Open(path));
//     TRY_VOID(CheckHeader(file));
//     return Model(std::move(file));
//   }
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace atelier {

template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  template <class U = T>
    requires(std::is_constructible_v<T, U &&> && std::is_convertible_v<U &&, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> && !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { return Checked(); }
  const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(Checked()); }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok().
  Error& error() & { return CheckedError(); }
  const Error& error() const& { return const_cast<Result*>(this)->CheckedError(); }
  Error&& error() && { return std::move(CheckedError()); }

 private:
  T& Checked() {
    CHECK_MSG(ok(), ok() ? std::string() : std::get<1>(state_).Message());
    return *std::get_if<0>(&state_);
  }
  Error& CheckedError() {
    CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  // REQUIRES: !ok().
  Error& error() & {
    CHECK(!ok());
    return *error_;
  }
  const Error& error() const& {
    CHECK(!ok());
    return *error_;
  }
  Error&& error() && {
    CHECK(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace atelier

#define ATELIER_JOIN_INNER(a, b) a##b
#define ATELIER_JOIN(a, b) ATELIER_JOIN_INNER(a, b)
#define ATELIER_TRY(result, declaration, ...)         \
  auto result = (__VA_ARGS__);                        \
  if (!result.ok()) return std::move(result).error(); \
  declaration = std::move(result).value()
#define ATELIER_CO_TRY(result, declaration, ...)         \
  auto result = (__VA_ARGS__);                           \
  if (!result.ok()) co_return std::move(result).error(); \
  declaration = std::move(result).value()

// TRY(auto x, Load(p)); declares x, or returns Load's error.
#define TRY(declaration, ...) ATELIER_TRY(ATELIER_JOIN(try_result_, __COUNTER__), declaration, __VA_ARGS__)
// TRY_VOID(Check(p)); returns Check's error, if any.
#define TRY_VOID(...)                                                                            \
  do {                                                                                           \
    if (auto try_result = (__VA_ARGS__); !try_result.ok()) return std::move(try_result).error(); \
  } while (false)
// The same inside coroutines.
#define CO_TRY(declaration, ...) ATELIER_CO_TRY(ATELIER_JOIN(try_result_, __COUNTER__), declaration, __VA_ARGS__)
#define CO_TRY_VOID(...)                                                                            \
  do {                                                                                              \
    if (auto try_result = (__VA_ARGS__); !try_result.ok()) co_return std::move(try_result).error(); \
  } while (false)
