internal import SQLite

extension StateStore {
  /// What is left of these versions of a site: each transaction whose changes were not all overwritten, oldest first.
  ///
  /// Versions that give nothing are empty, if they are known at all: `versions(of:)` tells.
  public func changeSets(of site: SiteID, _ range: ClosedRange<UInt64>) throws(StateError) -> [ChangeSet] {
    var sets: [ChangeSet] = []
    for change in try changes(of: site, range) {
      if let last = sets.indices.last, sets[last].version == change.version {
        sets[last].changes.append(change)
        sets[last].lastSeq = max(sets[last].lastSeq, change.seq)
        sets[last].time = max(sets[last].time, change.time)
        sets[last].seqs = 0...sets[last].lastSeq
      } else {
        sets.append(
          ChangeSet(
            site: site, version: change.version, seqs: 0...change.seq, lastSeq: change.seq, time: change.time,
            changes: [change]))
      }
    }
    return sets
  }

  /// The current changes of these versions of a site, by version, then place.
  public func changes(of site: SiteID, _ range: ClosedRange<UInt64>) throws(StateError) -> [Change] {
    try view { (view) throws(StateError) in try view.changes(of: site, range) }
  }

  /// All changes of all sites, in no order: the whole state.
  public func allChanges() throws(StateError) -> [Change] {
    try view { (view) throws(StateError) in try view.allChanges() }
  }

  /// The highest version known of each site, where there is one.
  public func heads() throws(StateError) -> [SiteID: UInt64] {
    try view { (view) throws(StateError) in
      var heads: [SiteID: UInt64] = [:]
      for (id, version) in zip(view.sites.ids, view.sites.versions) where version > 0 { heads[id] = version }
      return heads
    }
  }

  private func view<R>(_ body: (ClockView) throws(StateError) -> R) throws(StateError) -> R {
    try read { (reader) throws(StateError) in
      try reader.transaction(.deferred, failure: { StateError($0) }) { () throws(StateError) in
        try body(try ClockView(reader, known: tables))
      }
    }
  }
}
