# Finds LibTorch in LIBTORCH_DIR (the folder that holds include/ and lib/) and defines LibTorch::cpu.
#
# LibTorch's own TorchConfig.cmake insists on a CUDA toolkit when LibTorch is a CUDA build. We link
# libc10 and libtorch_cpu only, whatever the build, so that one binary runs with both.
#
# LibTorch keeps its binary interface within a minor version: LibTorch_SERIES is what a core is for,
# like 2.13.

set(LIBTORCH_DIR "$ENV{LIBTORCH}" CACHE PATH "LibTorch: the folder that holds include/ and lib/")

# What is found is remembered with the build folder, which may have been for another LibTorch
# before.
if(NOT LIBTORCH_DIR STREQUAL LibTorch_FOUND_IN)
  foreach(variable INCLUDE_DIR C10 CPU CUDA C10_CUDA)
    unset(LibTorch_${variable} CACHE)
  endforeach()
  set(LibTorch_FOUND_IN "${LIBTORCH_DIR}" CACHE INTERNAL "The folder that the paths of LibTorch are from")
endif()
find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATHS "${LIBTORCH_DIR}/include" NO_DEFAULT_PATH)
find_library(LibTorch_C10 c10 PATHS "${LIBTORCH_DIR}/lib" NO_DEFAULT_PATH)
find_library(LibTorch_CPU torch_cpu PATHS "${LIBTORCH_DIR}/lib" NO_DEFAULT_PATH)
# In a CUDA build only.
find_library(LibTorch_CUDA torch_cuda PATHS "${LIBTORCH_DIR}/lib" NO_DEFAULT_PATH)
find_library(LibTorch_C10_CUDA c10_cuda PATHS "${LIBTORCH_DIR}/lib" NO_DEFAULT_PATH)

if(LibTorch_INCLUDE_DIR)
  file(STRINGS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h" _torch_version_lines
    REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  if(NOT _torch_version_lines)
    file(STRINGS "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h"
      _torch_version_lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  endif()
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3"
    LibTorch_VERSION "${_torch_version_lines}")
  string(REGEX REPLACE "\\.[0-9]+$" "" LibTorch_SERIES "${LibTorch_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU LibTorch_C10 LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "set LIBTORCH to the folder of a LibTorch, or run `node scripts/build.mjs`, which finds or installs one")

add_library(LibTorch::cpu INTERFACE IMPORTED)
target_include_directories(LibTorch::cpu SYSTEM INTERFACE
  "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
target_link_libraries(LibTorch::cpu INTERFACE "${LibTorch_CPU}" "${LibTorch_C10}")
target_compile_definitions(LibTorch::cpu INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
