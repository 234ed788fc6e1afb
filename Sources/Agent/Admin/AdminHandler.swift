package import Documents
internal import Platform

/// What a node does for each command of its admin channel: closures that the node fills in. What it leaves out is answered with
/// an error that says so.
///
/// Workers call them, never a loop, so they may block. What they hand to the reply goes out as it comes; when they return, the
/// client is told of success, and when they throw, of the failure.
package struct AdminHandler: Sendable {
  /// Answers a command that says all by its name.
  package typealias Work = @Sendable (AdminReply) throws(Failure) -> Void

  package var ping: Work = { (_) throws(Failure) in }
  package var reload: Work = missing("reload")
  /// Writes one object: how many rows, and the version that they got.
  package var adopt: Work = missing("adopt")
  package var reloadDictionaries: Work = missing("compression dictionaries")
  /// Writes one object: what this node has and lacks. A log line stands before it, on which scripts rely.
  package var syncGenerate: Work = missing("sync generate")
  package var syncReconcileGaps: Work = missing("sync reconcile-gaps")
  /// Writes one object, and fails if something differs.
  package var syncCheckBookieConsistency: Work = missing("sync check-bookie-consistency")
  package var syncProcessBufferedChanges:
    @Sendable (_ actor: String, _ version: UInt64, _ chunkSize: UInt64, AdminReply) throws(Failure) -> Void = {
      (_, _, _, _) throws(Failure) in throw absence("sync process-buffered-changes")
    }
  package var clusterRejoin: Work = missing("cluster rejoin")
  /// Writes one object a member: none where the node is alone.
  package var clusterMembers: Work = { (_) throws(Failure) in }
  package var clusterMembershipStates: Work = { (_) throws(Failure) in }
  package var clusterSetID: @Sendable (UInt16, AdminReply) throws(Failure) -> Void = { (_, _) throws(Failure) in
    throw absence("cluster set-id")
  }
  /// Writes what is known of one version of an actor.
  package var actorVersion: @Sendable (_ actor: String, _ version: UInt64, AdminReply) throws(Failure) -> Void = {
    (_, _, _) throws(Failure) in throw absence("actor version")
  }
  /// Writes one list.
  package var subscriptionList: Work = missing("subs list")
  /// Writes one object.
  package var subscriptionInfo: @Sendable (_ hash: String?, _ id: String?, AdminReply) throws(Failure) -> Void = {
    (_, _, _) throws(Failure) in throw absence("subs info")
  }
  /// Writes one list of what is captured into pools for `list`; for the others one object.
  package var capture: @Sendable (AdminCommand.Capture, AdminReply) throws(Failure) -> Void = {
    (_, _) throws(Failure) in throw absence("capture")
  }
  package var logSet: @Sendable (_ filter: String, AdminReply) throws(Failure) -> Void = { (_, _) throws(Failure) in
    throw absence("log set")
  }
  package var logReset: Work = missing("log reset")
  package var plumtreeStatistics: Work = missing("plumtree stats")
  package var locks: @Sendable (_ top: UInt64, AdminReply) throws(Failure) -> Void = { (_, _) throws(Failure) in
    throw absence("locks")
  }

  package init() {}

  /// Does what a command asks for.
  package func perform(_ command: AdminCommand, _ reply: AdminReply) throws(Failure) {
    switch command {
    case .ping: try ping(reply)
    case .reload: try reload(reply)
    case .adopt: try adopt(reply)
    case .reloadDictionaries: try reloadDictionaries(reply)
    case .sync(let sync): try perform(sync, reply)
    case .cluster(let cluster): try perform(cluster, reply)
    case .actorVersion(let actor, let version): try actorVersion(actor, version, reply)
    case .subscriptions(.list): try subscriptionList(reply)
    case .subscriptions(.info(let hash, let id)): try subscriptionInfo(hash, id, reply)
    case .capture(let capture): try self.capture(capture, reply)
    case .log(.set(let filter)): try logSet(filter, reply)
    case .log(.reset): try logReset(reply)
    case .plumtreeStatistics: try plumtreeStatistics(reply)
    case .locks(let top): try locks(top, reply)
    }
  }

  private func perform(_ command: AdminCommand.Sync, _ reply: AdminReply) throws(Failure) {
    switch command {
    case .generate:
      reply.log(.info, "generating the state of the sync")
      try syncGenerate(reply)
    case .reconcileGaps: try syncReconcileGaps(reply)
    case .checkBookieConsistency: try syncCheckBookieConsistency(reply)
    case .processBufferedChanges(let actor, let version, let size):
      try syncProcessBufferedChanges(actor, version, size, reply)
    }
  }

  private func perform(_ command: AdminCommand.Cluster, _ reply: AdminReply) throws(Failure) {
    switch command {
    case .rejoin: try clusterRejoin(reply)
    case .members: try clusterMembers(reply)
    case .membershipStates: try clusterMembershipStates(reply)
    case .setID(let id): try clusterSetID(id, reply)
    }
  }

  private static func missing(_ command: String) -> Work {
    { (_) throws(Failure) in throw absence(command) }
  }

  private static func absence(_ command: String) -> Failure {
    Failure(
      .usage, "this node has no `\(command)`", hint: "It runs alone; a later version that runs in clusters may have it."
    )
  }
}

/// The answer to one command, as it comes about. One thread at a time.
package final class AdminReply: Sendable {
  private let send: @Sendable (AdminResponse) -> Void

  /// - Parameter send: is given each frame of the answer, in order.
  package init(_ send: @escaping @Sendable (AdminResponse) -> Void) { self.send = send }

  /// Tells the client what is being done.
  package func log(_ level: AdminResponse.Level, _ message: String) { send(.log(level, message, time: Clock.wall())) }

  /// Hands the client a result.
  package func json(_ report: Report) { send(.json(report)) }

  /// Does what the command asks for, and ends the answer.
  func perform(_ command: AdminCommand, by handler: AdminHandler) {
    do throws(Failure) {
      try handler.perform(command, self)
      send(.success)
    } catch {
      send(.error(Self.words(error)))
    }
  }

  /// The channel has one text for what went wrong, why, and what to do.
  private static func words(_ error: Failure) -> String {
    let problem = ([error.message] + error.causes).joined(separator: ": ")
    return error.hintSentence.map { "\(problem). \($0)" } ?? problem
  }
}
