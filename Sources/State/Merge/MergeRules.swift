/// What a change from elsewhere says about the clock of a row.
package struct IncomingClock: Equatable, Sendable {
  /// The column's number; nil for the row itself.
  package var column: Int?
  package var columnVersion: UInt64
  package var causalLength: UInt64
  package var stamp: Stamp

  package init(column: Int?, columnVersion: UInt64, causalLength: UInt64, stamp: Stamp) {
    self.column = column
    self.columnVersion = columnVersion
    self.causalLength = causalLength
    self.stamp = stamp
  }
}

/// What a change does to the row that it meets.
package enum MergeDecision: Equatable, Sendable {
  /// Nothing.
  case ignore
  /// The row stays deleted, and the record of it is the other's now.
  case takeTombstone
  /// The row goes, and what is known of its columns.
  case delete
  /// The row comes to life again; of its columns any value from now on counts more than what is there.
  case revive
  /// The cell takes the value; `reviving`: and the row comes to life first.
  case write(reviving: Bool)
  /// The versions are equal: the values decide, and `MergeRules.decide(_:)` with their order.
  case compareValues(local: Stamp)
}

/// How a change from elsewhere meets a row: `Documentation/state-format.md`, section 4. Causal length counts before column
/// version, column version before value, value before site. Pure.
package enum MergeRules {
  /// What the change does, unless the values have to decide.
  ///
  /// - Parameter isLarger: Whether the first site is larger than the second, by number.
  package static func decide(
    _ change: IncomingClock, against local: RowClock, equalValuesMerge: Bool, isLarger: (Int, Int) -> Bool
  ) -> MergeDecision {
    let known = local.causalLength
    if change.causalLength < known { return .ignore }
    if change.causalLength % 2 == 0 {
      if change.causalLength > known { return .delete }
      guard equalValuesMerge, let row = local.row, isLarger(change.stamp.site, row.stamp.site) else { return .ignore }
      return .takeTombstone
    }
    guard let column = change.column else { return change.causalLength == known ? .ignore : .revive }
    if change.causalLength > known { return .write(reviving: known > 0 || change.causalLength > 1) }
    guard let cell = local.cell(column) else { return .write(reviving: false) }
    if change.columnVersion != cell.version {
      return change.columnVersion > cell.version ? .write(reviving: false) : .ignore
    }
    return .compareValues(local: cell.stamp)
  }

  /// What the change does when column versions are equal.
  ///
  /// - Parameter order: Of the incoming value against the one that is there.
  package static func decide(
    _ change: IncomingClock, values order: ValueOrder, local: Stamp, equalValuesMerge: Bool,
    isLarger: (Int, Int) -> Bool
  ) -> MergeDecision {
    switch order {
    case .larger: .write(reviving: false)
    case .smaller: .ignore
    case .equal: equalValuesMerge && isLarger(change.stamp.site, local.site) ? .write(reviving: false) : .ignore
    }
  }

  /// Records in the clock what was decided.
  package static func apply(_ decision: MergeDecision, of change: IncomingClock, to clock: inout RowClock) {
    switch decision {
    case .ignore, .compareValues: return
    case .takeTombstone:
      clock.row = RowClock.Row(causalLength: change.causalLength, stamp: change.stamp)
    case .delete:
      clock.row = RowClock.Row(causalLength: change.causalLength, stamp: change.stamp)
      clock.removeColumns()
    case .revive:
      clock.zeroColumns()
      clock.row = RowClock.Row(causalLength: change.causalLength, stamp: change.stamp)
    case .write(let reviving):
      if reviving {
        clock.zeroColumns()
        clock.row = RowClock.Row(causalLength: change.causalLength, stamp: change.stamp)
      }
      guard let column = change.column else { return }
      clock.set(RowClock.Cell(column: column, version: change.columnVersion, stamp: change.stamp))
    }
  }
}

extension MergeDecision {
  /// How much it counts as an effect.
  package var impact: Int {
    switch self {
    case .ignore, .takeTombstone, .compareValues: 0
    case .delete, .revive: 1
    case .write(let reviving): reviving ? 2 : 1
    }
  }
}
