import JSON

/// Turns JSON into Lite3 documents, one after the other, in memory it keeps.
///
/// The bytes are those upstream writes: members in ascending order of their keys' UTF-8 bytes, the last of several
/// members with the same key, trees built by insertion. Once the encoder has seen its largest document it allocates
/// nothing. After an error `bytes` is empty and the encoder can go on.
public struct Lite3Encoder: ~Copyable {
  var parser = JSONParser()
  var tree = TreeWriter()
  var members = MemberStack()
  var orders = OrderMemory()
  /// Members in use, from the bottom of the stack.
  var memberCount = 0
  /// Whether an integer zero was met: the parser does not tell `-0` from `0`.
  var metIntegerZero = false
  /// A message without tags up to the end of the empty data node: the same bytes every time.
  private var blankMessage = ByteWriter(capacity: 512)
  private var blankMessageData = 0
  private var blankMessageGeneration: UInt32 = 0

  /// Makes an encoder.
  public init() {}

  /// The document of the last successful call; its memory is 16-aligned.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = RawSpan(_unsafeStart: UnsafeRawPointer(tree.memory.base), byteCount: tree.memory.end)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  /// Calls `body` with the document of the last successful call.
  public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: tree.memory.base, count: tree.memory.end))
  }

  /// Encodes one JSON object or array as a document of its own.
  ///
  /// - Parameters:
  ///   - text: one JSON value.
  ///   - readableBeyond: how many bytes behind the text may be read; `JSONParser.padding` or more saves a copy.
  public mutating func encode(_ text: RawSpan, readableBeyond: Int = 0) throws(Lite3Error) {
    try encode(text, readableBeyond, tags: nil)
  }

  /// Encodes a message: `{"meta":{"tags":[…]},"data":…}` around one JSON object.
  ///
  /// - Parameters:
  ///   - data: one JSON object.
  ///   - readableBeyond: how many bytes behind the text may be read; `JSONParser.padding` or more saves a copy.
  ///   - tags: stored in this order.
  public mutating func encodeMessage(
    data: RawSpan, readableBeyond: Int = 0, tags: [String] = []
  ) throws(Lite3Error) {
    try encode(data, readableBeyond, tags: tags)
  }

  /// Encodes a message out of a larger text, such as a request that names its data and its tags.
  ///
  /// - Parameters:
  ///   - text: one JSON value.
  ///   - readableBeyond: how many bytes behind the text may be read; `JSONParser.padding` or more saves a copy.
  ///   - find: is given the parsed text and says where in it the data is, and what tags the message gets; nil for none.
  /// - Returns: False, with nothing encoded, when `find` gave nil.
  public mutating func encodeMessage(
    within text: RawSpan, readableBeyond: Int = 0, _ find: (borrowing JSONTape) -> (data: Int, tags: [String])?
  ) throws(Lite3Error) -> Bool {
    memberCount = 0
    metIntegerZero = false
    do throws(Lite3Error) {
      let place: (data: Int, tags: [String])?
      let tape: TapeMemory
      do throws(JSONError) {
        let parsed = try parser.parse(text, readableBeyond: readableBeyond)
        place = find(parsed)
        tape = TapeMemory(parsed)
      } catch {
        throw Lite3Error(error)
      }
      guard let place else {
        tree.memory.removeAll()
        return false
      }
      try encode(tape: tape, at: place.data, place.tags)
      // Rewriting leaves every value where it is on the tape.
      if metIntegerZero, JSONNumberRewriter.mayHoldNegativeZero(text) {
        try encode(tape: parseRewriting(text), at: place.data, place.tags)
      }
      return true
    } catch {
      tree.memory.removeAll()
      members.shrink()
      throw error
    }
  }

  /// - Parameter tags: nil for a document that is not a message.
  private mutating func encode(_ text: RawSpan, _ readableBeyond: Int, tags: [String]?) throws(Lite3Error) {
    memberCount = 0
    metIntegerZero = false
    do {
      try encode(tape: parse(text, readableBeyond), tags)
      if metIntegerZero, JSONNumberRewriter.mayHoldNegativeZero(text) {
        try encode(tape: parseRewriting(text), tags)
      }
    } catch {
      tree.memory.removeAll()
      members.shrink()
      throw error
    }
  }

  private mutating func encode(tape: TapeMemory, at start: Int, _ tags: [String]) throws(Lite3Error) {
    guard tape.type(start) == UInt8(ascii: "{") else { throw Lite3Error(.dataMustBeObject) }
    let data = try tags.isEmpty ? beginBlankMessage() : beginMessage(tags: tags)
    try encodeMembers(tape, start, into: data, depth: 2)
    try tree.finish()
  }

  private mutating func encode(tape: TapeMemory, _ tags: [String]?) throws(Lite3Error) {
    if let tags { return try encode(tape: tape, at: 1, tags) }
    if tape.type(1) == UInt8(ascii: "{") {
      let root = tree.begin(.object)
      try encodeMembers(tape, 1, into: root, depth: 1)
    } else if tape.type(1) == UInt8(ascii: "[") {
      let root = tree.begin(.array)
      try encodeElements(tape, 1, into: root, depth: 1)
    } else {
      throw Lite3Error(.dataMustBeObject)
    }
    try tree.finish()
  }

  /// The tape lives in the parser, which nobody touches until the document is done.
  private mutating func parse(_ text: RawSpan, _ readableBeyond: Int) throws(Lite3Error) -> TapeMemory {
    do throws(JSONError) {
      return TapeMemory(try parser.parse(text, readableBeyond: readableBeyond))
    } catch {
      throw Lite3Error(error)
    }
  }

  private mutating func parseRewriting(_ text: RawSpan) throws(Lite3Error) -> TapeMemory {
    do throws(JSONError) {
      return TapeMemory(try parser.parseRewriting(text))
    } catch {
      throw Lite3Error(error)
    }
  }

  /// Starts a message without tags from a copy of the bytes that all of them begin with; returns the node of its data.
  private mutating func beginBlankMessage() throws(Lite3Error) -> Int {
    if blankMessage.isEmpty {
      blankMessageData = try beginMessage(tags: [])
      blankMessageGeneration = tree.generation
      blankMessage.append(UnsafeRawPointer(tree.memory.base), count: tree.memory.end)
    }
    try tree.begin(copying: blankMessage, generation: blankMessageGeneration)
    return blankMessageData
  }

  /// Starts a message; returns the node of its data, which is the last thing in the document.
  private mutating func beginMessage(tags: [String]) throws(Lite3Error) -> Int {
    let root = tree.begin(.object)
    let meta = try tree.insertContainer(.object, key: "meta", into: root)
    let list = try tree.insertContainer(.array, key: "tags", into: meta)
    var cursor = ElementCursor(list)
    for tag in tags { try tree.appendElement(tag, &cursor) }
    try tree.setElements(tags.count, of: list)
    try tree.setElements(1, of: meta)
    let data = try tree.insertContainer(.object, key: "data", into: root)
    try tree.setElements(2, of: root)
    return data
  }
}
