// Where this process may make control groups of version 2 for its children.     [Linux, admin-guide/cgroup-v2.rst]
//
//   mount    of type cgroup2 in /proc/self/mountinfo, and its root
//   own      the group of the line "0::" of /proc/self/cgroup, below the mount
//   place    own, once its children have the controllers (cgroup.subtree_control)
//
// A group whose children have controllers may have no processes itself, unless it is the hierarchy's root. So where the
// kernel refuses that of ours (EBUSY), and we are alone in it, we move into a group of our own below it, once and for
// all. Where others are in it too they are not moved: the group above is taken where it gives its children the
// controllers already and we may make groups in it, else the refusal names our group and how many others there are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

// What is asked of the kernel, so that a test can play it.
class CgroupFiles {
 public:
  virtual ~CgroupFiles() = default;
  // Empty where it cannot be read.
  virtual std::string Read(const std::string& path) = 0;
  // These give 0, or the error's number.
  virtual int Write(const std::string& path, const std::string& text) = 0;
  virtual int MakeFolder(const std::string& path) = 0;
  virtual int RemoveFolder(const std::string& path) = 0;
  virtual int OwnPid() = 0;

  static CgroupFiles& Real();
};

struct Cgroup2Place {
  std::string folder;
  bool has_cpu = false;  // its children have the controller cpu, too
};

// Where children have all of `controllers`. May move this process: call it once.
// Errors: kUnsupported says which group stands in the way, and why.
Result<Cgroup2Place> FindCgroup2Place(CgroupFiles& files, const std::vector<std::string>& controllers);

// Whether a list with blanks between its words has `word`.
bool HasWholeWord(std::string_view list, std::string_view word);

// The group that we move into, below our own.
inline constexpr char kCgroup2Leaf[] = "atelier-self";

}  // namespace atelier
