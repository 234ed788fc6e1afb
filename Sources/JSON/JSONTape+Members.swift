extension JSONTape {
  /// The index of the value of the last member with this name, compared byte by byte; nil if the value at `index` is no object
  /// or has no such member.
  public func member(_ name: StaticString, of index: Int) -> Int? {
    var found: Int?
    forEachMember(of: index) { key, value in
      let isSame = string(at: key).withUnsafeBytes { bytes in name.withUTF8Buffer { $0.elementsEqual(bytes) } }
      if isSame { found = value }
    }
    return found
  }

  /// Passes the indices of each member's name and value on, in the order of the text; nothing if `index` is no object.
  public func forEachMember(of index: Int, _ body: (_ key: Int, _ value: Int) -> Void) {
    guard kind(at: index) == .object else { return }
    var key = index + 1
    let end = next(after: index) - 1
    while key < end {
      body(key, key + 1)
      key = next(after: key + 1)
    }
  }

  /// Passes the index of each element on; nothing if `index` is no array.
  public func forEachElement(of index: Int, _ body: (_ element: Int) -> Void) {
    guard kind(at: index) == .array else { return }
    var element = index + 1
    let end = next(after: index) - 1
    while element < end {
      body(element)
      element = next(after: element)
    }
  }

  /// The string at `index`; nil if it is something else.
  public func text(at index: Int) -> String? {
    guard kind(at: index) == .string else { return nil }
    return string(at: index).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The whole number from 0 to 2^64 - 1 at `index`; nil if it is something else.
  public func unsigned(at index: Int) -> UInt64? {
    switch kind(at: index) {
    case .unsigned: words[index + 1]
    case .signed: Int64(bitPattern: words[index + 1]) < 0 ? nil : words[index + 1]
    default: nil
    }
  }

  /// The whole number from -2^63 to 2^63 - 1 at `index`; nil if it is something else.
  public func signed(at index: Int) -> Int64? {
    kind(at: index) == .signed ? Int64(bitPattern: words[index + 1]) : nil
  }

  /// The truth value at `index`; nil if it is something else.
  public func bool(at index: Int) -> Bool? {
    switch kind(at: index) {
    case .true: true
    case .false: false
    default: nil
    }
  }

  /// The number at `index`, as near as a double comes to it; nil if it is something else.
  public func double(at index: Int) -> Double? {
    switch kind(at: index) {
    case .double: Double(bitPattern: words[index + 1])
    case .signed: Double(Int64(bitPattern: words[index + 1]))
    case .unsigned: Double(words[index + 1])
    default: nil
    }
  }
}
