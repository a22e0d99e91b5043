// Which system calls the programs in a sandbox may make, as a program of seccomp's machine (classic BPF). Refused with
// EPERM: what reaches other processes (ptrace, process_vm_*, kcmp, pidfd_getfd), makes or changes mounts and
// namespaces, keys, modules, clocks, swap, accounting, the kernel's own programs (bpf, io_uring, perf, userfaultfd),
// memory that no process maps (memfd_create, System V shared memory and messages), handles of files, terminals of
// others, and sockets but of the internet and local ones. clone3 "is not there" (ENOSYS), because its flags cannot be
// looked at and the C library falls back to clone, whose flags can. Another architecture's calls end the process.
#pragma once

#include <string>

namespace atelier {

// The bytes of an array of struct sock_filter, as `bwrap --seccomp` reads them.
std::string SandboxFilter();

}  // namespace atelier
