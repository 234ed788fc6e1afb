/// Hands out the places of one transaction.
package struct LocalStamps {
  package let version: UInt64
  package let time: UInt64
  /// The next place.
  package private(set) var seq: UInt64 = 0

  package init(version: UInt64, time: UInt64) {
    self.version = version
    self.time = time
  }

  package mutating func next() -> Stamp { next(taking: 1) }

  /// The first of `count` places.
  package mutating func next(taking count: Int) -> Stamp {
    defer { seq += UInt64(count) }
    return Stamp(site: 0, version: version, seq: seq, time: time)
  }
}

/// What local changes do to the clocks of rows: `Documentation/state-format.md`, section 3. Pure: clocks in, clocks out.
package enum LocalRules {
  /// A row was inserted. `known` is nil if its key was never seen.
  package static func inserted(
    _ known: RowClock?, columns: TrackedColumns, _ stamps: inout LocalStamps
  ) -> RowClock {
    var clock = known ?? RowClock()
    if columns.isEmpty {
      raiseRow(&clock, stamps.next())
      return clock
    }
    if known != nil {
      // The place is used up even where there is no record to stamp with it.
      let stamp = stamps.next()
      if clock.row != nil { raiseRow(&clock, stamp) }
    }
    if clock.birth == nil, clock.cells.isEmpty, let born = columns.asBirth {
      clock.birth = RowClock.Birth(columns: born, stamp: stamps.next(taking: columns.count))
      return clock
    }
    let old = columns.numbers.map { clock.cell($0) }
    for case let cell? in old {
      clock.set(RowClock.Cell(column: cell.column, version: cell.version + 1, stamp: stamps.next()))
    }
    for (index, number) in columns.numbers.enumerated() where old[index] == nil {
      clock.set(RowClock.Cell(column: number, version: 1, stamp: stamps.next()))
    }
    return clock
  }

  /// A row was deleted.
  package static func deleted(_ known: RowClock?, _ stamps: inout LocalStamps) -> RowClock {
    var clock = known ?? RowClock()
    clock.row = RowClock.Row(causalLength: clock.row.map { $0.causalLength + 1 } ?? 2, stamp: stamps.next())
    clock.removeColumns()
    return clock
  }

  /// Columns of a row got other values.
  package static func updated(_ known: RowClock?, _ changed: [Int], _ stamps: inout LocalStamps) -> RowClock {
    var clock = known ?? RowClock()
    for number in changed {
      let version = clock.cell(number)?.version ?? 0
      clock.set(RowClock.Cell(column: number, version: version + 1, stamp: stamps.next()))
    }
    return clock
  }

  /// A row got another key. Which columns got other values as well is for `updated` to say afterwards.
  package static func moved(
    from old: RowClock?, to new: RowClock?, columns: TrackedColumns, _ stamps: inout LocalStamps
  ) -> (from: RowClock, to: RowClock) {
    let source = old ?? RowClock()
    var from = source
    from.row = RowClock.Row(causalLength: from.row.map { $0.causalLength + 1 } ?? 2, stamp: stamps.next())
    from.removeColumns()
    var to = new ?? RowClock()
    raiseRow(&to, stamps.next())
    for number in columns.numbers {
      let stamp = stamps.next()
      if let cell = source.cell(number) {
        to.set(RowClock.Cell(column: number, version: cell.version + 1, stamp: stamp))
      }
    }
    return (from, to)
  }

  /// The row comes to life once more; 1 if it never did.
  private static func raiseRow(_ clock: inout RowClock, _ stamp: Stamp) {
    let next = clock.row.map { $0.causalLength % 2 == 0 ? $0.causalLength + 1 : $0.causalLength + 2 } ?? 1
    clock.row = RowClock.Row(causalLength: next, stamp: stamp)
  }
}
