internal import CommandSupport
internal import JSON

/// The part of a stream that has arrived and that no record has taken yet, and where in the stream it is.
///
/// Offsets count from the first byte that is not taken. What was taken stays in place until more is added.
struct InputText: ~Copyable {
  /// A place that one can go back to, until more is added.
  struct Mark {
    fileprivate let position: Int
    fileprivate let line: Int
    fileprivate let indent: Int?
    fileprivate let taken: Int
  }

  private var buffer = ByteWriter(capacity: 256 << 10)
  private var spare = ByteWriter(capacity: 64)
  private var position = 0
  /// No delimiter lies between `position` and here.
  private var searched = 0
  /// Bytes of the line at the beginning of the buffer that are no longer in it.
  private var droppedColumns = 0

  /// The line of the first byte, counted from 1.
  private(set) var line = 1
  /// White space between the line's beginning and the first byte; nil when something else stands there.
  private(set) var indent: Int? = 0
  /// How many bytes of the stream were taken.
  private(set) var taken = 0

  /// How many bytes are there.
  var count: Int { buffer.count - position }
  var isEmpty: Bool { count == 0 }

  // MARK: Bytes

  mutating func add(_ bytes: RawSpan) {
    if position > 0, position >= buffer.count / 2 { compact() }
    buffer.append(bytes)
  }

  private mutating func compact() {
    droppedColumns = column(at: 0) - 1
    spare.removeAll()
    spare.append(position..<buffer.count, of: buffer)
    swap(&buffer, &spare)
    searched = max(0, searched - position)
    position = 0
    // One huge record must not hold its memory for good.
    spare.shrink(above: 1 << 20)
  }

  /// Calls `body` with all bytes that are there.
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    let start = position
    return buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  /// The byte at an offset that is there.
  subscript(offset: Int) -> UInt8 { withBytes { $0[offset] } }

  /// The bytes of a range that `take` returned.
  @_lifetime(borrow self)
  func taken(_ range: Range<Int>) -> RawSpan { buffer.bytes.extracting(range) }

  /// How many bytes behind such a range may be read.
  func readableBeyond(_ range: Range<Int>) -> Int { buffer.count - range.upperBound + buffer.readableBeyond }

  /// The bytes from the beginning of a taken range up to the end of the line it begins on.
  @_lifetime(borrow self)
  func lineOfTaken(_ range: Range<Int>) -> RawSpan {
    let end = buffer.withUnsafeBytes { ByteSearch.first(0x0A, in: $0, from: range.lowerBound) } ?? buffer.count
    return buffer.bytes.extracting(range.lowerBound..<end)
  }

  /// The bytes from the first one up to the end of its line.
  var restOfLine: RawSpan {
    @_lifetime(borrow self)
    get { lineOfTaken(position..<position) }
  }

  // MARK: Looking

  /// The offset of the next `delimiter`. What was searched in vain is not searched again: always ask for the same one.
  mutating func next(_ delimiter: UInt8) -> Int? {
    let start = max(searched, position)
    let found = buffer.withUnsafeBytes { ByteSearch.first(delimiter, in: $0, from: start) }
    searched = found ?? buffer.count
    return found.map { $0 - position }
  }

  func contains(_ byte: UInt8, in range: Range<Int>) -> Bool {
    withBytes {
      ByteSearch.first(byte, in: UnsafeRawBufferPointer(rebasing: $0[..<range.upperBound]), from: range.lowerBound)
        != nil
    }
  }

  var beginsContainer: Bool {
    withBytes { $0.first == UInt8(ascii: "{") || $0.first == UInt8(ascii: "[") }
  }

  /// The line of an offset, counted from 1.
  func line(at offset: Int) -> Int { line + withBytes { ByteSearch.count(0x0A, in: $0, 0..<offset) } }

  /// The column of an offset in its line, counted from 1, in bytes.
  func column(at offset: Int) -> Int {
    let (place, dropped) = (position + offset, droppedColumns)
    return buffer.withUnsafeBytes { bytes in
      var start = place
      while start > 0, bytes[start - 1] != 0x0A { start -= 1 }
      return place - start + 1 + (start == 0 ? dropped : 0)
    }
  }

  // MARK: Taking

  var mark: Mark { Mark(position: position, line: line, indent: indent, taken: taken) }

  mutating func goBack(to mark: Mark) {
    (position, line, indent, taken) = (mark.position, mark.line, mark.indent, mark.taken)
  }

  /// Takes bytes away and returns where they are, for `taken`.
  @discardableResult
  mutating func take(_ count: Int) -> Range<Int> {
    line = line(at: count)
    return takeWithinLine(count)
  }

  /// Takes bytes that hold no line end.
  @discardableResult
  mutating func takeWithinLine(_ count: Int) -> Range<Int> {
    let range = position..<position + count
    move(count)
    if count > 0 { indent = nil }
    return range
  }

  private mutating func move(_ count: Int) {
    position += count
    taken += count
    searched = max(searched, position)
  }

  mutating func skipBlanks() {
    var (lineEnds, indent) = (0, indent)
    let blanks = withBytes { bytes in
      var index = 0
      while index < bytes.count, ValueScanner.isBlank(bytes[index]) {
        if bytes[index] == 0x0A {
          lineEnds += 1
          indent = 0
        } else {
          indent = indent.map { $0 + 1 }
        }
        index += 1
      }
      return index
    }
    move(blanks)
    line += lineEnds
    self.indent = indent
  }

  /// Takes everything up to and with the next line end; all there is, and false, when it has not come.
  mutating func dropLine() -> Bool {
    guard let end = next(0x0A) else {
      takeWithinLine(count)
      return false
    }
    move(end + 1)
    line += 1
    indent = 0
    return true
  }
}

extension ByteWriter {
  mutating func append(_ range: Range<Int>, of other: borrowing ByteWriter) { append(other.bytes.extracting(range)) }
}
