// The kernel is played by its rules, as most machines that build this cannot give a test a group to change; and asked
// itself where it has a controller of version 2 to spare.
#include "base/process/cgroup2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

namespace atelier {
namespace {

using testing::HasSubstr;

// A hierarchy of version 2: which processes are in which group, and what its children are given.
class PlayedKernel final : public CgroupFiles {
 public:
  struct Group {
    std::set<std::string> controllers = {}, given = {};
    std::set<int> processes = {};
    bool is_ours = true;  // we may write to it
  };

  explicit PlayedKernel(std::string own) : own_(std::move(own)) { groups[""].controllers = {"cpu", "memory", "pids"}; }
  Group& Add(const std::string& path, std::set<int> processes, bool is_ours = true) {
    Group& group = groups[path];
    group.controllers = groups[path.substr(0, path.rfind('/'))].given;
    group.processes = std::move(processes), group.is_ours = is_ours;
    return group;
  }

  std::string Read(const std::string& path) override {
    if (path == "/proc/self/cgroup") return "4:memory:/elsewhere\n0::" + (own_.empty() ? "/" : own_) + "\n";
    if (path == "/proc/self/mountinfo") return mounts;
    const auto at = groups.find(GroupOf(path));
    if (at == groups.end()) return "";
    std::string text;
    const std::string file = NameOf(path);
    if (file == "cgroup.procs") {
      for (const int pid : at->second.processes) text += std::to_string(pid) + "\n";
      return text;
    }
    for (const std::string& name : file == "cgroup.controllers" ? at->second.controllers : at->second.given) {
      text += (text.empty() ? "" : " ") + name;
    }
    return text + "\n";
  }
  int Write(const std::string& path, const std::string& text) override {
    const auto at = groups.find(GroupOf(path));
    if (at == groups.end()) return ENOENT;
    Group& group = at->second;
    if (!group.is_ours) return EACCES;
    if (NameOf(path) == "cgroup.procs") return Move(std::stoi(text), group);
    const std::set<std::string> wanted = Words(text);
    // "No internal processes": all groups but the root.
    if (!at->first.empty() && !group.processes.empty()) return EBUSY;
    for (const std::string& name : wanted) {
      if (!group.controllers.contains(name)) return ENOENT;
    }
    if (refuses_to_give) return EOPNOTSUPP;
    group.given.insert(wanted.begin(), wanted.end());
    return 0;
  }
  int MakeFolder(const std::string& path) override {
    const std::string group = Below(path), above = group.substr(0, group.rfind('/'));
    if (groups.contains(group)) return EEXIST;
    if (!groups.at(above).is_ours) return EACCES;
    Add(group, {});
    return 0;
  }
  int RemoveFolder(const std::string& path) override { return groups.erase(Below(path)) == 1 ? 0 : ENOENT; }
  int OwnPid() override { return 7; }

  std::map<std::string, Group> groups;
  std::string mounts =
      "25 20 0:1 / /proc rw - proc proc rw\n36 35 0:29 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";
  bool refuses_to_give = false;

 private:
  static std::string Below(const std::string& path) { return path.substr(std::string("/sys/fs/cgroup").size()); }
  static std::string GroupOf(const std::string& path) { return Below(path.substr(0, path.rfind('/'))); }
  static std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }
  static std::set<std::string> Words(std::string text) {
    std::set<std::string> words;
    while (!text.empty()) {
      const size_t end = std::min(text.find(' '), text.size());
      words.insert(text.substr(1, end - 1));  // without '+'
      text.erase(0, end + 1);
    }
    return words;
  }
  int Move(int pid, Group& to) {
    if (!to.given.empty() && &to != &groups[""]) return EBUSY;
    for (auto& [path, group] : groups) group.processes.erase(pid);
    to.processes.insert(pid);
    return 0;
  }

  std::string own_;
};

Result<Cgroup2Place> Find(PlayedKernel& kernel) { return FindCgroup2Place(kernel, {"pids", "memory"}); }

// As under systemd: what is above gives its children controllers.
PlayedKernel WithUnit(std::set<int> processes, bool above_is_ours = false) {
  PlayedKernel kernel("/system.slice/atelier.service");
  kernel.groups[""].given = {"cpu", "memory", "pids"}, kernel.groups[""].is_ours = above_is_ours;
  kernel.Add("/system.slice", {}, above_is_ours).given = {"cpu", "memory", "pids"};
  kernel.Add("/system.slice/atelier.service", std::move(processes));
  return kernel;
}

TEST(Cgroup2, AtTheRootProcessesAreInNobodysWay) {
  PlayedKernel kernel("");
  kernel.groups[""].processes = {1, 7};
  const auto place = Find(kernel);
  ASSERT_TRUE(place.ok()) << place.error().Message();
  EXPECT_EQ(place->folder, "/sys/fs/cgroup");
  EXPECT_TRUE(place->has_cpu);
  EXPECT_TRUE(kernel.groups[""].processes.contains(7)) << "we stay where we are";
}

TEST(Cgroup2, AloneInAGroupWeMoveBelowIt) {
  PlayedKernel kernel = WithUnit({7});
  const auto place = Find(kernel);
  ASSERT_TRUE(place.ok()) << place.error().Message();
  EXPECT_EQ(place->folder, "/sys/fs/cgroup/system.slice/atelier.service");
  EXPECT_TRUE(place->has_cpu);
  EXPECT_EQ(kernel.groups.at("/system.slice/atelier.service/atelier-self").processes, std::set<int>{7});
  EXPECT_EQ(kernel.groups.at("/system.slice/atelier.service").given, (std::set<std::string>{"cpu", "memory", "pids"}));
}

TEST(Cgroup2, ALeafThatAnEarlierProcessLeftIsTakenAgain) {
  PlayedKernel kernel = WithUnit({7});
  kernel.Add("/system.slice/atelier.service/atelier-self", {});
  EXPECT_TRUE(Find(kernel).ok());
}

TEST(Cgroup2, WithOthersInItNobodyIsMovedAndTheRefusalSaysSo) {
  PlayedKernel kernel = WithUnit({7, 8, 9});
  const auto place = Find(kernel);
  ASSERT_FALSE(place.ok());
  EXPECT_THAT(place.error().Message(), HasSubstr("/system.slice/atelier.service has 2 other processes"));
  EXPECT_EQ(kernel.groups.at("/system.slice/atelier.service").processes, (std::set<int>{7, 8, 9}));
  EXPECT_EQ(kernel.groups.size(), 3u) << "no group is left behind";
}

TEST(Cgroup2, WithOthersInItTheGroupAboveServesWhereItGivesAlready) {
  PlayedKernel kernel = WithUnit({7, 8, 9}, true);
  const auto place = Find(kernel);
  ASSERT_TRUE(place.ok()) << place.error().Message();
  EXPECT_EQ(place->folder, "/sys/fs/cgroup/system.slice");
  EXPECT_EQ(kernel.groups.size(), 3u);
  kernel.groups.at("/system.slice").given = {"cpu"};
  EXPECT_FALSE(Find(kernel).ok()) << "and is not changed where it does not";
}

TEST(Cgroup2, WhereTheKernelRefusesAllIsAsItWas) {
  PlayedKernel kernel = WithUnit({7});
  kernel.refuses_to_give = true;
  EXPECT_THAT(Find(kernel).error().Message(), HasSubstr("cannot give its children +pids +memory"));
  EXPECT_EQ(kernel.groups.at("/system.slice/atelier.service").processes, std::set<int>{7});
  EXPECT_FALSE(kernel.groups.contains("/system.slice/atelier.service/atelier-self"));
}

TEST(Cgroup2, WhatIsMissingIsNamed) {
  PlayedKernel kernel("");
  kernel.groups[""].controllers = {"hugetlb"};
  EXPECT_THAT(Find(kernel).error().Message(), HasSubstr("has the controllers 'hugetlb', want pids memory"));
  kernel.groups[""].is_ours = false, kernel.groups[""].controllers = {"pids", "memory"};
  EXPECT_THAT(Find(kernel).error().Message(), HasSubstr("cannot be changed: Permission denied"));
  kernel.mounts = "36 35 0:29 /else /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  EXPECT_THAT(Find(kernel).error().Message(), HasSubstr("none is mounted"));
  PlayedKernel outside("/../other");
  EXPECT_THAT(Find(outside).error().Message(), HasSubstr("outside"));
}

TEST(Cgroup2, AMountMayShowPartOfTheHierarchy) {
  PlayedKernel kernel("/box/inner");
  kernel.mounts = "36 35 0:29 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  kernel.groups[""].given = {"memory", "pids"};
  kernel.Add("/inner", {7});
  const auto place = Find(kernel);
  ASSERT_TRUE(place.ok()) << place.error().Message();
  EXPECT_EQ(place->folder, "/sys/fs/cgroup/inner");
  EXPECT_FALSE(place->has_cpu);
}

// A controller that the real kernel's hierarchy has, and the folder of its mount; empty where there is nothing to try.
struct Spare {
  std::string controller, mount;
};
Spare SpareController() {
  CgroupFiles& files = CgroupFiles::Real();
  for (const char* mount : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    const std::string has = files.Read(std::string(mount) + "/cgroup.controllers");
    for (const char* controller : {"pids", "misc", "hugetlb", "rdma"}) {
      if (HasWholeWord(has, controller)) return {controller, mount};
    }
  }
  return {};
}

// In a group of its own, in a process of its own: 0 where it found a place, was moved, and children have the
// controller.
int InAGroup(const std::string& group, const std::string& controller) {
  CgroupFiles& files = CgroupFiles::Real();
  if (files.Write(group + "/cgroup.procs", std::to_string(getpid())) != 0) return 2;
  const auto place = FindCgroup2Place(files, {controller});
  if (!place.ok()) return 3;
  if (place->folder != group) return 4;
  if (files.MakeFolder(group + "/child") != 0) return 5;
  return HasWholeWord(files.Read(group + "/child/cgroup.controllers"), controller) ? 0 : 6;
}

TEST(Cgroup2, TheRealKernelKeepsTheseRules) {
  const Spare spare = SpareController();
  if (geteuid() != 0 || spare.controller.empty()) GTEST_SKIP() << "no controller of version 2 can be tried here";
  CgroupFiles& files = CgroupFiles::Real();
  const bool was_given = HasWholeWord(files.Read(spare.mount + "/cgroup.subtree_control"), spare.controller);
  if (files.Write(spare.mount + "/cgroup.subtree_control", "+" + spare.controller) != 0) {
    GTEST_SKIP() << "the hierarchy cannot be changed here";
  }
  const std::string group = spare.mount + "/atelier-test-" + std::to_string(getpid());
  ASSERT_EQ(files.MakeFolder(group), 0);
  const pid_t child = fork();
  if (child == 0) _exit(InAGroup(group, spare.controller));
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  // All of it ends at once where the kernel can: a sleeper in the group below.
  const pid_t sleeper = fork();
  if (sleeper == 0) {
    files.Write(group + "/child/cgroup.procs", std::to_string(getpid()));
    while (true) pause();
  }
  while (files.Read(group + "/child/cgroup.procs").empty()) usleep(1'000);
  EXPECT_EQ(files.Write(group + "/cgroup.kill", "1"), 0);
  EXPECT_EQ(waitpid(sleeper, &status, 0), sleeper);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(files.RemoveFolder(group + "/child"), 0);
  // Only controllers of whole domains make a process move below its group; pids and cpu do not.
  const int moved = files.RemoveFolder(group + "/atelier-self");
  EXPECT_TRUE(moved == 0 || moved == ENOENT) << moved;
  EXPECT_EQ(files.RemoveFolder(group), 0);
  if (!was_given) files.Write(spare.mount + "/cgroup.subtree_control", "-" + spare.controller);
}

}  // namespace
}  // namespace atelier
