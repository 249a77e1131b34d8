# Looks for nvcc in CUDACXX, PATH and /usr/local/cuda/bin, and enables CUDA where it is: with the static
# runtime, and for every architecture that this nvcc knows of a fixed list, whatever card the machine has.
#
# FEWSOUND_CUDA: AUTO takes nvcc where it is, ON insists on it, OFF does without.

set(FEWSOUND_CUDA AUTO CACHE STRING "CUDA kernels: AUTO, ON or OFF")
set_property(CACHE FEWSOUND_CUDA PROPERTY STRINGS AUTO ON OFF)

set(FEWSOUND_HAS_CUDA OFF)
if(NOT FEWSOUND_CUDA STREQUAL "OFF")
  find_program(FEWSOUND_NVCC NAMES "$ENV{CUDACXX}" nvcc PATHS /usr/local/cuda/bin)
  if(FEWSOUND_NVCC)
    set(FEWSOUND_HAS_CUDA ON)
  elseif(FEWSOUND_CUDA STREQUAL "ON")
    message(FATAL_ERROR "FEWSOUND_CUDA is ON, but nvcc is not in CUDACXX, PATH or /usr/local/cuda/bin")
  endif()
endif()

# A macro: what enable_language sets is for the folder that asks.
macro(fewsound_enable_cuda)
  execute_process(COMMAND "${FEWSOUND_NVCC}" --version OUTPUT_VARIABLE _nvcc_version)
  string(REGEX REPLACE ".*release ([0-9]+\\.[0-9]+).*" "\\1" _nvcc_version "${_nvcc_version}")
  # Turing, Ampere (A100, RTX 30), Ada, Hopper, Blackwell (B200, RTX 50).
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real)
  if(_nvcc_version VERSION_LESS 12.8)
    list(APPEND CMAKE_CUDA_ARCHITECTURES 90)
  else()
    list(APPEND CMAKE_CUDA_ARCHITECTURES 90-real 100-real 120)
  endif()
  set(CMAKE_CUDA_COMPILER "${FEWSOUND_NVCC}")
  # The runtime is linked by its path, below: CMake would name it without one where nvcc is a script.
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  set(CMAKE_CUDA_STANDARD 17)  # CMake learnt after 3.25 that nvcc has C++20; kernels do without
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  set(CMAKE_CUDA_IMPLICIT_LINK_LIBRARIES)
  # Headers that both sides include have constexpr functions and nothing of CUDA.
  add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr>")
  message(STATUS "CUDA kernels: nvcc ${_nvcc_version} for ${CMAKE_CUDA_ARCHITECTURES}")
endmacro()
