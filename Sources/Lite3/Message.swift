/// The parts of a message payload (pool format, section 13.1), found and checked by kind.
struct MessageParts {
  /// The root nodes of `meta.tags` and of the data, and where the data's value is.
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

/// The keys of the envelope, with their hashes known beforehand.
enum EnvelopeKey {
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
}

extension DocumentBytes {
  /// The number of tags that the array at `tags` claims.
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

  @inline(__always)
  func find(_ key: EnvelopeKey, in object: Int) throws(Lite3Error) -> StoredValue? {
    try find(UnsafeRawPointer(key.text.utf8Start), count: 4, hash: key.hash, in: object)
  }
}
