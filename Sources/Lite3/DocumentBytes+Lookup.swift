extension DocumentBytes {
  /// Finds a member by key in the object whose checked root node is at `object`.
  func find(_ key: UnsafeRawPointer, count: Int, hash: UInt32, in object: Int) throws(Lite3Error) -> StoredValue? {
    let width = count + 1 < 64 ? 1 : count + 1 < 16_384 ? 2 : 4
    var attempt: UInt32 = 0
    while attempt < Lite3Limits.probes {
      guard let entry = try find(hash &+ attempt &* attempt, in: object) else { return nil }
      let stored = try self.key(entry)
      // A tag of another width is not how this key would be written.
      if stored.tagWidth == width, isEqual(stored, key, count: count) { return try value(stored.value) }
      attempt += 1
    }
    return nil
  }

  /// Finds an element of the array whose checked root node is at `array`; nil at or behind the claimed count.
  func element(_ index: Int, of array: Int) throws(Lite3Error) -> StoredValue? {
    guard index >= 0, index < elements(array) else { return nil }
    guard let entry = try find(UInt32(truncatingIfNeeded: index), in: array) else {
      throw Lite3Error(.corrupt, offset: array)
    }
    return try value(entry)
  }

  /// Finds the entry with exactly this hash.
  private func find(_ hash: UInt32, in container: Int) throws(Lite3Error) -> Int? {
    var node = container
    for _ in 0...Lite3Limits.treeDepth {
      let keys = self.keys(node)
      var position = 0
      while position < keys, self.hash(node, position) < hash { position &+= 1 }
      if position < keys, self.hash(node, position) == hash { return entry(node, position) }
      if child(node, 0) == 0 { return nil }
      node = child(node, position)
      try checkNode(node)
    }
    throw Lite3Error(.corrupt, offset: node)
  }
}
