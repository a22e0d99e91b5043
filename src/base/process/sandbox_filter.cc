#include "base/process/sandbox_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <vector>

namespace atelier {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the sandbox's filter knows x86-64 and AArch64"
#endif

constexpr long kRefused[] = {
    // Other processes.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_pidfd_getfd,
    SYS_process_madvise,
    // Mounts and namespaces.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_quotactl,
    SYS_fanotify_init,
    // Keys.
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    // The machine.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_acct,
    SYS_syslog,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_vhangup,
    SYS_lookup_dcookie,
    SYS_nfsservctl,
    SYS_personality,
    // Programs in the kernel.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    // Memory that no process maps, which nothing would count.
    SYS_memfd_create,
    SYS_memfd_secret,
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_semget,
    SYS_mq_open,
    // Placement of memory.
    SYS_mbind,
    SYS_set_mempolicy,
    SYS_migrate_pages,
    SYS_move_pages,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
    SYS_uselib,
    SYS__sysctl,
    SYS_ustat,
    SYS_kexec_file_load,
#endif
};

constexpr int kFamilies[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

constexpr uint32_t kNamespaceFlags =
    CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

class Program {
 public:
  void Load(size_t offset) { Add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  void LoadArgument(size_t index) { Load(offsetof(seccomp_data, args) + 8 * index); }  // its low half
  void Answer(uint32_t answer) { Add(BPF_RET | BPF_K, answer); }
  void Refuse(int code) { Answer(SECCOMP_RET_ERRNO | static_cast<uint32_t>(code)); }
  // Skips the next `count` where what was loaded (does not) compare so.
  void SkipUnless(uint16_t compare, uint32_t value, uint8_t count) {
    Add(static_cast<uint16_t>(BPF_JMP | compare | BPF_K), value, 0, count);
  }
  void SkipIf(uint16_t compare, uint32_t value, uint8_t count) {
    Add(static_cast<uint16_t>(BPF_JMP | compare | BPF_K), value, count, 0);
  }
  void RefuseCall(long call, int code) {
    SkipUnless(BPF_JEQ, static_cast<uint32_t>(call), 1);
    Refuse(code);
  }
  std::string Bytes() const {
    return {reinterpret_cast<const char*>(steps_.data()), steps_.size() * sizeof(sock_filter)};
  }

 private:
  void Add(uint16_t code, uint32_t value, uint8_t if_true = 0, uint8_t if_false = 0) {
    steps_.push_back({code, if_true, if_false, value});
  }
  std::vector<sock_filter> steps_;
};

}  // namespace

std::string SandboxFilter() {
  Program program;
  program.Load(offsetof(seccomp_data, arch));
  program.SkipIf(BPF_JEQ, kArchitecture, 1);
  program.Answer(SECCOMP_RET_KILL_PROCESS);
  program.Load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  program.SkipUnless(BPF_JGE, 0x40000000, 1);  // the calls of x32
  program.Refuse(ENOSYS);
#endif
  program.RefuseCall(SYS_clone3, ENOSYS);
  for (const long call : kRefused) program.RefuseCall(call, EPERM);
  // clone with flags of namespaces.
  program.SkipUnless(BPF_JEQ, SYS_clone, 4);
  program.LoadArgument(0);
  program.SkipUnless(BPF_JSET, kNamespaceFlags, 1);
  program.Refuse(EPERM);
  program.Answer(SECCOMP_RET_ALLOW);
  // ioctl: input into a terminal as if typed there. The high half of the number has no meaning to the kernel.
  program.SkipUnless(BPF_JEQ, SYS_ioctl, 5);
  program.LoadArgument(1);
  program.SkipIf(BPF_JEQ, TIOCSTI, 1);
  program.SkipUnless(BPF_JEQ, 0x541C /* TIOCLINUX */, 1);
  program.Refuse(EPERM);
  program.Answer(SECCOMP_RET_ALLOW);
  // socket of a family that is not listed.
  program.SkipUnless(BPF_JEQ, SYS_socket, static_cast<uint8_t>(std::size(kFamilies) + 3));
  program.LoadArgument(0);
  for (size_t i = 0; i < std::size(kFamilies); ++i) {
    program.SkipIf(BPF_JEQ, static_cast<uint32_t>(kFamilies[i]), static_cast<uint8_t>(std::size(kFamilies) - i));
  }
  program.Refuse(EAFNOSUPPORT);
  program.Answer(SECCOMP_RET_ALLOW);
  program.Answer(SECCOMP_RET_ALLOW);
  return program.Bytes();
}

}  // namespace atelier
