# nmrcheck_add_driver(NAME SOURCES … [INCLUDES …] [DEFINES …] [EXPORTS …])
#
# Builds a driver's own C files, as they are, into an image whose every access to memory is seen:
# link NAME to the program that checks it, which loads it with kit::Driver(NMRCHECK_DRIVER(NAME)).
#
# INCLUDES are searched before the WDK's headers, DEFINES are NAME=VALUE. Outside, only DriverEntry
# and EXPORTS are seen. Warnings are those of the caller's project; those of the WDK's headers are
# not shown.
function(nmrcheck_add_driver name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;INCLUDES;DEFINES;EXPORTS")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "nmrcheck_add_driver(${name} …) expects SOURCES and a list of C files, "
      "and found '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    message(FATAL_ERROR "nmrcheck_add_driver(${name} …): images of drivers can be loaded on Linux only")
  endif()
  list(JOIN arg_EXPORTS " " exports)
  string(REGEX REPLACE "([^ ]+)" "\\1;" exports "${exports}")
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${name}.exports)
  file(CONFIGURE OUTPUT ${script} CONTENT
    "{ global: DriverEntry; ${exports} local: *; };\n" @ONLY)

  # Sources that are traced with WPP include what its preprocessor would write: an empty file.
  set(traces ${CMAKE_CURRENT_BINARY_DIR}/${name}_traces)
  foreach(source IN LISTS arg_SOURCES)
    get_filename_component(stem ${source} NAME_WLE)
    get_filename_component(file ${source} NAME)
    foreach(trace ${stem}.tmh ${file}.tmh)
      file(CONFIGURE OUTPUT ${traces}/${trace} CONTENT "" @ONLY)
    endforeach()
  endforeach()

  add_library(${name}_image MODULE ${arg_SOURCES})
  set_target_properties(${name}_image PROPERTIES PREFIX "" OUTPUT_NAME ${name} C_STANDARD 17
    C_EXTENSIONS ON LINK_DEPENDS ${script})
  target_include_directories(${name}_image PRIVATE ${arg_INCLUDES})
  target_include_directories(${name}_image SYSTEM AFTER PRIVATE
    $<TARGET_PROPERTY:nmrcheck::wdk,INTERFACE_INCLUDE_DIRECTORIES> ${traces})
  target_compile_definitions(${name}_image PRIVATE ${arg_DEFINES})
  target_compile_options(${name}_image PRIVATE
    # Every access and call is told to the checker; without a linked sanitizer.
    -fsanitize=thread
    $<$<C_COMPILER_ID:GNU>:--param=tsan-distinguish-volatile=1>
    # With Clang, a read and a write back are two accesses too: another thread may come between.
    "SHELL:$<$<C_COMPILER_ID:Clang>:-mllvm -tsan-distinguish-volatile=1 -mllvm -tsan-instrument-read-before-write=1>"
    -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-inline -fexceptions
    # The language as the WDK's compiler has it.
    -fshort-wchar -fms-extensions -fno-strict-aliasing -fwrapv -fno-common
    -Wno-multichar -Wno-unknown-pragmas
    $<$<COMPILE_LANGUAGE:C>:-Werror=implicit-function-declaration>
    -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=
    -O1 -g)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(${name}_image PRIVATE -pg -mfentry)
  endif()
  target_link_options(${name}_image PRIVATE
    -Wl,--version-script=${script} -Wl,-z,now -Wl,-Bsymbolic
    -Wl,--wrap=memcpy,--wrap=memmove,--wrap=memset,--wrap=memcmp)

  add_library(${name} INTERFACE)
  target_compile_definitions(${name} INTERFACE NMRCHECK_DRIVER_${name}="$<TARGET_FILE:${name}_image>")
  target_link_libraries(${name} INTERFACE nmrcheck::driver_host)
  add_dependencies(${name} ${name}_image)
endfunction()
