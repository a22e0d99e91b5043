// The first program in a sandbox. It takes on what can only be taken on inside, then becomes the program that is to
// run:
//
//   sandbox_init PROCESSES FILE_BYTES PROGRAM ARGS…
//
//   processes  RLIMIT_NPROC is set here, because within the user namespace the kernel counts this sandbox alone.
//   files      RLIMIT_FSIZE is set here, because bubblewrap writes us, who may be larger, into a file.
//   landlock   is taken on here, because who is under it may mount nothing, and bubblewrap mounts until it starts us.
//              Everything in view may be read and run; written to are /scratch, /tmp, /dev/shm and the devices of /dev
//              alone, so nothing of /proc. Local sockets with abstract names and signals reach this sandbox alone:
//              with the machine's network the first would be those of its services.   [landlock(7)]
//
// A kernel without landlock, or of its first version (which refuses every move between folders), is not an error: the
// mounts give nearly the same view, and the probe says which is in force. One that has it and refuses a step ends us.
//
// Static and embedded in Atelier (cmake/Layers.cmake), because the sandbox sees nothing of ours. Ends as a shell does:
// 127 where there is no such program, 126 where something else is in the way.
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// By number where headers of older kernels have no name.
constexpr uint64_t kTruncate = 1 << 14, kDeviceControl = 1 << 15;
constexpr uint64_t kLookAndRun =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kAllFiles = (1 << 14) - 1;  // of the second version, REFER the last
constexpr uint64_t kMakeDevices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
constexpr uint64_t kScopes = 0b11;  // abstract local sockets, signals

// The kernel's struct landlock_ruleset_attr of the sixth version; older kernels want zeros beyond what they know.
struct Ruleset {
  uint64_t files, network, scopes;
};

int Fail(const char* what) {
  fprintf(stderr, "sandbox_init: %s: %s\n", what, strerror(errno));
  return 126;
}

bool Limit(__rlimit_resource resource, const char* text) {
  const rlim_t most = strtoull(text, nullptr, 10);
  const rlimit limit{most, most};
  return most > 0 && setrlimit(resource, &limit) == 0;
}

// What is not there gives nothing away.
bool Allow(int ruleset, const char* folder, uint64_t access) {
  const int fd = open(folder, O_PATH | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;
  const landlock_path_beneath_attr rule{access, fd};
  const bool good = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  close(fd);
  return good;
}

bool TakeOnLandlock() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 2) return true;
  const uint64_t truncate = version >= 3 ? kTruncate : 0, control = version >= 5 ? kDeviceControl : 0;
  const Ruleset attributes{kAllFiles | truncate | control, 0, version >= 6 ? kScopes : 0};
  const auto ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (ruleset < 0) return false;
  const uint64_t write = (kAllFiles & ~kMakeDevices) | truncate;
  return Allow(ruleset, "/", kLookAndRun) &&
         Allow(ruleset, "/dev", kLookAndRun | LANDLOCK_ACCESS_FS_WRITE_FILE | control) &&
         Allow(ruleset, "/dev/shm", write) && Allow(ruleset, "/tmp", write) && Allow(ruleset, "/scratch", write) &&
         syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 && close(ruleset) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fputs("sandbox_init: want PROCESSES FILE_BYTES PROGRAM ARGS…\n", stderr);
    return 126;
  }
  if (!Limit(RLIMIT_NPROC, argv[1])) return Fail("RLIMIT_NPROC");
  if (!Limit(RLIMIT_FSIZE, argv[2])) return Fail("RLIMIT_FSIZE");
  if (!TakeOnLandlock()) return Fail("landlock");
  char** const program = argv + 3;
  execvp(program[0], program);
  fprintf(stderr, "%s: %s\n", program[0], strerror(errno));
  return errno == ENOENT ? 127 : 126;
}
