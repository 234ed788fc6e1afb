internal import JSON

/// Puts the `data:` lines of server-sent events together.
struct EventJoiner: ~Copyable {
  private var joined = ByteWriter(capacity: 64)
  private var isOver = false
  /// The line on which the event begins.
  private(set) var line = 0

  /// The data so far: all of it when `take` or `finish` said so.
  var data: RawSpan {
    @_lifetime(borrow self)
    get { joined.bytes }
  }

  /// How many bytes of an event that is not over yet were taken.
  var size: Int { isOver ? 0 : joined.count }

  /// How many bytes behind `data` may be read.
  var readableBeyond: Int { joined.readableBeyond }

  /// Takes a line without its end, which was taken from `input`; true if it ends an event that has data.
  mutating func take(_ range: Range<Int>, of input: borrowing InputText, line: Int) -> Bool {
    if isOver { drop() }
    let text = input.taken(range)
    let (isEmpty, data) = text.withUnsafeBytes { Self.read($0) }
    guard let data else {
      isOver = isEmpty && !joined.isEmpty
      return isOver
    }
    if joined.isEmpty { self.line = line } else { joined.append(UInt8(ascii: "\n")) }
    joined.append(text.extracting(data))
    return false
  }

  /// Says that no line follows; true if that ends an event that has data.
  mutating func finish() -> Bool {
    if isOver { drop() }
    isOver = !joined.isEmpty
    return isOver
  }

  /// Forgets the event.
  mutating func drop() {
    joined.removeAll()
    isOver = false
  }

  /// Whether the line is empty, and where in it data is.
  private static func read(_ line: UnsafeRawBufferPointer) -> (isEmpty: Bool, data: Range<Int>?) {
    let end = line.last == 0x0D ? line.count - 1 : line.count
    guard line.starts(with: "data:".utf8) else { return (end == 0, nil) }
    let start = line.count > 5 && line[5] == 0x20 ? 6 : 5
    return (false, start..<max(start, end))
  }
}
