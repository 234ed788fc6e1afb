/// The parts of a message payload (pool format, section 13.1), found and checked by kind.
struct MessageParts {
  /// The root node of `meta.tags`.
  let tags: Int
  let data: StoredValue

  init(_ document: DocumentBytes) throws(Lite3Error) {
    try document.checkNode(0)
    guard document.uncheckedByte(0) == Lite3Kind.object.rawValue else { throw Lite3Error(.rootNotObject, offset: 0) }
    guard let meta = try document.find(.meta, in: 0) else { throw Lite3Error(.missingMeta) }
    guard meta.kind == .object else { throw Lite3Error(.metaNotObject, offset: meta.offset) }
    guard let tags = try document.find(.tags, in: meta.offset) else { throw Lite3Error(.missingTags) }
    guard tags.kind == .array else { throw Lite3Error(.tagsNotArray, offset: tags.offset) }
    guard let data = try document.find(.data, in: 0) else { throw Lite3Error(.missingData) }
    self.tags = tags.offset
    self.data = data
  }
}

/// A member that every message has.
enum MessageKey {
  case meta, tags, data

  var text: StaticString {
    switch self {
    case .meta: "meta"
    case .tags: "tags"
    case .data: "data"
    }
  }

  var hash: UInt32 {
    switch self {
    case .meta: 0x7c9a_91cc
    case .tags: 0x7c9e_55d4
    case .data: 0x7c95_915f
    }
  }

  /// Tag, key and NUL: the first six bytes of its entry, first byte lowest.
  var entryStart: UInt64 {
    switch self {
    case .meta: 0x0061_7465_6d14
    case .tags: 0x0073_6761_7414
    case .data: 0x0061_7461_6414
    }
  }
}

extension DocumentBytes {
  /// Finds one of the members that every message has.
  ///
  /// In the usual case it is in the object's first node, and the entry begins with the six bytes of tag, key and NUL.
  @inline(__always)
  func find(_ key: MessageKey, in object: Int) throws(Lite3Error) -> StoredValue? {
    let keys = self.keys(object)
    var index = 0
    while index < keys {
      let entry = self.entry(object, index)
      if hash(object, index) == key.hash, entry &+ 8 <= count,
        uncheckedLong(entry) & 0xffff_ffff_ffff == key.entryStart
      {
        return try value(entry &+ 6)
      }
      index &+= 1
    }
    return try find(UnsafeRawPointer(key.text.utf8Start), count: 4, hash: key.hash, in: object)
  }

  /// The number of tags that the array at `tags` claims.
  @inline(__always)
  func tagCount(_ tags: Int) throws(Lite3Error) -> Int {
    let claimed = elements(tags)
    // Each takes at least six bytes, so an honest count is far below the length.
    guard claimed < count else { throw Lite3Error(.tagsNotStrings, offset: tags) }
    return claimed
  }

  /// One tag of the array at `tags`.
  func tag(_ index: Int, of tags: Int) throws(Lite3Error) -> StoredValue {
    guard let tag = try element(index, of: tags), tag.kind == .string else {
      throw Lite3Error(.tagsNotStrings, offset: tags)
    }
    return tag
  }
}
