internal import SQLite

/// The captures as the file has them: `Documentation/state-format.md`, section 7.
struct CaptureBook {
  let connection: Connection

  func all() throws(StateError) -> [RegisteredCapture] {
    try state { () throws(SQLiteError) in
      var names: [Int64: [String]] = [:]
      for row in try connection.rows("SELECT capture, name FROM __weir_capture_table ORDER BY capture, place") {
        names[row[0].integer ?? 0, default: []].append(row[1].string ?? "")
      }
      let rows = try connection.rows(
        "SELECT id, pool, directory, origin, source, size, done, shift, known FROM __weir_capture ORDER BY id")
      return rows.map { row in
        let id = row[0].integer ?? 0
        let definition = CaptureDefinition(
          pool: row[1].string ?? "", directory: row[2].string ?? "", tables: names[id],
          origin: .init(rawValue: row[3].string ?? "") ?? .all,
          source: .init(rawValue: row[4].string ?? "") ?? .command,
          size: row[5].integer.flatMap { UInt64(exactly: $0) })
        return RegisteredCapture(
          id: id, definition: definition, done: row[6].integer ?? 0, shift: row[7].integer ?? 0, known: row[8].integer)
      }
    }
  }

  /// The number that the newest row of the outbox has, or had: rows go when a capture has them, or when they are dropped. So there is
  /// no counter to write with each transaction.
  func lastNumber() throws(StateError) -> Int64 {
    try state { () throws(SQLiteError) in
      try connection.value(
        "SELECT max((SELECT ifnull(max(number), 0) FROM __weir_outbox), (SELECT ifnull(max(done), 0) FROM __weir_capture),"
          + " ifnull((SELECT value FROM __weir_meta WHERE name = 'outbox_dropped'), 0))")?.integer ?? 0
    }
  }

  /// Drops rows that nobody has yet.
  func drop(through number: Int64) throws(StateError) {
    try state { () throws(SQLiteError) in
      try connection.run("DELETE FROM __weir_outbox WHERE number <= ?", [.integer(number)])
      try connection.run("INSERT OR REPLACE INTO __weir_meta VALUES ('outbox_dropped', ?)", [.integer(number)])
    }
  }

  /// Notes a capture, or makes one that is there what is wanted now. A new one begins behind what is in the outbox.
  func put(_ definition: CaptureDefinition) throws(StateError) {
    let last = SQLiteValue.integer(try lastNumber())
    try state { () throws(SQLiteError) in
      let id = try connection.value(
        "INSERT INTO __weir_capture (pool, directory, origin, source, size, done, known) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)"
          + " ON CONFLICT (pool, directory) DO UPDATE SET origin = ?3, source = ?4, size = ?5 RETURNING id",
        [
          SQLiteValue(definition.pool), SQLiteValue(definition.directory), SQLiteValue(definition.origin.rawValue),
          SQLiteValue(definition.source.rawValue), definition.size.map { .integer(Int64(clamping: $0)) } ?? .null, last,
        ])
      guard let id else { return }
      try connection.run("DELETE FROM __weir_capture_table WHERE capture = ?", [id])
      for (place, name) in (definition.tables ?? []).enumerated() {
        try connection.run(
          "INSERT INTO __weir_capture_table VALUES (?, ?, ?)", [id, .integer(Int64(place)), SQLiteValue(name)])
      }
    }
  }

  func remove(_ id: Int64) throws(StateError) {
    let last = try lastNumber()
    let left = try state { () throws(SQLiteError) in
      try connection.run("DELETE FROM __weir_capture WHERE id = ?", [.integer(id)])
      try connection.run("DELETE FROM __weir_capture_table WHERE capture = ?", [.integer(id)])
      try dropDone()
      return try connection.value("SELECT 1 FROM __weir_capture")
    }
    if left == nil { try drop(through: last) }
  }

  /// Notes how far captures are, and drops the rows that all of them have.
  func mark(_ marks: [CaptureMark]) throws(StateError) {
    try state { () throws(SQLiteError) in
      for mark in marks {
        try connection.run(
          "UPDATE __weir_capture SET done = ?2 WHERE id = ?1 AND done < ?2", [.integer(mark.id), .integer(mark.done)])
      }
      try dropDone()
    }
  }

  private func dropDone() throws(SQLiteError) {
    try connection.run("DELETE FROM __weir_outbox WHERE number <= (SELECT min(done) FROM __weir_capture)")
  }

  func settle(_ capture: RegisteredCapture) throws(StateError) {
    try state { () throws(SQLiteError) in
      try connection.run(
        "UPDATE __weir_capture SET done = ?2, shift = ?3, known = NULL WHERE id = ?1",
        [.integer(capture.id), .integer(capture.done), .integer(capture.shift)])
    }
  }

  /// Notes which rows were there when the store was opened, for those captures whose pool was not looked at since it last was.
  func noteOpening() throws(StateError) {
    let last = try lastNumber()
    try state { () throws(SQLiteError) in
      if try connection.value("SELECT 1 FROM __weir_capture WHERE known IS NULL") == nil { return }
      try connection.run("UPDATE __weir_capture SET known = ? WHERE known IS NULL", [.integer(last)])
    }
  }

  /// Of the rows after a number as many as are asked for, and at least one if there is one.
  func batch(after number: Int64, rows limit: Int, bytes: Int) throws(StateError) -> OutboxBatch {
    try state { () throws(SQLiteError) in
      var batch = OutboxBatch()
      batch.dropped = try connection.value("SELECT value FROM __weir_meta WHERE name = 'outbox_dropped'")?.integer ?? 0
      let statement = try connection.cached(
        "SELECT number, table_name, site, capture, data FROM __weir_outbox WHERE number > ?1 ORDER BY number")
      try statement.bind([.integer(number)])
      defer { statement.reset() }
      var taken = 0
      while try statement.step() {
        if batch.entries.count >= limit || taken >= bytes {
          batch.isLast = false
          break
        }
        let entry = OutboxEntry(
          number: statement.integer(at: 0), table: statement.string(at: 1), isLocal: statement.integer(at: 2) == 0,
          capture: statement.isNull(at: 3) ? nil : statement.integer(at: 3),
          data: statement.bytes(at: 4).withUnsafeBytes { Array($0) })
        taken += entry.data.count
        batch.entries.append(entry)
      }
      return batch
    }
  }
}

/// How far a capture is.
package struct CaptureMark: Sendable {
  /// The capture's number.
  package let id: Int64
  /// The last row of the outbox that is in its pool, or is not wanted there.
  package let done: Int64

  /// A mark with these parts.
  package init(id: Int64, done: Int64) {
    self.id = id
    self.done = done
  }
}

extension RegisteredCapture {
  /// Where the capture goes on once its pool was looked at, and how numbers are counted from there.
  ///
  /// A row is put into the pool before that is noted here. So after a crash the pool may be ahead, by rows that are the same ones. After
  /// a loss of power it may also hold rows that the database lost with its newest commits; their numbers are given to other rows then.
  /// Up to `known` the rows are certainly the same: what is in the pool beyond that is of the lost ones, and new rows are
  /// numbered behind it.
  ///
  /// - Parameter newest: the largest number of this capture in the pool; nil if it has none.
  func settled(newest: Int64?) -> RegisteredCapture {
    var settled = self
    settled.known = nil
    guard let newest else { return settled }
    let row = newest - shift
    if let known, row > known {
      settled.shift = newest - known
      settled.done = max(done, known)
    } else {
      settled.done = max(done, row)
    }
    return settled
  }
}
