/// One value of a stored document, borrowed from its bytes.
public struct Lite3Value: ~Escapable {
  let document: DocumentBytes
  let stored: StoredValue

  @_lifetime(immortal)
  init(_ document: DocumentBytes, _ stored: StoredValue) {
    // Callers narrow the lifetime to that of the bytes.
    self.document = document
    self.stored = stored
  }

  /// What the value is.
  public var kind: Lite3Kind { stored.kind }

  /// Whether the value is null.
  public var isNull: Bool { stored.kind == .null }

  /// The boolean, if it is one; a stored byte other than 0 is true.
  public var bool: Bool? {
    stored.kind == .bool ? document.uncheckedByte(stored.offset) != 0 : nil
  }

  /// The integer, if it is one.
  public var int64: Int64? {
    stored.kind == .int64 ? Int64(bitPattern: document.uncheckedLong(stored.offset)) : nil
  }

  /// The double, if it is one. NaN and infinities, which no writer stores, are given as they are.
  public var double: Double? {
    stored.kind == .double ? Double(bitPattern: document.uncheckedLong(stored.offset)) : nil
  }

  /// The bytes of the string, if it is one. They were not checked to be UTF-8.
  public var string: RawSpan? {
    @_lifetime(copy self)
    get { stored.kind == .string ? span(stored.offset, stored.count) : nil }
  }

  /// The raw bytes, if it is a value of that kind.
  public var bytes: RawSpan? {
    @_lifetime(copy self)
    get { stored.kind == .bytes ? span(stored.offset, stored.count) : nil }
  }

  /// The number of members or elements that a container claims to have; 0 for other values.
  public var count: Int {
    stored.kind == .object || stored.kind == .array ? document.elements(stored.offset) : 0
  }

  /// The member with this key; nil if there is none or the value is not an object.
  @_lifetime(copy self)
  public func member(_ key: RawSpan) throws(Lite3Error) -> Lite3Value? {
    let bytes = key.withUnsafeBytes { $0 }
    return try member(UnsafeRawBufferPointer(bytes))
  }

  /// The member with this key; nil if there is none or the value is not an object.
  @_lifetime(copy self)
  public func member(_ key: StaticString) throws(Lite3Error) -> Lite3Value? {
    try member(UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
  }

  /// The element at an index; nil if there is none or the value is not an array.
  @_lifetime(copy self)
  public func element(_ index: Int) throws(Lite3Error) -> Lite3Value? {
    guard stored.kind == .array else { return nil }
    return value(try document.element(index, of: stored.offset))
  }

  /// The value at the end of a path, such as `["meta", "tags", 0]`; nil if a step leads nowhere.
  @_lifetime(copy self)
  public func value(at path: [Lite3Step]) throws(Lite3Error) -> Lite3Value? {
    var stored = self.stored
    for step in path {
      let here = _overrideLifetime(Lite3Value(document, stored), copying: self)
      guard let next = try here.follow(step) else { return nil }
      stored = next
    }
    return value(stored)
  }

  /// Goes through members or elements: elements in order, members in the order of the tree, which is that of their hashes.
  @_lifetime(copy self)
  public func members() -> Lite3Cursor {
    _overrideLifetime(Lite3Cursor(document, stored), copying: self)
  }

  /// Goes through members in ascending order of their keys' bytes, or through elements in order.
  ///
  /// The order is found first, in memory of its own: four bytes for each member.
  @_lifetime(copy self)
  public func sortedMembers() throws(Lite3Error) -> Lite3Cursor {
    guard stored.kind == .object else { return members() }
    var entries = EntryStack()
    var budget = WorkBudget(document)
    try entries.push(under: stored.offset, of: document, &budget)
    try entries.sortByKey(from: 0, of: document, &budget)
    var sorted: [UInt32] = []
    sorted.reserveCapacity(entries.count)
    for index in 0..<entries.count { sorted.append(UInt32(truncatingIfNeeded: entries[index])) }
    return _overrideLifetime(Lite3Cursor(document, stored, sorted: sorted), copying: self)
  }

  @_lifetime(copy self)
  private func member(_ key: UnsafeRawBufferPointer) throws(Lite3Error) -> Lite3Value? {
    guard stored.kind == .object else { return nil }
    // An empty key may have no address; any will do for zero bytes.
    let start = key.baseAddress ?? document.base
    let hash = KeyHash.of(start, count: key.count)
    return value(try document.find(start, count: key.count, hash: hash, in: stored.offset))
  }

  private func follow(_ step: Lite3Step) throws(Lite3Error) -> StoredValue? {
    switch step {
    case .index(let index):
      guard stored.kind == .array else { return nil }
      return try document.element(index, of: stored.offset)
    case .key(let key):
      let bytes = Array(key.utf8)
      return try member(bytes.span.bytes)?.stored
    }
  }

  @_lifetime(copy self)
  private func value(_ stored: StoredValue?) -> Lite3Value? {
    guard let stored else { return nil }
    return _overrideLifetime(Lite3Value(document, stored), copying: self)
  }

  @_lifetime(copy self)
  private func span(_ offset: Int, _ count: Int) -> RawSpan {
    _overrideLifetime(RawSpan(_unsafeStart: document.base + offset, byteCount: count), copying: self)
  }
}

/// One step of a path into a document.
public enum Lite3Step: Equatable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  /// To the member of an object.
  case key(String)
  /// To the element of an array.
  case index(Int)

  /// A step to a member.
  public init(stringLiteral key: String) { self = .key(key) }

  /// A step to an element.
  public init(integerLiteral index: Int) { self = .index(index) }
}
