// The sandbox without its probe, which is what the probe tries.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/process/sandbox.h"

namespace atelier {

// Why no sandbox can be made here at all; empty: bubblewrap and what it needs are there.
std::string WhyNoSandbox();

// Which version of landlock the kernel has; 0: none that the sandbox takes on (sandbox_init_main.cc).
int LandlockVersion();

// The bytes of that program.
std::string_view SandboxInit();

// Who the sandbox is outside of it, if that is not us.
std::optional<ProcessUser> SandboxUser();

// As RunInSandbox, whether its limits hold or not.
Result<ProcessOutput> RunUnprobed(const SandboxSpec& spec);

}  // namespace atelier
