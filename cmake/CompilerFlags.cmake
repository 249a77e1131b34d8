# Warnings are errors in our own code only: LibTorch's headers come in as system headers.
add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-Wall;-Wextra;-Wno-unused-parameter>")
# Nobody reads errno after a root, and setting it keeps loops with one from being vectorised.
add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fno-math-errno>")

# Messages of failed checks name source files. A binary that is given away says them from the project's folder and from
# LibTorch's on, not where they were on the machine that built it.
function(fewsound_relative_source_names)
  foreach(folder "${CMAKE_CURRENT_SOURCE_DIR}/=" "${LibTorch_INCLUDE_DIR}/=libtorch/")
    add_compile_options(
      "$<$<COMPILE_LANGUAGE:C,CXX>:-ffile-prefix-map=${folder}>"
      "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-ffile-prefix-map=${folder}>")
  endforeach()
endfunction()

if(FEWSOUND_SANITIZE)
  # Fast enough to run, with lines in the reports. The first finding fails a test.
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")
  add_compile_options(
    "$<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=${FEWSOUND_SANITIZE};-fno-sanitize-recover=undefined;-fno-omit-frame-pointer>")
  add_link_options(-fsanitize=${FEWSOUND_SANITIZE})
  if(FEWSOUND_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # LibTorch's headers have a fence, which ThreadSanitizer cannot follow, for tensors that Python knows.
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wno-tsan>")
  endif()
endif()

# Innermost loops come in one variant for each instruction set, chosen at run time: files NAME_plain.cc, NAME_avx2.cc and
# NAME_avx512.cc. They include no header but their own, and contraction to fused multiply-adds is wanted there.
function(fewsound_instruction_set_variants)
  set(common -O3 -ffp-contract=fast)
  set(plain ${common})
  set(avx2 ${common} -mavx2 -mfma -mbmi)
  set(avx512 ${common} -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mbmi -mprefer-vector-width=512)
  foreach(set plain avx2 avx512)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS native/*_${set}.cc)
    set_source_files_properties(${sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "${${set}}")
  endforeach()
endfunction()

# at::parallel_for is compiled into our code, as OpenMP. With GCC the runtime is the one that LibTorch
# brings into the process: linking the system's as well could put two thread pools side by side.
function(fewsound_openmp target)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PUBLIC "$<$<COMPILE_LANGUAGE:CXX>:${OpenMP_CXX_FLAGS}>")
  else()
    target_link_libraries(${target} PUBLIC OpenMP::OpenMP_CXX)
  endif()
endfunction()
