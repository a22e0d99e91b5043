# Reads layers.txt and makes, for each folder of src/ that has sources, one static library
# (atelier_<folder>), one test program from its *_test.cc, a benchmark from its *_bench.cc and one
# program per *_fuzz.cc. What a folder links is exactly what layers.txt lets it include.

# Outside packages by the names that layers.txt uses.
function(atelier_package name out)
  set(target "atelier_package_${name}")
  set(${out} ${target} PARENT_SCOPE)
  if(TARGET ${target})
    return()
  endif()
  add_library(${target} INTERFACE)
  if(name STREQUAL "threads")
    find_package(Threads REQUIRED)
    target_link_libraries(${target} INTERFACE Threads::Threads)
  elseif(name STREQUAL "openssl")
    find_package(OpenSSL REQUIRED)
    target_link_libraries(${target} INTERFACE OpenSSL::SSL OpenSSL::Crypto)
  elseif(name STREQUAL "postgres")
    target_link_libraries(${target} INTERFACE pq)
  elseif(name STREQUAL "sqlite")
    find_package(SQLite3 REQUIRED)
    target_link_libraries(${target} INTERFACE SQLite::SQLite3)
  elseif(name STREQUAL "archive")
    find_package(LibArchive REQUIRED)
    target_link_libraries(${target} INTERFACE LibArchive::LibArchive)
  elseif(name STREQUAL "spdlog")
    find_package(spdlog REQUIRED)
    target_link_libraries(${target} INTERFACE spdlog::spdlog)
  elseif(name STREQUAL "prometheus")
    find_package(prometheus-cpp REQUIRED)
    target_link_libraries(${target} INTERFACE prometheus-cpp::core)
  elseif(name STREQUAL "yaml")
    find_package(yaml-cpp REQUIRED)
    target_link_libraries(${target} INTERFACE yaml-cpp)
  elseif(name STREQUAL "boost" OR name STREQUAL "nlohmann" OR name STREQUAL "cli11")
    # Headers alone, on the system's include path.
  elseif(name STREQUAL "utf8proc")
    target_link_libraries(${target} INTERFACE utf8proc)
  elseif(name STREQUAL "stemmer")
    target_link_libraries(${target} INTERFACE stemmer)
  elseif(name STREQUAL "pcre2")
    target_link_libraries(${target} INTERFACE pcre2-8)
  elseif(name STREQUAL "gumbo")
    target_link_libraries(${target} INTERFACE gumbo)
  elseif(name STREQUAL "uchardet")
    target_link_libraries(${target} INTERFACE uchardet)
  elseif(name STREQUAL "pugixml")
    find_package(pugixml REQUIRED)
    target_link_libraries(${target} INTERFACE pugixml::pugixml)
  elseif(name STREQUAL "readline")
    target_link_libraries(${target} INTERFACE readline)
  else()
    message(FATAL_ERROR "layers.txt: unknown outside package: got '${name}'")
  endif()
endfunction()

function(atelier_folder_target folder out)
  string(REPLACE "/" "_" flat "${folder}")
  set(${out} "atelier_${flat}" PARENT_SCOPE)
endfunction()

# Compiles each of a folder's files for one instruction set with the flags it needs.
# A file named x_avx2.cc or x_avx512.cc says by its name which.
function(atelier_instruction_set_flags)
  foreach(source ${ARGN})
    if(source MATCHES "_avx2\\.cc$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mf16c")
    elseif(source MATCHES "_avx512\\.cc$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
        "-mavx2;-mfma;-mf16c;-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mavx512vnni;-mavx512bf16;-mavx512vbmi;-mprefer-vector-width=512")
    endif()
  endforeach()
endfunction()

function(atelier_add_folder folder folders packages)
  set(dir "${PROJECT_SOURCE_DIR}/src/${folder}")
  file(GLOB sources CONFIGURE_DEPENDS "${dir}/*.cc")
  if(NOT sources)
    return()
  endif()
  set(tests ${sources})
  set(benches ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|_fuzz)\\.cc$")
  list(FILTER sources EXCLUDE REGEX "/cli/main\\.cc$|_main\\.cc$")

  atelier_folder_target(${folder} target)
  set(links)
  foreach(dependency ${folders})
    atelier_folder_target(${dependency} dependency_target)
    if(TARGET ${dependency_target})
      list(APPEND links ${dependency_target})
    endif()
  endforeach()
  foreach(package ${packages})
    atelier_package(${package} package_target)
    list(APPEND links ${package_target})
  endforeach()

  if(sources)
    atelier_instruction_set_flags(${sources})
    set(compiled ${sources})
    # What a step of the model runs stays alone: in batches one stream decoded 7% slower.
    if(NOT folder MATCHES "^(compute/.*|engine|engine/(plan|cache|sample))$")
      atelier_batches(${target} compiled ${sources})
    endif()
    add_library(${target} STATIC ${compiled})
    if(folder MATCHES "^(compute|graph|model|engine|knowledge/index)")
      # Where speed is measured: g++ inlines less in what it takes for a large unit, and masks took a fifth longer.
      target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:--param=large-unit-insns=100000>)
    endif()
  else()
    add_library(${target} INTERFACE)
  endif()
  if(sources)
    target_link_libraries(${target} PUBLIC atelier_flags ${links})
  else()
    target_link_libraries(${target} INTERFACE atelier_flags ${links})
  endif()

  if(tests AND GTest_FOUND)
    atelier_batches(${target}_test compiled ${tests})
    add_executable(${target}_test ${compiled})
    target_link_libraries(${target}_test PRIVATE ${target} atelier_testing GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${target}_test TEST_PREFIX "${folder}." DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTIES TIMEOUT 600)
  endif()
  if(benches AND benchmark_FOUND)
    add_executable(${target}_bench EXCLUDE_FROM_ALL ${benches})
    target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main)
  endif()
  foreach(fuzzer ${fuzzers})
    get_filename_component(name ${fuzzer} NAME_WE)
    atelier_add_fuzzer(${target} ${folder} ${name} ${fuzzer})
  endforeach()
endfunction()

# With ATELIER_FUZZ (clang) a fuzzer explores; without, the same file replays its corpus as a test.
function(atelier_add_fuzzer target folder name source)
  if(ATELIER_FUZZ)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${target})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name}_replay ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz_replay.cc)
    target_link_libraries(${name}_replay PRIVATE ${target})
    add_test(NAME "${folder}.${name}_replay"
      COMMAND ${name}_replay ${PROJECT_SOURCE_DIR}/tests/corpus/${name})
  endif()
endfunction()

# Writes the sorted table of a family of things, one x.entry.cc each (docs/adding.md).
#   atelier_family(src/model/arch ArchEntry arch_ Arches)  declares in the folder's library
#   std::span<const ArchEntry* const> Arches();  from every `extern const ArchEntry arch_NAME`.
function(atelier_family folder type prefix function header)
  set(dir "${PROJECT_SOURCE_DIR}/src/${folder}")
  file(GLOB entries CONFIGURE_DEPENDS "${dir}/*.entry.cc")
  list(SORT entries)
  set(declarations "")
  set(rows "")
  foreach(entry ${entries})
    get_filename_component(file_name ${entry} NAME)
    string(REPLACE ".entry.cc" "" name ${file_name})
    string(APPEND declarations "extern const ${type} ${prefix}${name};\n")
    string(APPEND rows "    &${prefix}${name},\n")
  endforeach()
  atelier_folder_target(${folder} target)
  set(table "${PROJECT_BINARY_DIR}/generated/${target}_${function}.cc")
  file(CONFIGURE OUTPUT ${table} @ONLY CONTENT
"#include <span>

#include \"${header}\"

namespace atelier {
${declarations}
std::span<const ${type}* const> ${function}() {
  static const ${type}* const table[] = {
${rows}  };
  return table;
}
}  // namespace atelier
")
  target_sources(${target} PRIVATE ${table})
endfunction()

function(atelier_read_layers)
  file(STRINGS "${PROJECT_SOURCE_DIR}/layers.txt" lines)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/layers.txt")
  foreach(line ${lines})
    if(line MATCHES "^#" OR line STREQUAL "")
      continue()
    endif()
    if(NOT line MATCHES "^([a-z/]+) *:([a-z/ ]*)\\|([a-z0-9 ]*)$")
      message(FATAL_ERROR "layers.txt: got '${line}', want 'folder : folders | packages'")
    endif()
    set(folder ${CMAKE_MATCH_1})
    string(STRIP "${CMAKE_MATCH_2}" folders)
    string(STRIP "${CMAKE_MATCH_3}" packages)
    separate_arguments(folders)
    separate_arguments(packages)
    atelier_add_folder(${folder} "${folders}" "${packages}")
  endforeach()
endfunction()

# Puts a file's text into a folder's library as `extern const std::string_view NAME`.
function(atelier_embed folder name path)
  atelier_folder_target(${folder} target)
  set(source "${PROJECT_BINARY_DIR}/generated/${name}.cc")
  file(READ "${PROJECT_SOURCE_DIR}/src/${path}" text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${path}")
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include <string_view>
namespace atelier {
extern const std::string_view ${name};
const std::string_view ${name} = R\"embedded(@text@)embedded\";
}  // namespace atelier
")
  target_sources(${target} PRIVATE ${source})
endfunction()

# Builds a folder's NAME_main.cc as a program of its own, static and without sanitizers, and puts its bytes into the
# folder's library as `std::string_view FUNCTION()`.
function(atelier_embed_program folder name function)
  atelier_folder_target(${folder} target)
  add_executable(${name} "${PROJECT_SOURCE_DIR}/src/${folder}/${name}_main.cc")
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Werror -Os -fno-exceptions -fno-sanitize=all)
  target_link_options(${name} PRIVATE -static -s -fno-sanitize=all)
  set(program "${PROJECT_BINARY_DIR}/${name}")
  set(source "${PROJECT_BINARY_DIR}/generated/${name}.cc")
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include <string_view>
extern \"C\" const char atelier_@name@_begin[], atelier_@name@_end[];
asm(R\"(
  .pushsection .rodata
atelier_@name@_begin:
  .incbin \"@program@\"
atelier_@name@_end:
  .byte 0
  .popsection
)\");
namespace atelier {
std::string_view @function@();
std::string_view @function@() { return {atelier_@name@_begin, atelier_@name@_end}; }
}  // namespace atelier
")
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${program})
  target_sources(${target} PRIVATE ${source})
endfunction()
