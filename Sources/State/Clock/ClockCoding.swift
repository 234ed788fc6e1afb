/// Writes numbers as few bytes: 7 bits each, the highest bit says that more follow.
struct ClockWriter {
  var bytes: [UInt8] = []

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func append(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Eight bytes, which is less than `append` needs for a time.
  mutating func append(fixed number: UInt64) {
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  mutating func append(run: [UInt8]) {
    append(UInt64(run.count))
    bytes.append(contentsOf: run)
  }
}

/// Reads what `ClockWriter` wrote.
struct ClockReader: ~Escapable {
  private let bytes: RawSpan
  private var offset = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) { self.bytes = bytes }

  var isAtEnd: Bool { offset >= bytes.byteCount }

  private static var damaged: StateError {
    StateError(.corrupt, "a clock record is damaged", hint: "restore the database from a backup")
  }

  mutating func number() throws(StateError) -> UInt64 {
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard offset < bytes.byteCount, shift < 64 else { throw Self.damaged }
      let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      offset += 1
      number |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
  }

  mutating func count() throws(StateError) -> Int {
    guard let count = Int(exactly: try number()) else { throw Self.damaged }
    return count
  }

  mutating func fixed() throws(StateError) -> UInt64 {
    guard bytes.byteCount - offset >= 8 else { throw Self.damaged }
    let number = bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    offset += 8
    return UInt64(bigEndian: number)
  }

  mutating func run() throws(StateError) -> [UInt8] {
    let count = try count()
    guard bytes.byteCount - offset >= count else { throw Self.damaged }
    let run = bytes.extracting(offset..<offset + count).withUnsafeBytes { Array($0) }
    offset += count
    return run
  }
}

extension RowClock {
  private enum Flag {
    static let row: UInt64 = 1
    static let birth: UInt64 = 2
    static let cells: UInt64 = 4
  }

  /// The form of the file: `Documentation/state-format.md`, section 5.
  func encode(into writer: inout ClockWriter) {
    if birth == nil, cells.count > 1 {
      var gathered = self
      gathered.gather()
      if gathered.birth != nil { return gathered.encode(into: &writer) }
    }
    writer.append(
      (row == nil ? 0 : Flag.row) | (birth == nil ? 0 : Flag.birth) | (cells.isEmpty ? 0 : Flag.cells))
    if let row {
      writer.append(row.causalLength)
      row.stamp.encode(into: &writer)
    }
    if let birth {
      writer.append(birth.columns)
      birth.stamp.encode(into: &writer)
    }
    if cells.isEmpty { return }
    writer.append(UInt64(cells.count))
    for cell in cells {
      writer.append(UInt64(cell.column))
      writer.append(cell.version)
      cell.stamp.encode(into: &writer)
    }
  }

  init(from reader: inout ClockReader) throws(StateError) {
    self.init()
    let flags = try reader.number()
    if flags & Flag.row != 0 { row = Row(causalLength: try reader.number(), stamp: try Stamp(from: &reader)) }
    if flags & Flag.birth != 0 { birth = Birth(columns: try reader.number(), stamp: try Stamp(from: &reader)) }
    guard flags & Flag.cells != 0 else { return }
    for _ in 0..<(try reader.count()) {
      cells.append(
        Cell(column: try reader.count(), version: try reader.number(), stamp: try Stamp(from: &reader)))
    }
  }
}

extension Stamp {
  func encode(into writer: inout ClockWriter) {
    writer.append(UInt64(site))
    writer.append(version)
    writer.append(seq)
    writer.append(fixed: time)
  }

  init(from reader: inout ClockReader) throws(StateError) {
    self.init(
      site: try reader.count(), version: try reader.number(), seq: try reader.number(), time: try reader.fixed())
  }
}
