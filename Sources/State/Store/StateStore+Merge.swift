internal import SQLite

extension StateStore {
  /// Merges changes in one transaction, all or none, and notes the versions that they name as seen. For whole transactions and
  /// parts of them there is `receive`, which keeps count of what is missing.
  ///
  /// - Returns: How many effects there were.
  @discardableResult
  public func merge(_ changes: [Change]) throws(StateError) -> Int {
    for change in changes { if let fault = change.fault { throw fault } }
    return try database.write { (_) throws(StateError) in
      let merger = try core.transaction { () throws(StateError) in try core.merge(changes) }
      core.tell(core.transactions(of: changes), merger.touched)
      return merger.impact
    }
  }
}

extension WriterCore {
  /// Merges changes in the open transaction; what came of it. If it fails, some are done: the caller undoes them.
  func merge(_ changes: [Change]) throws(StateError) -> Merger {
    var merger = Merger(clocks, mergeStatements, equalValuesMerge: settings.equalValuesMerge)
    if outbox != nil { merger.transitions = RowTransitions() }
    try merger.merge(changes)
    if let outbox, let transitions = merger.transitions { try outbox.append(transitions) }
    return merger
  }

  /// Each transaction that changes are of, once if they come together.
  func transactions(of changes: [Change]) -> [(site: SiteID, version: UInt64)] {
    guard !observers.isEmpty else { return [] }
    var found: [(site: SiteID, version: UInt64)] = []
    for change in changes {
      if let last = found.last, last.site == change.site, last.version == change.version { continue }
      found.append((change.site, change.version))
    }
    return found
  }
}
