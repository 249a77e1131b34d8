#include <ATen/ATen.h>

#include "binding/convert.h"
#include "binding/dtype.h"
#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/register.h"
#include "binding/tensor_handle.h"

namespace fewsound::binding {
namespace {

constexpr const char* kTensor = "tensor";

at::Tensor tensorIn(const Napi::CallbackInfo& info) {
  return toTensor({info.Env(), kTensor}, info[0]);
}

/// The elements of a typed array, where they are what a tensor of the dtype and shape needs.
const void* elementsFor(const Place& place, napi_value value, at::ScalarType dtype,
                        at::IntArrayRef shape) {
  bool isTypedArray = false;
  napi_is_typedarray(place.env, value, &isTypedArray);
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  if (!isTypedArray || napi_get_typedarray_info(place.env, value, &type, &length, &data, nullptr,
                                                nullptr) != napi_ok) {
    place.reject(value, "a typed array");
  }
  if (type != arrayTypeOf(dtype)) {
    place.reject(value, c10::str("a ", arrayName(arrayTypeOf(dtype)), " for ", dtypeName(dtype)));
  }
  int64_t needed = at::isComplexType(dtype) ? 2 : 1;
  for (const int64_t size : shape) {
    if (size < 0) {
      throw CallError(Code::kInvalidArgument, c10::str("shape has the size ", size), "shape");
    }
    if (__builtin_mul_overflow(needed, size, &needed)) {
      throw CallError(Code::kInvalidArgument, "shape has more elements than can be counted",
                      "shape");
    }
  }
  if (static_cast<int64_t>(length) != needed) {
    throw CallError(Code::kShapeMismatch,
                    c10::str(place.name, " has ", length, " elements; a ", dtypeName(dtype),
                             " tensor of shape [", c10::Join(", ", shape), "] needs ", needed),
                    place.name);
  }
  return data;
}

/// tensor(typedArray, shape, dtype, device?): a tensor with a copy of the data
Napi::Value fromData(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  const std::vector<int64_t> shape = toIntegers({env, "shape"}, info[1]);
  const at::ScalarType dtype = toDtype({env, "dtype"}, info[2]);
  const at::Device device =
      info[3].IsUndefined() ? at::Device(at::kCPU) : toDevice({env, "device"}, info[3]);
  // Last of what looks at arguments, so that no getter of the caller's can detach the buffer
  // afterwards.
  const void* data = elementsFor({env, "data"}, info[0], dtype, shape);
  at::Tensor tensor = at::empty(shape, dtype);
  if (tensor.numel() > 0) {
    if (dtype == at::kBool) {
      const auto* bytes = static_cast<const uint8_t*>(data);
      std::transform(bytes, bytes + tensor.numel(), tensor.mutable_data_ptr<bool>(),
                     [](uint8_t byte) { return byte != 0; });
    } else {
      std::memcpy(tensor.mutable_data_ptr(), data, tensor.nbytes());
    }
  }
  return makeTensor(env, tensor.to(device));
}

struct View {
  napi_value buffer;
  size_t offset;
  size_t length;
};

size_t elementsOf(const at::Tensor& tensor) {
  return static_cast<size_t>(tensor.numel()) * (tensor.is_complex() ? 2 : 1);
}

View copyOut(napi_env env, const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU).resolve_conj().resolve_neg().contiguous();
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, plain.nbytes());
  if (plain.nbytes() > 0) std::memcpy(buffer.Data(), plain.const_data_ptr(), plain.nbytes());
  return {buffer, 0, elementsOf(plain)};
}

bool sharable(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.is_contiguous() && !tensor.is_conj() && !tensor.is_neg() &&
         tensor.numel() > 0;
}

/// data(tensor, copy): {buffer, offset, length, shared}; shared memory where it is contiguous on
/// the CPU and no copy is asked for.
Napi::Value data(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const at::Tensor tensor = tensorIn(info);
  const bool copy = toBool({env, "copy"}, info[1]);
  View view{nullptr, 0, 0};
  if (!copy && sharable(tensor)) {
    view.buffer = Environment::of(env).sharedMemory->arrayBuffer(tensor.storage());
    view.offset = static_cast<size_t>(tensor.storage_offset()) * tensor.element_size();
    view.length = elementsOf(tensor);
  }
  const bool shared = view.buffer != nullptr;
  if (!shared) view = copyOut(env, tensor);
  const Napi::Object result = Napi::Object::New(env);
  result.Set("buffer", Napi::Value(env, view.buffer));
  result.Set("offset", static_cast<double>(view.offset));
  result.Set("length", static_cast<double>(view.length));
  result.Set("shared", shared);
  return result;
}

/// The value of a tensor of one element: a number, bigint, boolean, or [real, imaginary].
Napi::Value item(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const at::Tensor tensor = tensorIn(info);
  if (tensor.numel() != 1) {
    throw CallError(Code::kShapeMismatch,
                    c10::str("the tensor has ", tensor.numel(), " elements; item() needs one"));
  }
  const at::Scalar value = tensor.item();
  if (value.isComplex()) {
    const auto number = value.toComplexDouble();
    const Napi::Array parts = Napi::Array::New(env, 2);
    parts.Set(uint32_t{0}, number.real());
    parts.Set(uint32_t{1}, number.imag());
    return parts;
  }
  if (value.isBoolean()) return Napi::Boolean::New(env, value.toBool());
  if (value.isIntegral(false)) return Napi::BigInt::New(env, value.toLong());
  return Napi::Number::New(env, value.toDouble());
}

Napi::Value shape(const Napi::CallbackInfo& info) {
  return makeShape(info.Env(), tensorIn(info).sizes());
}

Napi::Value strides(const Napi::CallbackInfo& info) {
  return makeShape(info.Env(), tensorIn(info).strides());
}

Napi::Value dtype(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), dtypeName(tensorIn(info).scalar_type()));
}

Napi::Value device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), tensorIn(info).device().str());
}

Napi::Value isContiguous(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), tensorIn(info).is_contiguous());
}

Napi::Value bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(tensorIn(info).nbytes()));
}

Napi::Value isDisposed(const Napi::CallbackInfo& info) {
  const TensorHandle* handle = Handle<TensorHandle>::find(info.Env(), info[0]);
  if (handle == nullptr) Place{info.Env(), kTensor}.reject(info[0], "a Tensor");
  return Napi::Boolean::New(info.Env(), handle->disposed());
}

/// Frees the tensor now. A second time does nothing.
void dispose(const Napi::CallbackInfo& info) {
  TensorHandle* handle = Handle<TensorHandle>::find(info.Env(), info[0]);
  if (handle == nullptr) Place{info.Env(), kTensor}.reject(info[0], "a Tensor");
  handle->dispose();
}

}  // namespace

void exposeTensors(const Napi::Object& exports) {
  expose<fromData>(exports, "tensor");
  expose<data>(exports, "data");
  expose<item>(exports, "item");
  expose<shape>(exports, "shape");
  expose<strides>(exports, "strides");
  expose<dtype>(exports, "dtype");
  expose<device>(exports, "device");
  expose<isContiguous>(exports, "isContiguous");
  expose<bytes>(exports, "bytes");
  expose<isDisposed>(exports, "isDisposed");
  expose<dispose>(exports, "dispose");
}

}  // namespace fewsound::binding
