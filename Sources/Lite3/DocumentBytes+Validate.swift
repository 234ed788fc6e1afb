import JSON

extension DocumentBytes {
  /// Checks a value and everything below it; `depth` is the level of the container it belongs to, 0 for the root.
  func validate(_ value: StoredValue, depth: Int, _ budget: inout WorkBudget) throws(Lite3Error) {
    switch value.kind {
    case .object, .array:
      guard depth < Lite3Limits.depth else { throw Lite3Error(.corrupt, offset: value.offset) }
      try validateNode(value.offset, value.kind, depth: depth + 1, steps: 0, &budget)
    case .string:
      try validateText(value.offset, value.count, &budget)
    case .double:
      guard Double(bitPattern: uncheckedLong(value.offset)).isFinite else {
        throw Lite3Error(.corrupt, offset: value.offset)
      }
    case .null, .bool, .int64, .bytes:
      break
    }
  }

  private func validateNode(
    _ node: Int, _ kind: Lite3Kind, depth: Int, steps: Int, _ budget: inout WorkBudget
  ) throws(Lite3Error) {
    let keys = self.keys(node)
    try budget.visit(keys &+ 1, at: node)
    let isLeaf = child(node, 0) == 0
    if !isLeaf, steps == Lite3Limits.treeDepth { throw Lite3Error(.corrupt, offset: node) }
    for index in 0...keys {
      if !isLeaf {
        let next = child(node, index)
        try checkNode(next)
        try validateNode(next, kind, depth: depth, steps: steps + 1, &budget)
      }
      if index < keys {
        let entry = self.entry(node, index)
        try validateEntry(entry, kind, depth: depth, &budget)
      }
    }
  }

  private func validateEntry(
    _ entry: Int, _ kind: Lite3Kind, depth: Int, _ budget: inout WorkBudget
  ) throws(Lite3Error) {
    guard kind == .object else { return try validate(value(entry), depth: depth, &budget) }
    let key = try self.key(entry)
    try validateText(key.start, key.count, &budget)
    try validate(value(key.value), depth: depth, &budget)
  }

  private func validateText(_ start: Int, _ count: Int, _ budget: inout WorkBudget) throws(Lite3Error) {
    try budget.read(count, at: start)
    guard UTF8Check.isValid(base + start, count: count) else { throw Lite3Error(.corrupt, offset: start) }
  }
}
