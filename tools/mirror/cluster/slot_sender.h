// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Commands for many slots, through the changes of a cluster.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_SENDER_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_SENDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/cluster/slot_mark.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// A change of a shard's mark.
struct MarkChange {
  size_t shard = 0;
  SlotMark mark;
};

// The end of one attempt at a slot's commands.
struct SlotAnswer {
  enum class Kind : uint8_t {
    kDone,   // The node has executed them.
    kAgain,  // Gather() again: some were dropped.
    kError,  // A redirection, or a server in trouble; nothing was executed.
  };
  Kind kind = Kind::kDone;
  std::string error;  // Of kError.
};

// Commands for one slot, which go to one node together. Of those that write,
// one SlotTransaction or MarkWrite for a slot at a time.
class SlotWork {
 public:
  explicit SlotWork(uint16_t slot) : slot_(slot) {}
  virtual ~SlotWork() = default;
  SlotWork(const SlotWork&) = delete;
  SlotWork& operator=(const SlotWork&) = delete;

  uint16_t slot() const { return slot_; }
  void set_slot(uint16_t slot) { slot_ = slot; }

  // Gathers the commands. Their bytes stay valid until they are sent.
  virtual void Gather(TargetLink* link) = 0;
  // Receives the replies to all of them. Errors: the link's; others end the
  // session.
  virtual absl::StatusOr<SlotAnswer> Receive(CheckedLink* link) = 0;

  // The marks that the commands write.
  virtual absl::Span<const MarkChange> changes() const { return {}; }
  // Whether the slot's marks must be read at each new link before the commands
  // are sent there.
  virtual bool needs_marks() const { return !changes().empty(); }
  // The node has executed the commands, but the replies are lost.
  virtual void TakeUntold() {}

 private:
  friend class SlotSender;

  uint16_t slot_;
  std::optional<NodeAddress> ask_;  // Send there next, behind ASKING.
  uint64_t ask_by_ = 0;             // The link whose node said so.
  int hops_ = 0;                    // Redirections since the last wait.
  uint64_t done_by_ = 0;            // The link whose node has executed it.
};

class MarkRead;

// Sends SlotWorks to the masters of their slots, to all nodes before it reads
// the replies of the first, and follows each to its end:
//
//   answer                     next
//   MOVED                      to the named node, at once
//   ASK                        to the named node behind ASKING, at once
//   TRYAGAIN, CLUSTERDOWN,     a wait, a new map, and again
//   LOADING, OOM ...
//   the link breaks            the same
//
// Invariants:
//
// 1. A SlotWork that needs_marks() is sent over a link only if the slot's marks
//    were read over that link and equal the memory, `marks`. A link is one TCP
//    connection of a node that has stayed a master, so a node that has lost
//    writes, a promoted replica and a slot that has moved are read again.
// 2. Marks that equal a work's changes() show that it was executed, and it gets
//    TakeUntold().
// 3. Any other mark ends the session: kAborted, for a mark that is lower or
//    another mirror's; LostTarget(), for one that is gone.
// 4. A call returns OK when each work is done.
class SlotSender {
 public:
  struct Options {
    const MirrorOptions* mirror;
    MirrorCounters* counters;
    MirrorState* state;
    // Waits. Returns whether it was interrupted.
    std::function<bool(absl::Duration)> sleep;
  };

  // `marks` and all pointers must outlive the sender.
  SlotSender(std::vector<NodeAddress> seeds, const NodeConnector& connect,
             Options options, const SlotMarks* marks);

  ClusterLinks& links() { return links_; }

  // Sends `works`, which must live until Finish(). At most one call is open.
  absl::Status Start(std::vector<SlotWork*> works);
  // Waits until each work of Start() is done.
  //
  // Returns:
  //   OK          all are done
  //   kAborted    see the invariants
  //   kCancelled  interrupted
  //   others      LostTarget()'s; the nodes' refusals; those of the works
  absl::Status Finish();
  absl::Status Run(std::vector<SlotWork*> works);

  // Calls `ask` until its error is not temporary, with a wait and a new map in
  // between. Precondition: nothing is started.
  absl::Status Retry(const std::function<absl::Status()>& ask);

  // Takes the marks of the slot of `read`, which is done, as those of `marks`.
  void SetChecked(const MarkRead& read);

 private:
  struct Node {
    // The number of its link. Another one for each connection, and when it may
    // have been a replica meanwhile. 0: it has had no link.
    uint64_t serial = 0;
    uint64_t used_ms = 0;  // Unix time when it last served a key.
  };
  struct Group {  // The works for one link.
    NodeAddress node;
    CheckedLink* link;
    uint64_t serial;
    std::vector<SlotWork*> works;
  };
  struct Wave {
    std::vector<SlotWork*> pending;
    std::vector<Group> sent;
    absl::Status fault;  // Not OK: wait before the next attempt.
  };
  // The links over which a slot's marks were read: its master's, and that of
  // the node that the master names by ASK.
  struct Checked {
    uint64_t master = 0;
    uint64_t asked = 0;
  };

  absl::Status Attempt(Wave* wave);
  absl::Status Route(Wave* wave, std::vector<SlotWork*>* unchecked);
  absl::StatusOr<Group*> GroupOf(Wave* wave, const NodeAddress& node);
  absl::Status CheckMarks(Wave* wave, const std::vector<SlotWork*>& works);
  absl::StatusOr<bool> CompareMarks(const MarkRead& read, SlotWork* work);
  bool IsChecked(const SlotWork& work, uint64_t serial) const;
  absl::Status Receive(Wave* wave);
  absl::Status ReceiveGroup(Wave* wave, Group* group);
  void TakeError(Wave* wave, SlotWork* work, const NodeAddress& node,
                 const std::string& error);
  absl::Status FinishWave(Wave* wave);
  absl::Status Wait(const absl::Status& fault);

  const Options options_;
  const SlotMarks& marks_;
  std::map<NodeAddress, Node> nodes_;
  uint64_t last_serial_ = 0;
  ClusterLinks links_;
  std::vector<Checked> checked_;  // By slot.
  Wave wave_;
  absl::Duration backoff_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CLUSTER_SLOT_SENDER_H_
