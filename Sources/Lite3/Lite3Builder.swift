import JSON

/// Builds Lite3 documents value by value, one after the other, in memory it keeps.
///
///     var builder = Lite3Builder()
///     try builder.beginMessage(tags: ["audit"])
///     try builder.put("user", 7)
///     try builder.beginArray("rights")
///     try builder.append("read")
///     try builder.end()
///     try builder.finish()
///     pool.append(builder.bytes)
///
/// Members are stored in the order they are put; upstream puts them in ascending order of their keys' bytes, and only then
/// are the bytes the same as upstream's. A call that throws leaves the document unfinished: begin again. Calls that do not
/// fit together, such as an `end` too many, are mistakes of the program and stop it.
public struct Lite3Builder: ~Copyable {
  private var tree = TreeWriter()
  private var open: [Container] = []
  private var isFinished = false

  /// A container being filled.
  private struct Container {
    let kind: Lite3Kind
    /// Elements so far, and where the next goes; of an object only the count is used.
    var cursor: ElementCursor
  }

  /// Makes a builder.
  public init() {
    open.reserveCapacity(Lite3Limits.depth)
  }

  /// The finished document; empty before. Its memory is 16-aligned.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = RawSpan(_unsafeStart: UnsafeRawPointer(tree.memory.base), byteCount: isFinished ? tree.memory.end : 0)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  // MARK: Documents

  /// Begins a document that is an object.
  public mutating func beginDocument() {
    begin(.object)
  }

  /// Begins a document that is an array.
  public mutating func beginArrayDocument() {
    begin(.array)
  }

  /// Begins a message; members put next belong to its data.
  public mutating func beginMessage(tags: [String] = []) throws(Lite3Error) {
    begin(.object)
    try beginObject("meta")
    try beginArray("tags")
    for tag in tags { try append(tag) }
    try end()
    try end()
    try beginObject("data")
  }

  /// Ends what is still open, and the document with it: `bytes` are complete.
  public mutating func finish() throws(Lite3Error) {
    precondition(!open.isEmpty, "no document was begun")
    while !open.isEmpty { try end() }
    try tree.finish()
    isFinished = true
  }

  private mutating func begin(_ kind: Lite3Kind) {
    isFinished = false
    open.removeAll(keepingCapacity: true)
    open.append(Container(kind: kind, cursor: ElementCursor(tree.begin(kind))))
  }

  // MARK: Containers

  /// Begins an object that is a member; it is open until `end`.
  public mutating func beginObject(_ key: String) throws(Lite3Error) { try beginMember(.object, key) }

  /// Begins an array that is a member; it is open until `end`.
  public mutating func beginArray(_ key: String) throws(Lite3Error) { try beginMember(.array, key) }

  /// Begins an object that is an element; it is open until `end`.
  public mutating func beginObject() throws(Lite3Error) { try beginElement(.object) }

  /// Begins an array that is an element; it is open until `end`.
  public mutating func beginArray() throws(Lite3Error) { try beginElement(.array) }

  /// Ends the container begun last.
  public mutating func end() throws(Lite3Error) {
    guard let container = open.popLast() else { preconditionFailure("nothing to end") }
    try tree.setElements(container.cursor.count, of: container.cursor.container)
  }

  private mutating func beginMember(_ kind: Lite3Kind, _ key: String) throws(Lite3Error) {
    guard open.count < Lite3Limits.depth else { throw Lite3Error(.tooDeep) }
    try member(key, aligned: true, valueBytes: Node.size)
    open.append(Container(kind: kind, cursor: ElementCursor(tree.memory.appendNode(kind))))
  }

  private mutating func beginElement(_ kind: Lite3Kind) throws(Lite3Error) {
    guard open.count < Lite3Limits.depth else { throw Lite3Error(.tooDeep) }
    try element(aligned: true, valueBytes: Node.size)
    open.append(Container(kind: kind, cursor: ElementCursor(tree.memory.appendNode(kind))))
  }

  // MARK: Members

  /// Puts an integer.
  public mutating func put(_ key: String, _ value: Int64) throws(Lite3Error) {
    try member(key, aligned: false, valueBytes: 9)
    put(.int64, UInt64(bitPattern: value))
  }

  /// Puts a double, which must be finite.
  public mutating func put(_ key: String, _ value: Double) throws(Lite3Error) {
    guard value.isFinite else { throw Lite3Error(.notFinite) }
    try member(key, aligned: false, valueBytes: 9)
    put(.double, value.bitPattern)
  }

  /// Puts a boolean.
  public mutating func put(_ key: String, _ value: Bool) throws(Lite3Error) {
    try member(key, aligned: false, valueBytes: 9)
    put(.bool, value ? 1 : 0 as UInt8)
  }

  /// Puts a null.
  public mutating func putNull(_ key: String) throws(Lite3Error) {
    try member(key, aligned: false, valueBytes: 9)
    tree.memory.tail.put(Lite3Kind.null.rawValue)
  }

  /// Puts a string.
  public mutating func put(_ key: String, _ value: String) throws(Lite3Error) {
    let count = value.utf8.count
    try member(key, aligned: TreeWriter.isNodeSized(string: count), valueBytes: count + 6)
    tree.appendString(value, count)
  }

  /// Puts a string of UTF-8 bytes.
  public mutating func put(_ key: String, utf8 value: RawSpan) throws(Lite3Error) {
    guard UTF8Check.isValid(value) else { throw Lite3Error(.invalidText) }
    try member(key, aligned: TreeWriter.isNodeSized(string: value.byteCount), valueBytes: value.byteCount + 6)
    put(utf8: value)
  }

  /// Puts raw bytes. They have no JSON form and print as base64; upstream never writes them.
  public mutating func put(_ key: String, bytes value: RawSpan) throws(Lite3Error) {
    try member(key, aligned: TreeWriter.isNodeSized(bytes: value.byteCount), valueBytes: value.byteCount + 5)
    put(bytes: value)
  }

  // MARK: Elements

  /// Appends an integer.
  public mutating func append(_ value: Int64) throws(Lite3Error) {
    try element(aligned: false, valueBytes: 9)
    put(.int64, UInt64(bitPattern: value))
  }

  /// Appends a double, which must be finite.
  public mutating func append(_ value: Double) throws(Lite3Error) {
    guard value.isFinite else { throw Lite3Error(.notFinite) }
    try element(aligned: false, valueBytes: 9)
    put(.double, value.bitPattern)
  }

  /// Appends a boolean.
  public mutating func append(_ value: Bool) throws(Lite3Error) {
    try element(aligned: false, valueBytes: 9)
    put(.bool, value ? 1 : 0 as UInt8)
  }

  /// Appends a null.
  public mutating func appendNull() throws(Lite3Error) {
    try element(aligned: false, valueBytes: 9)
    tree.memory.tail.put(Lite3Kind.null.rawValue)
  }

  /// Appends a string.
  public mutating func append(_ value: String) throws(Lite3Error) {
    let count = value.utf8.count
    try element(aligned: TreeWriter.isNodeSized(string: count), valueBytes: count + 6)
    tree.appendString(value, count)
  }

  /// Appends a string of UTF-8 bytes.
  public mutating func append(utf8 value: RawSpan) throws(Lite3Error) {
    guard UTF8Check.isValid(value) else { throw Lite3Error(.invalidText) }
    try element(aligned: TreeWriter.isNodeSized(string: value.byteCount), valueBytes: value.byteCount + 6)
    put(utf8: value)
  }

  /// Appends raw bytes. They have no JSON form and print as base64; upstream never writes them.
  public mutating func append(bytes value: RawSpan) throws(Lite3Error) {
    try element(aligned: TreeWriter.isNodeSized(bytes: value.byteCount), valueBytes: value.byteCount + 5)
    put(bytes: value)
  }

  // MARK: Pieces

  /// Inserts a key into the object begun last; the value is appended next.
  private mutating func member(_ key: String, aligned: Bool, valueBytes: Int) throws(Lite3Error) {
    guard let object = open.last, object.kind == .object else { preconditionFailure("a member needs an object") }
    var key = key
    let failure = key.withUTF8 { utf8 -> Lite3Error? in
      guard !utf8.contains(0) else { return Lite3Error(.nulInKey) }
      guard utf8.count <= Lite3Limits.keyBytes else { return Lite3Error(.tooMany) }
      // An empty string may have no address; any will do for zero bytes.
      let start = utf8.baseAddress.map { UnsafeRawPointer($0) } ?? UnsafeRawPointer(tree.memory.base)
      do throws(Lite3Error) {
        let bytes = KeyBytes(start: start, count: utf8.count)
        try tree.insert(bytes, into: object.cursor.container, aligned: aligned, valueBytes: valueBytes)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
    open[open.count - 1].cursor.count += 1
  }

  /// Makes a place in the array begun last; the value is appended next.
  private mutating func element(aligned: Bool, valueBytes: Int) throws(Lite3Error) {
    guard let array = open.last, array.kind == .array else { preconditionFailure("an element needs an array") }
    try tree.memory.reserve(valueBytes + 4)
    tree.insertElement(&open[open.count - 1].cursor, aligned: aligned)
  }

  private mutating func put<T: BitwiseCopyable>(_ kind: Lite3Kind, _ value: T) {
    var tail = tree.memory.tail
    tail.put(kind.rawValue)
    tail.put(value)
    tree.memory.tail = tail
  }

  private mutating func put(utf8 value: RawSpan) {
    put(.string, UInt32(truncatingIfNeeded: value.byteCount + 1))
    put(value)
    tree.memory.tail.put(0 as UInt8)
  }

  private mutating func put(bytes value: RawSpan) {
    put(.bytes, UInt32(truncatingIfNeeded: value.byteCount))
    put(value)
  }

  private mutating func put(_ value: RawSpan) {
    value.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress { tree.memory.tail.put(start, count: bytes.count) }
    }
  }
}
