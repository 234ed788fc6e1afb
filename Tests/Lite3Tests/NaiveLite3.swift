/// The insertion rules of the pool format, section 14.5, followed word by word: slow, plain, and independent of the
/// encoder, to compare its bytes with.
struct NaiveLite3 {
  private(set) var buffer: [UInt8] = []

  /// The document of a normalized object or array.
  static func document(_ value: NaiveJSON) -> [UInt8] {
    var lite3 = NaiveLite3()
    switch value {
    case .array(let elements):
      lite3.appendNode(7)
      lite3.insert(elements, into: 0)
    case .object(let members):
      lite3.appendNode(6)
      lite3.insert(members, into: 0)
    default: break
    }
    return lite3.buffer
  }

  /// The message around a normalized object.
  static func message(_ data: NaiveJSON, tags: [String]) -> [UInt8] {
    let meta = NaiveJSON.object([("tags", .array(tags.map { .string($0) }))])
    return document(.object([("meta", meta), ("data", data)]))
  }

  static func hash(_ key: String) -> UInt32 {
    key.utf8.reduce(5381) { $0 &* 33 &+ UInt32($1) }
  }

  private mutating func insert(_ members: [(key: String, value: NaiveJSON)], into container: Int) {
    for member in members {
      var attempt: UInt32 = 0
      bumpGeneration()
      while !insert(Self.hash(member.key) &+ attempt &* attempt, member.key, member.value, into: container) {
        attempt += 1
      }
    }
  }

  private mutating func insert(_ elements: [NaiveJSON], into container: Int) {
    for (index, element) in elements.enumerated() {
      bumpGeneration()
      _ = insert(UInt32(index), nil, element, into: container)
    }
  }

  private mutating func bumpGeneration() {
    set(0, word(0) & 0xff | ((word(0) >> 8) &+ 1) << 8)
  }

  /// False if the hash is in use.
  private mutating func insert(_ hash: UInt32, _ key: String?, _ value: NaiveJSON, into container: Int) -> Bool {
    var node = container
    var parent = -1
    var position = 0
    while true {
      if word(node + 32) & 7 == 7 {
        pad()
        if node == container {
          let copy = buffer.count
          buffer += buffer[container..<container + 96]
          for offset in stride(from: 4, to: 32, by: 4) { set(container + offset, 0) }
          for offset in stride(from: 36, to: 96, by: 4) { set(container + offset, 0) }
          set(container + 32, word(container + 32) & ~7)
          set(container + 64, UInt32(copy))
          (node, parent, position) = (copy, container, 0)
        }
        let right = buffer.count
        appendNode(buffer[container])
        let count = Int(word(parent + 32) & 7)
        for slot in stride(from: count, to: position, by: -1) {
          set(parent + 4 + slot * 4, word(parent + slot * 4))
          set(parent + 36 + slot * 4, word(parent + 32 + slot * 4))
          set(parent + 68 + slot * 4, word(parent + 64 + slot * 4))
        }
        set(parent + 4 + position * 4, word(node + 16))
        set(parent + 36 + position * 4, word(node + 48))
        set(parent + 68 + position * 4, UInt32(right))
        set(parent + 32, word(parent + 32) + 1)
        for slot in 0..<3 {
          set(right + 4 + slot * 4, word(node + 20 + slot * 4))
          set(right + 36 + slot * 4, word(node + 52 + slot * 4))
        }
        for slot in 0..<4 { set(right + 64 + slot * 4, word(node + 80 + slot * 4)) }
        for offset in stride(from: 16, to: 32, by: 4) { set(node + offset, 0) }
        for offset in stride(from: 48, to: 64, by: 4) { set(node + offset, 0) }
        for offset in stride(from: 80, to: 96, by: 4) { set(node + offset, 0) }
        set(node + 32, 3)
        set(right + 32, 3)
        let separator = word(parent + 4 + position * 4)
        if hash == separator { return false }
        if hash > separator { (node, position) = (right, position + 1) }
      }
      let count = Int(word(node + 32) & 7)
      let slot = (0..<count).count { word(node + 4 + $0 * 4) < hash }
      if slot < count, word(node + 4 + slot * 4) == hash { return false }
      let child = Int(word(node + 64 + slot * 4))
      if child != 0 {
        (parent, position, node) = (node, slot, child)
        continue
      }
      for index in stride(from: count, to: slot, by: -1) {
        set(node + 4 + index * 4, word(node + index * 4))
        set(node + 36 + index * 4, word(node + 32 + index * 4))
      }
      set(node + 4 + slot * 4, hash)
      set(node + 32, word(node + 32) + 1)
      set(container + 32, word(container + 32) + 64)
      appendEntry(key, value) { $0.set(node + 36 + slot * 4, UInt32($0.buffer.count)) }
      return true
    }
  }

  private mutating func appendEntry(_ key: String?, _ value: NaiveJSON, _ place: (inout NaiveLite3) -> Void) {
    let size = (key?.utf8.count ?? 0) + 1
    let width = key == nil ? 0 : size < 64 ? 1 : size < 16_384 ? 2 : 4
    let head = key == nil ? 0 : width + size
    if Self.valueSize(value) == 95 {
      while (buffer.count + head) % 4 != 0 { buffer.append(0) }
    }
    place(&self)
    if let key {
      let tag = size << 2 | (width - 1)
      for index in 0..<width { buffer.append(UInt8(tag >> (index * 8) & 0xff)) }
      buffer += Array(key.utf8) + [0]
    }
    append(value)
  }

  private static func valueSize(_ value: NaiveJSON) -> Int {
    switch value {
    case .null: 0
    case .bool: 1
    case .integer, .double: 8
    case .string(let text): 4 + text.utf8.count + 1
    case .array, .object: 95
    }
  }

  private mutating func append(_ value: NaiveJSON) {
    switch value {
    case .null: buffer.append(0)
    case .bool(let flag): buffer += [1, flag ? 1 : 0]
    case .integer(let literal): append(2, UInt64(bitPattern: Int64(literal) ?? 0), bytes: 8)
    case .double(let number): append(3, number.bitPattern, bytes: 8)
    case .string(let text):
      append(5, UInt64(text.utf8.count + 1), bytes: 4)
      buffer += Array(text.utf8) + [0]
    case .array(let elements):
      let node = buffer.count
      appendNode(7)
      insert(elements, into: node)
    case .object(let members):
      let node = buffer.count
      appendNode(6)
      insert(members, into: node)
    }
  }

  private mutating func append(_ type: UInt8, _ value: UInt64, bytes: Int) {
    buffer.append(type)
    for index in 0..<bytes { buffer.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
  }

  private mutating func appendNode(_ type: UInt8) {
    buffer += [type] + [UInt8](repeating: 0, count: 95)
  }

  private mutating func pad() {
    while buffer.count % 4 != 0 { buffer.append(0) }
  }

  private func word(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(buffer[offset + $1]) << UInt32($1 * 8) }
  }

  private mutating func set(_ offset: Int, _ value: UInt32) {
    for index in 0..<4 { buffer[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8)) }
  }
}
