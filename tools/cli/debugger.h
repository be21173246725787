// What a debugger needs of a replay: a step to stop at, and where each fiber stands.
#pragma once

#include <cstdint>
#include <string>

#include "sim/explore/explorer.h"

namespace nmrcheck::cli {

// Programs of `factory` that nmrcheck_fibers tells of while they run and that, unless `step` is 0,
// call nmrcheck_break in that step. Requires: run with a trace, one at a time.
sim::ProgramFactory debugged(sim::ProgramFactory factory, std::uint32_t step);

// Whether a debugger would see a trap of this process. Looked up on Linux; false elsewhere.
bool debugger_attached();

// The command that runs this program under gdb with `arguments`.
std::string gdb_command(const std::string& arguments);

}  // namespace nmrcheck::cli

// Found by tools/gdb/nmrcheck-gdb.py and by people, by these names.
extern "C" {
// Raises a debugger's trap, on the stack of the fiber that makes step `step`.
void nmrcheck_break(std::uint32_t step);
// The fibers of the execution that runs, as JSON: an array, by number, of objects with `name`,
// `state` ("runs", "can go", "waits", "ended"), `action` and `place` of the step that it announced
// last, and `registers`, where those of a suspended fiber are saved, or 0. Valid until the next
// call. A debugger may call it at any time.
const char* nmrcheck_fibers();
}
