# Finds what LibTorch's NCCL process group includes, in the CUDA toolkit and in NVIDIA's packages for Python, which
# pip puts beside LibTorch's. NCCL itself is in the process with libtorch_cuda.

file(GLOB _nvidia_includes "${LIBTORCH_DIR}/../nvidia/*/include")
set(NcclHeaders_INCLUDE_DIRS)
set(_nccl_wanted)
foreach(header nccl.h cublas_v2.h cublasLt.h cusparse.h cusolverDn.h)
  string(MAKE_C_IDENTIFIER "NcclHeaders_${header}" _variable)
  find_path(${_variable} ${header} PATHS ${CUDAToolkit_INCLUDE_DIRS} ${_nvidia_includes})
  mark_as_advanced(${_variable})
  list(APPEND _nccl_wanted ${_variable})
  list(APPEND NcclHeaders_INCLUDE_DIRS "${${_variable}}")
endforeach()
list(REMOVE_DUPLICATES NcclHeaders_INCLUDE_DIRS)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NcclHeaders
  REQUIRED_VARS ${_nccl_wanted}
  REASON_FAILURE_MESSAGE "fewsound_cuda.so is built without NCCL")
if(NOT NcclHeaders_FOUND)
  set(NcclHeaders_INCLUDE_DIRS)
endif()
