#include "base/process/cgroup2.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/io/files.h"
#include "base/process/kernel_file.h"

namespace atelier {
namespace {

constexpr char kProcesses[] = "/cgroup.procs";
constexpr char kControllers[] = "/cgroup.controllers";
constexpr char kGiven[] = "/cgroup.subtree_control";

class RealCgroupFiles final : public CgroupFiles {
 public:
  std::string Read(const std::string& path) override { return ReadKernelFile(path); }
  int Write(const std::string& path, const std::string& text) override {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno;
    const bool good = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int fault = good ? 0 : errno;
    close(fd);
    return fault;
  }
  int MakeFolder(const std::string& path) override { return mkdir(path.c_str(), 0755) == 0 ? 0 : errno; }
  int RemoveFolder(const std::string& path) override { return rmdir(path.c_str()) == 0 ? 0 : errno; }
  int OwnPid() override { return getpid(); }
};

std::vector<std::string_view> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(separators, at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Error Refused(const std::string& what) { return Error::Unsupported("control groups of version 2", what); }

struct Site {
  std::string mount;  // the folder that shows the group `root`
  std::string own;    // our group's folder
};

// "36 35 98:0 ROOT MOUNT_POINT options optional… - cgroup2 …"     [proc_pid_mountinfo(5)]
Result<Site> FindSite(CgroupFiles& files) {
  std::string group;
  bool has_line = false;
  const std::string groups = files.Read("/proc/self/cgroup"), mounts = files.Read("/proc/self/mountinfo");
  for (const std::string_view line : Split(groups, "\n")) {
    if (!line.starts_with("0::/")) continue;
    group = line.substr(3), has_line = true;
  }
  if (!has_line) return Refused("the kernel puts this process into none");
  if (group.starts_with("/..")) return Refused("group " + group + " is outside of what is seen here");
  for (const std::string_view line : Split(mounts, "\n")) {
    const size_t dash = line.find(" - cgroup2 ");
    const std::vector<std::string_view> fields = Split(line.substr(0, std::min(dash, line.size())), " ");
    if (dash == std::string_view::npos || fields.size() < 5) continue;
    const std::string root(fields[3] == "/" ? "" : fields[3]), mount(fields[4]);
    if (!group.starts_with(root) || (group.size() > root.size() && group[root.size()] != '/')) continue;
    const std::string below = group.substr(root.size());
    return Site{mount, below == "/" ? mount : mount + below};
  }
  return Refused("none is mounted that shows the group " + group);
}

bool HasAll(const std::string& list, const std::vector<std::string>& words) {
  return std::ranges::all_of(words, [&](const std::string& word) { return HasWholeWord(list, word); });
}

std::string Joined(const std::vector<std::string>& words, const char* before) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + (before + word);
  return text;
}

std::string Named(int fault) { return std::strerror(fault); }

// We go into a group below our own, which then can give its children the controllers.
Result<void> MoveBelow(CgroupFiles& files, const std::string& own, const std::string& wanted) {
  const std::string pid = std::to_string(files.OwnPid());
  const std::string processes = files.Read(own + kProcesses);
  const std::vector<std::string_view> members = Split(processes, "\n");
  const auto num_others = std::ranges::count_if(members, [&](std::string_view one) { return one != pid; });
  if (num_others > 0) {
    return Refused("group " + own + " has " + std::to_string(num_others) +
                   " other processes, so its children can have no controllers; start Atelier in a group of its own (a "
                   "systemd unit with Delegate=yes)");
  }
  const std::string leaf = own + "/" + kCgroup2Leaf;
  if (const int fault = files.MakeFolder(leaf); fault != 0 && fault != EEXIST) {
    return Refused("cannot make the group " + leaf + ": " + Named(fault));
  }
  if (const int fault = files.Write(leaf + kProcesses, pid); fault != 0) {
    files.RemoveFolder(leaf);
    return Refused("cannot move into the group " + leaf + ": " + Named(fault));
  }
  const int fault = files.Write(own + kGiven, wanted);
  if (fault == 0) return {};
  // As it was before.
  files.Write(own + kProcesses, pid);
  files.RemoveFolder(leaf);
  return Refused("group " + own + " cannot give its children " + wanted + ": " + Named(fault));
}

// Our own group, made to give its children the controllers.
Result<void> MakeGive(CgroupFiles& files, const std::string& own, const std::vector<std::string>& controllers) {
  if (HasAll(files.Read(own + kGiven), controllers)) return {};
  if (const std::string has = files.Read(own + kControllers); !HasAll(has, controllers)) {
    const std::vector<std::string_view> words = Split(has, " \n");
    std::string named;
    for (const std::string_view word : words) named += (named.empty() ? "" : " ") + std::string(word);
    return Refused("group " + own + " has the controllers '" + named + "', want " + Joined(controllers, ""));
  }
  const std::string wanted = Joined(controllers, "+");
  const int fault = files.Write(own + kGiven, wanted);
  if (fault == EBUSY) return MoveBelow(files, own, wanted);
  if (fault != 0) return Refused("group " + own + " cannot be changed: " + Named(fault));
  return {};
}

}  // namespace

bool HasWholeWord(std::string_view list, std::string_view word) {
  const std::vector<std::string_view> words = Split(list, " \n");
  return std::ranges::find(words, word) != words.end();
}

CgroupFiles& CgroupFiles::Real() {
  static RealCgroupFiles real;
  return real;
}

Result<Cgroup2Place> FindCgroup2Place(CgroupFiles& files, const std::vector<std::string>& controllers) {
  TRY(const Site site, FindSite(files));
  Cgroup2Place place{.folder = site.own};
  Result<void> given = MakeGive(files, site.own, controllers);
  if (!given.ok()) {
    // Nothing of the group above is changed: it only gets one more child for a while.
    const std::string above = site.own == site.mount ? "" : FolderOf(site.own);
    if (above.empty() || !HasAll(files.Read(above + kGiven), controllers)) return std::move(given).error();
    const std::string attempt = above + "/atelier-try-" + std::to_string(files.OwnPid());
    if (files.MakeFolder(attempt) != 0) return std::move(given).error();
    files.RemoveFolder(attempt);
    place.folder = above;
  } else if (HasWholeWord(files.Read(site.own + kControllers), "cpu")) {
    files.Write(site.own + kGiven, "+cpu");  // only some limits need it
  }
  place.has_cpu = HasWholeWord(files.Read(place.folder + kGiven), "cpu");
  return place;
}

}  // namespace atelier
