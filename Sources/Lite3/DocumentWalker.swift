import JSON

/// Writes stored values as JSON text, keys in ascending order at every level, in scratch memory it keeps.
///
/// Writers append entries in ascending order of keys, so sorting an object's entries by offset, which is cheap, puts its
/// keys in order. That is checked key by key while they are written. Where it does not hold, which no known writer causes
/// but the format allows, the walk is given up and the whole value written again with each object's keys sorted first: at
/// most twice the work, however the disorder is nested.
struct DocumentWalker: ~Copyable {
  private var entries = EntryStack()

  /// One walk: the document, what it may still cost, and how it is written.
  private struct Walk<Text: DocumentText> {
    let document: DocumentBytes
    var budget: WorkBudget
    var text: Text
    /// Whether keys are sorted before they are written.
    var isCareful = false
    /// Whether the walk ended because keys were not in the order of their offsets.
    var metDisorder = false
  }

  /// Writes one value; nothing is promised about what was appended to `output` when this throws.
  ///
  /// - Parameter depth: the level of the container that the value belongs to, 0 for a root.
  @inline(__always)
  mutating func write<Text: DocumentText>(
    _ value: StoredValue, of document: DocumentBytes, depth: Int, _ budget: inout WorkBudget, _ text: inout Text,
    _ output: inout ByteWriter
  ) throws(Lite3Error) {
    entries.removeAll()
    var walk = Walk(document: document, budget: budget, text: text)
    let mark = output.count
    do throws(Lite3Error) {
      try write(value, &walk, depth, &output)
    } catch {
      guard walk.metDisorder else { throw error }
      output.truncate(to: mark)
      entries.removeAll()
      walk = Walk(document: document, budget: budget, text: text, isCareful: true)
      try write(value, &walk, depth, &output)
    }
    budget = walk.budget
    text = walk.text
  }

  private mutating func write<Text: DocumentText>(
    _ value: StoredValue, _ walk: inout Walk<Text>, _ depth: Int, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    let document = walk.document
    let isWritable: Bool
    switch value.kind {
    case .string:
      try walk.budget.read(value.count, at: value.offset)
      isWritable = walk.text.string(document.text(value.offset, value.count), &output)
    case .int64:
      walk.text.integer(Int64(bitPattern: document.uncheckedLong(value.offset)), &output)
      return
    case .double:
      isWritable = walk.text.double(Double(bitPattern: document.uncheckedLong(value.offset)), &output)
    case .object:
      guard depth < Lite3Limits.depth else { throw Lite3Error(.corrupt, offset: value.offset) }
      try writeObject(value.offset, &walk, depth + 1, &output)
      return
    case .array:
      guard depth < Lite3Limits.depth else { throw Lite3Error(.corrupt, offset: value.offset) }
      walk.text.beginArray(&output)
      var isEmpty = true
      try writeElements(value.offset, &walk, depth + 1, &output, &isEmpty, steps: 0)
      walk.text.endArray(isEmpty: isEmpty, &output)
      return
    case .bool:
      walk.text.bool(document.uncheckedByte(value.offset) != 0, &output)
      return
    case .null:
      walk.text.null(&output)
      return
    case .bytes:
      try walk.budget.read(value.count, at: value.offset)
      walk.text.base64(document.text(value.offset, value.count), &output)
      return
    }
    if !isWritable { throw Lite3Error(.corrupt, offset: value.offset) }
  }

  /// Writes the elements under a checked node in the order of the tree.
  private mutating func writeElements<Text: DocumentText>(
    _ node: Int, _ walk: inout Walk<Text>, _ depth: Int, _ output: inout ByteWriter, _ isEmpty: inout Bool, steps: Int
  ) throws(Lite3Error) {
    let document = walk.document
    let keys = document.keys(node)
    try walk.budget.visit(keys &+ 1, at: node)
    let isLeaf = document.child(node, 0) == 0
    if !isLeaf, steps == Lite3Limits.treeDepth { throw Lite3Error(.corrupt, offset: node) }
    for index in 0...keys {
      if !isLeaf {
        let child = document.child(node, index)
        try document.checkNode(child)
        try writeElements(child, &walk, depth, &output, &isEmpty, steps: steps + 1)
      }
      if index < keys {
        walk.text.element(isFirst: isEmpty, &output)
        isEmpty = false
        try write(document.value(document.entry(node, index)), &walk, depth, &output)
      }
    }
  }

  private mutating func writeObject<Text: DocumentText>(
    _ node: Int, _ walk: inout Walk<Text>, _ depth: Int, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    let first = entries.count
    try entries.push(under: node, of: walk.document, &walk.budget)
    if walk.isCareful {
      try entries.sortByKey(from: first, of: walk.document, &walk.budget)
    } else {
      entries.sort(from: first, node: node, of: walk.document)
    }
    let last = entries.count
    walk.text.beginObject(&output)
    var index = first
    var previous = StoredKey(start: 0, count: 0, tagWidth: 0)
    while index < last {
      let key = try walk.document.key(entries[index])
      if index > first, walk.document.compare(previous, key) >= 0 {
        walk.metDisorder = true
        throw Lite3Error(.corrupt, offset: entries[index])
      }
      // Sorting by key counted their bytes already.
      if !walk.isCareful { try walk.budget.read(key.count, at: key.start) }
      guard walk.text.key(walk.document.text(key.start, key.count), isFirst: index == first, &output) else {
        throw Lite3Error(.corrupt, offset: key.start)
      }
      try write(walk.document.value(key.value), &walk, depth, &output)
      previous = key
      index &+= 1
    }
    walk.text.endObject(isEmpty: first == last, &output)
    entries.truncate(to: first)
  }
}

extension DocumentBytes {
  /// Bytes that were checked to lie inside.
  @inline(__always)
  func text(_ offset: Int, _ count: Int) -> TextBytes {
    TextBytes(start: base + offset, count: count, readable: self.count &- offset)
  }
}
