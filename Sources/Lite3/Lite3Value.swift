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
    guard stored.kind == .object else { return nil }
    let bytes = key.withUnsafeBytes { $0 }
    // An empty key has no address; any will do for zero bytes.
    let start = bytes.baseAddress ?? document.base
    let hash = KeyHash.of(start, count: bytes.count)
    return value(try document.find(start, count: bytes.count, hash: hash, in: stored.offset))
  }

  /// The member with this key; nil if there is none or the value is not an object.
  @_lifetime(copy self)
  public func member(_ key: StaticString) throws(Lite3Error) -> Lite3Value? {
    guard stored.kind == .object else { return nil }
    let start = UnsafeRawPointer(key.utf8Start)
    let hash = KeyHash.of(start, count: key.utf8CodeUnitCount)
    return value(try document.find(start, count: key.utf8CodeUnitCount, hash: hash, in: stored.offset))
  }

  /// The element at an index; nil if there is none or the value is not an array.
  @_lifetime(copy self)
  public func element(_ index: Int) throws(Lite3Error) -> Lite3Value? {
    guard stored.kind == .array else { return nil }
    return value(try document.element(index, of: stored.offset))
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
