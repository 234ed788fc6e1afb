/// A stored document, borrowed: nothing is copied, and nothing is trusted.
///
/// Every call checks what it touches (pool format, section 14.10): whatever the bytes are, it ends in a value or in a
/// `Lite3Error`, reads nothing outside the bytes, and does bounded work.
public struct Lite3Document: ~Escapable {
  private let span: RawSpan

  /// Wraps the bytes of a document; they are looked at when something is asked for.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) {
    span = bytes
  }

  /// The bytes.
  public var bytes: RawSpan {
    @_lifetime(copy self)
    get { span }
  }

  /// The root object or array.
  @_lifetime(copy self)
  public func root() throws(Lite3Error) -> Lite3Value {
    let bytes = try DocumentBytes(span)
    return _overrideLifetime(Lite3Value(bytes, try bytes.container(0)), copying: self)
  }

  /// Checks the whole document: structure, values, UTF-8, finite numbers, depth.
  public func validate() throws(Lite3Error) {
    let bytes = try DocumentBytes(span)
    var budget = WorkBudget(bytes)
    try bytes.validate(bytes.container(0), depth: 0, &budget)
  }

  /// Checks that the document is a message that upstream would accept: `meta.tags` an array of strings, `data` an object,
  /// and both valid throughout.
  public func validateMessage() throws(Lite3Error) {
    let bytes = try DocumentBytes(span)
    let parts = try MessageParts(bytes)
    guard parts.data.kind == .object else { throw Lite3Error(.dataNotObject, offset: parts.data.offset) }
    var budget = WorkBudget(bytes)
    for index in 0..<(try bytes.tagCount(parts.tags)) {
      try bytes.validate(bytes.tag(index, of: parts.tags), depth: 3, &budget)
    }
    try bytes.validate(parts.data, depth: 1, &budget)
  }
}

extension DocumentBytes {
  /// The value at an offset, which must be an object or array.
  func container(_ offset: Int) throws(Lite3Error) -> StoredValue {
    let value = try self.value(offset)
    guard value.kind == .object || value.kind == .array else { throw Lite3Error(.corrupt, offset: offset) }
    return value
  }
}
