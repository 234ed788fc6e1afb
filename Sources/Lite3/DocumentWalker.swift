import JSON

/// Writes stored documents as JSON text, keys in ascending order at every level, in scratch memory it keeps.
struct DocumentWalker: ~Copyable {
  /// Entry offsets of the objects being written, outermost first.
  private var entries = EntryStack()

  /// Writes one value; nothing is promised about what was appended to `output` when this throws.
  mutating func write<Layout: JSONLayout>(
    _ value: StoredValue, of document: DocumentBytes, depth: Int, _ budget: inout WorkBudget, _ layout: inout Layout,
    into output: inout ByteWriter
  ) throws(Lite3Error) {
    entries.removeAll()
    var walk = Walk(document: document, budget: budget, layout: layout)
    try writeValue(value, &walk, depth, &output)
    budget = walk.budget
    layout = walk.layout
  }

  private struct Walk<Layout: JSONLayout> {
    let document: DocumentBytes
    var budget: WorkBudget
    var layout: Layout
  }

  /// - Parameter depth: the level of the container that the value belongs to, 0 for the root itself.
  private mutating func writeValue<Layout: JSONLayout>(
    _ value: StoredValue, _ walk: inout Walk<Layout>, _ depth: Int, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    let document = walk.document
    switch value.kind {
    case .string:
      try walk.budget.read(value.count, at: value.offset)
      walk.layout.beginScalar(.string, into: &output)
      guard output.appendQuoted(document.base + value.offset, count: value.count) else {
        throw Lite3Error(.corrupt, offset: value.offset)
      }
      walk.layout.endScalar(into: &output)
    case .int64:
      walk.layout.beginScalar(.number, into: &output)
      output.appendDecimal(Int64(bitPattern: document.uncheckedLong(value.offset)))
      walk.layout.endScalar(into: &output)
    case .double:
      walk.layout.beginScalar(.number, into: &output)
      guard output.appendDecimal(Double(bitPattern: document.uncheckedLong(value.offset))) else {
        throw Lite3Error(.corrupt, offset: value.offset)
      }
      walk.layout.endScalar(into: &output)
    case .object:
      guard depth < Lite3Limits.depth else { throw Lite3Error(.corrupt, offset: value.offset) }
      try writeObject(value.offset, &walk, depth + 1, &output)
    case .array:
      guard depth < Lite3Limits.depth else { throw Lite3Error(.corrupt, offset: value.offset) }
      walk.layout.open(UInt8(ascii: "["), into: &output)
      var isEmpty = true
      try writeElements(value.offset, &walk, depth + 1, &output, &isEmpty, steps: 0)
      walk.layout.close(UInt8(ascii: "]"), isEmpty: isEmpty, into: &output)
    case .bool:
      walk.layout.beginScalar(.boolean, into: &output)
      output.append(document.uncheckedByte(value.offset) != 0 ? "true" : "false")
      walk.layout.endScalar(into: &output)
    case .null:
      walk.layout.beginScalar(.plain, into: &output)
      output.append("null")
      walk.layout.endScalar(into: &output)
    case .bytes:
      try walk.budget.read(value.count, at: value.offset)
      walk.layout.beginScalar(.string, into: &output)
      output.append(UInt8(ascii: "\""))
      output.appendBase64(document.base + value.offset, count: value.count)
      output.append(UInt8(ascii: "\""))
      walk.layout.endScalar(into: &output)
    }
  }

  /// Writes the elements under a checked node in the order of the tree.
  private mutating func writeElements<Layout: JSONLayout>(
    _ node: Int, _ walk: inout Walk<Layout>, _ depth: Int, _ output: inout ByteWriter, _ isEmpty: inout Bool, steps: Int
  ) throws(Lite3Error) {
    let document = walk.document
    try walk.budget.visit(node)
    let keys = document.keys(node)
    let isLeaf = document.child(node, 0) == 0
    if !isLeaf, steps == Lite3Limits.treeDepth { throw Lite3Error(.corrupt, offset: node) }
    for index in 0...keys {
      if !isLeaf {
        let child = document.child(node, index)
        try document.checkNode(child)
        try writeElements(child, &walk, depth, &output, &isEmpty, steps: steps + 1)
      }
      if index < keys {
        let entry = document.entry(node, index)
        try walk.budget.visit(entry)
        walk.layout.separator(isFirst: isEmpty, into: &output)
        isEmpty = false
        try writeValue(document.value(entry), &walk, depth, &output)
      }
    }
  }

  private mutating func writeObject<Layout: JSONLayout>(
    _ node: Int, _ walk: inout Walk<Layout>, _ depth: Int, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    let first = entries.count
    try collectEntries(node, walk.document, &walk.budget, steps: 0)
    let count = entries.count - first
    // Writers append entries in ascending order of keys, so the order of offsets is the order of keys: numbers are
    // compared here, and the keys only once, neighbour by neighbour.
    entries.sort(from: first)
    if try !keysAscend(first, count, walk.document, &walk.budget) {
      entries.truncate(to: first)
      try sortByKey(node, walk.document)
    }
    let last = entries.count
    walk.layout.open(UInt8(ascii: "{"), into: &output)
    var index = first
    while index < last {
      let key = try walk.document.key(entries[index])
      walk.layout.separator(isFirst: index == first, into: &output)
      walk.layout.beginScalar(.key, into: &output)
      guard output.appendQuoted(walk.document.base + key.start, count: key.count) else {
        throw Lite3Error(.corrupt, offset: key.start)
      }
      walk.layout.endScalar(into: &output)
      walk.layout.colon(into: &output)
      try writeValue(walk.document.value(key.value), &walk, depth, &output)
      index &+= 1
    }
    walk.layout.close(UInt8(ascii: "}"), isEmpty: first == last, into: &output)
    entries.truncate(to: first)
  }

  /// Puts the entries under a checked node on the stack in the order of the tree.
  private mutating func collectEntries(
    _ node: Int, _ document: DocumentBytes, _ budget: inout WorkBudget, steps: Int
  ) throws(Lite3Error) {
    try budget.visit(node)
    let keys = document.keys(node)
    let isLeaf = document.child(node, 0) == 0
    if !isLeaf, steps == Lite3Limits.treeDepth { throw Lite3Error(.corrupt, offset: node) }
    for index in 0...keys {
      if !isLeaf {
        let child = document.child(node, index)
        try document.checkNode(child)
        try collectEntries(child, document, &budget, steps: steps + 1)
      }
      if index < keys {
        let entry = document.entry(node, index)
        try budget.visit(entry)
        entries.push(UInt32(truncatingIfNeeded: entry))
      }
    }
  }

  private func keysAscend(
    _ first: Int, _ count: Int, _ document: DocumentBytes, _ budget: inout WorkBudget
  ) throws(Lite3Error) -> Bool {
    guard count > 0 else { return true }
    var ascends = true
    var previous = try document.key(entries[first])
    try budget.read(previous.count, at: previous.start)
    var index = first &+ 1
    while index < first &+ count {
      let key = try document.key(entries[index])
      try budget.read(key.count, at: key.start)
      ascends = ascends && document.compare(previous, key) < 0
      previous = key
      index &+= 1
    }
    return ascends
  }

  /// Collects again, orders by key and keeps the last, in the order of the tree, of equal keys.
  private mutating func sortByKey(_ node: Int, _ document: DocumentBytes) throws(Lite3Error) {
    let first = entries.count
    var budget = WorkBudget(document)
    try collectEntries(node, document, &budget, steps: 0)
    var keyed: [(key: StoredKey, entry: UInt32)] = []
    keyed.reserveCapacity(entries.count - first)
    for index in first..<entries.count {
      keyed.append((try document.key(entries[index]), UInt32(truncatingIfNeeded: entries[index])))
    }
    // A stable sort: equal keys stay in the order of the tree.
    keyed.sort { document.compare($0.key, $1.key) < 0 }
    entries.truncate(to: first)
    for index in keyed.indices {
      if index + 1 < keyed.count, document.compare(keyed[index].key, keyed[index + 1].key) == 0 { continue }
      entries.push(keyed[index].entry)
    }
  }
}
