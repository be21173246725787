# Installs the built project into a scratch folder, then configures, builds and runs two consumers:
# a design of one's own, and the driver in C of the tutorial, scenarios/drivers/README.md.
set(prefix ${BUILD_DIR}/package-test/prefix)
set(consumer ${BUILD_DIR}/package-test/consumer)
set(tutorial ${BUILD_DIR}/package-test/tutorial)
file(REMOVE_RECURSE ${BUILD_DIR}/package-test)
if(SANITIZE)
  set(flags "-fsanitize=address,undefined")
endif()
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nfailed with ${result}:\n${output}")
  endif()
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${consumer} -G Ninja -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${C} -DCMAKE_CXX_FLAGS=${flags})
run(${CMAKE_COMMAND} --build ${consumer})
run(${consumer}/consumer)

# The tutorial's driver breaks a rule, so its check must fail, and with the output that is printed
# there. Compilers differ in which accesses they leave out: steps are compared for one of them.
run(${CMAKE_COMMAND} -S ${SOURCE_DIR}/driver -B ${tutorial} -G Ninja -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_C_COMPILER=${C} -DCMAKE_CXX_FLAGS=${flags})
run(${CMAKE_COMMAND} --build ${tutorial})
execute_process(COMMAND ${tutorial}/check RESULT_VARIABLE result OUTPUT_VARIABLE output)
file(READ ${SOURCE_DIR}/driver/output.txt expected)
if(NOT C_ID STREQUAL "GNU")
  foreach(text output expected)
    string(REGEX REPLACE "\n  [^\n]*" "" ${text} "${${text}}")
  endforeach()
endif()
if(NOT result EQUAL 1 OR NOT output STREQUAL expected)
  message(FATAL_ERROR "the tutorial's check ended with ${result} instead of 1, and printed:\n"
    "${output}\ninstead of:\n${expected}")
endif()
