/// Goes through the members of an object or the elements of an array.
///
///     var members = value.members()
///     while let member = try members.next() { … member.key, member.value … }
///
/// What it may look at is bounded by the length of the document, however the bytes are linked.
public struct Lite3Cursor: ~Escapable {
  private let document: DocumentBytes
  private let isObject: Bool
  private var budget: WorkBudget
  /// The nodes from the root of the container down to the one being read.
  private var nodes: SIMD16<UInt32> = .zero
  /// For each of them, twice the index of the key that comes next, plus one once the child before that key was read.
  private var progress: SIMD16<UInt8> = .zero
  private var depth: Int
  /// Entries in ascending order of keys, if that order was asked for.
  private let sorted: [UInt32]?
  private var sortedIndex = 0

  /// The caller narrows the lifetime to that of the bytes.
  @_lifetime(immortal)
  init(_ document: DocumentBytes, _ container: StoredValue, sorted: [UInt32]? = nil) {
    self.document = document
    isObject = container.kind == .object
    budget = WorkBudget(document)
    self.sorted = sorted
    let isContainer = container.kind == .object || container.kind == .array
    depth = isContainer && sorted == nil ? 1 : 0
    nodes[0] = UInt32(truncatingIfNeeded: container.offset)
  }

  /// The next member or element; nil behind the last, and at once for values that are not containers.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() throws(Lite3Error) -> Lite3Member? {
    guard let entry = try nextEntry() else { return nil }
    var key = StoredKey(start: 0, count: 0, tagWidth: 0)
    var value = entry
    if isObject {
      key = try document.key(entry)
      value = key.value
    }
    return _overrideLifetime(Lite3Member(document, key, try document.value(value)), copying: self)
  }

  @_lifetime(self: copy self)
  private mutating func nextEntry() throws(Lite3Error) -> Int? {
    if let sorted {
      guard sortedIndex < sorted.count else { return nil }
      sortedIndex += 1
      return Int(sorted[sortedIndex - 1])
    }
    while depth > 0 {
      let node = Int(nodes[depth - 1])
      let isLeaf = document.child(node, 0) == 0
      let state = progress[depth - 1]
      let index = Int(state >> 1)
      if state == 0 { try budget.visit(at: node) }
      if !isLeaf, state & 1 == 0 {
        progress[depth - 1] = state | 1
        try descend(to: document.child(node, index))
      } else if index < document.keys(node) {
        progress[depth - 1] = UInt8(truncatingIfNeeded: index + 1) << 1
        try budget.visit(at: node)
        return document.entry(node, index)
      } else {
        depth -= 1
      }
    }
    return nil
  }

  @_lifetime(self: copy self)
  private mutating func descend(to child: Int) throws(Lite3Error) {
    guard depth <= Lite3Limits.treeDepth else { throw Lite3Error(.corrupt, offset: child) }
    try document.checkNode(child)
    nodes[depth] = UInt32(truncatingIfNeeded: child)
    progress[depth] = 0
    depth += 1
  }
}

/// One member of an object, or one element of an array.
public struct Lite3Member: ~Escapable {
  private let document: DocumentBytes
  private let storedKey: StoredKey
  private let storedValue: StoredValue

  @_lifetime(immortal)
  init(_ document: DocumentBytes, _ key: StoredKey, _ value: StoredValue) {
    self.document = document
    storedKey = key
    storedValue = value
  }

  /// The bytes of the key, not checked to be UTF-8; empty for an element.
  public var key: RawSpan {
    @_lifetime(copy self)
    get {
      let span = RawSpan(_unsafeStart: document.base + storedKey.start, byteCount: storedKey.count)
      return _overrideLifetime(span, copying: self)
    }
  }

  /// The value.
  public var value: Lite3Value {
    @_lifetime(copy self)
    get { _overrideLifetime(Lite3Value(document, storedValue), copying: self) }
  }
}
