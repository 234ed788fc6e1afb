internal import Documents
internal import HTTP
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

// Routes about single messages. Workers call these.

extension Call {
  func append(to name: String, _ desk: Desk) {
    guard hasJSONBody() else { return }
    var durability = Durability.fast
    var problem: Failure?
    let body = request.body
    do throws(Lite3Error) {
      _ = try desk.encoder.encodeMessage(within: body.span.bytes) { tape in
        guard tape.kind(at: tape.root) == .object else {
          problem = notAnObject
          return nil
        }
        var tags: [String] = []
        if let index = tape.member("tags", of: tape.root) { problem = read(tape, index, into: &tags) }
        if let index = tape.member("durability", of: tape.root) {
          problem = read(tape, index, into: &durability) ?? problem
        }
        if problem != nil { return nil }
        guard let data = tape.member("data", of: tape.root) else {
          problem = missing("data")
          return nil
        }
        return (data, tags)
      }
    } catch {
      problem = refused(error)
    }
    // A pool that is missing or broken is worth knowing more than a body that is.
    answering { () throws(PoolError) in
      try gateway.pools.use(name) { (pool) throws(PoolError) in
        if let problem { return fail(problem) }
        let time = Clock.wall()
        try desk.encoder.withDocument { (document) throws(PoolError) in
          if durability == .flush { gateway.expectWait() }
          let sequence = try pool.append(document, time: time, durability: durability)
          answerMessage(document, sequence, time, desk)
        }
      }
    }
  }

  func appendDocument(to name: String, _ desk: Desk) {
    if let type = request.headerBytes("content-type"), !type.isEmpty {
      let isDocument = MediaType.document.withUTF8Buffer { type.starts(with: $0) }
      guard isDocument else {
        return fail(
          Failure(
            .usage, "invalid content-type for lite3 append",
            hint: "Send `content-type: application/x-plasmite-lite3`, or leave it out."))
      }
    }
    guard let durability = durabilityOfQuery() else { return }
    let body = request.body
    guard !body.isEmpty else {
      return fail(Failure(.usage, "lite3 payload is required", hint: "Send the encoded message as the body."))
    }
    answering { () throws(PoolError) in
      try gateway.pools.use(name) { (pool) throws(PoolError) in
        let document = body.span.bytes
        do throws(Lite3Error) { try Lite3Document(document).validateMessage() } catch {
          return fail(
            Failure(
              .corrupt, error.message.text, hint: "Send a document with meta.tags and data, as the pool format says.",
              offset: error.offset.map { UInt64($0) }), status: 400)
        }
        let time = Clock.wall()
        if durability == .flush { gateway.expectWait() }
        let sequence = try pool.append(document, time: time, durability: durability)
        answerMessage(document, sequence, time, desk)
      }
    }
  }

  func message(_ sequence: UInt64, of name: String, _ desk: Desk) {
    var fault: Lite3Error?
    answering { () throws(PoolError) in
      try gateway.pools.use(name) { (pool) throws(PoolError) in
        try pool.withMessage(sequence) { frame in
          fault = write(frame.payload, frame.sequence, frame.time, desk)
        }
        if let fault { return fail(MessageText.unreadable(fault, sequence: sequence, path: pool.path)) }
        answer(desk.text)
      }
    }
  }

  func document(_ sequence: UInt64, of name: String, _ desk: Desk) {
    answering { () throws(PoolError) in
      try gateway.pools.use(name) { (pool) throws(PoolError) in
        desk.text.removeAll()
        try pool.withMessage(sequence) { desk.text.append($0.payload) }
        var head = head(200, MediaType.document)
        head.add("plasmite-seq", text: "\(sequence)")
        desk.text.withUnsafeBytes { exchange.respond(head, $0) }
      }
    }
  }

  private func answerMessage(_ document: RawSpan, _ sequence: UInt64, _ time: UInt64, _ desk: Desk) {
    if prefersReceipt { return answerReceipt(sequence, time, desk) }
    if let fault = write(document, sequence, time, desk) {
      return fail(MessageText.unreadable(fault, sequence: sequence, path: ""))
    }
    answer(desk.text)
  }

  /// Whether `prefer` has `return=minimal` (RFC 7240): the client knows what it sent.
  private var prefersReceipt: Bool {
    guard let preferences = request.headerBytes("prefer") else { return false }
    if FieldWord.isSame(preferences, "return=minimal") { return true }
    return preferences.split(separator: UInt8(ascii: ",")).contains { preference in
      let end = preference.firstIndex(of: UInt8(ascii: ";")) ?? preference.endIndex
      let words = preference[..<end].filter { $0 != 0x20 && $0 != 0x09 }
      return FieldWord.isSame(words[...], "return=minimal")
    }
  }

  /// Answers with what the client does not know of its message.
  private func answerReceipt(_ sequence: UInt64, _ time: UInt64, _ desk: Desk) {
    desk.text.removeAll()
    desk.text.append("{\"message\":{\"seq\":")
    desk.text.appendDecimal(sequence)
    desk.text.append(",\"time\":\"")
    desk.text.appendTimestamp(time)
    desk.text.append("\"}}\n")
    var head = jsonHead(200)
    head.add("preference-applied", "return=minimal")
    desk.text.withUnsafeBytes { exchange.respond(head, $0) }
  }

  /// Puts `{"message":…}` into the desk's text.
  private func write(_ payload: RawSpan, _ sequence: UInt64, _ time: UInt64, _ desk: Desk) -> Lite3Error? {
    desk.text.removeAll()
    desk.text.append("{\"message\":")
    do throws(Lite3Error) {
      try desk.writer.writeEnvelope(payload: payload, seq: sequence, time: time, into: &desk.text)
    } catch {
      return error
    }
    desk.text.append("}\n")
    return nil
  }

  // MARK: What is asked for

  private func read(_ tape: borrowing JSONTape, _ index: Int, into tags: inout [String]) -> Failure? {
    guard tape.kind(at: index) != .null else { return nil }
    var isGood = tape.kind(at: index) == .array
    var found: [String] = []
    tape.forEachElement(of: index) { element in
      if let tag = tape.text(at: element) { found.append(tag) } else { isGood = false }
    }
    tags = found
    return isGood ? nil : mistyped("tags", "a list of strings")
  }

  private func read(_ tape: borrowing JSONTape, _ index: Int, into durability: inout Durability) -> Failure? {
    guard tape.kind(at: index) != .null else { return nil }
    guard let text = tape.text(at: index), let found = Durability(name: text) else { return invalidDurability }
    durability = found
    return nil
  }

  /// What the query says; nil when it was answered that it makes no sense.
  private func durabilityOfQuery() -> Durability? {
    var durability = Durability.fast
    for (name, value) in Target.parameters(request.rawQuery) ?? [] where name.utf8.elementsEqual("durability".utf8) {
      guard let found = Durability(name: value) else {
        fail(invalidDurability)
        return nil
      }
      durability = found
    }
    return durability
  }

  private var invalidDurability: Failure {
    Failure(.usage, "invalid durability", hint: "It is \"fast\" or \"flush\".")
  }

  private func refused(_ error: Lite3Error) -> Failure {
    if error.kind == .dataMustBeObject {
      return Failure(
        .usage, error.message.text, hint: "Wrap the value in an object, for example {\"value\": …}.")
    }
    if let error = error.json { return malformed(error) }
    return Failure(
      .usage, error.message.text, hint: "Send one JSON object with data, tags and durability.",
      offset: error.offset.map { UInt64($0) })
  }
}

extension Durability {
  init?(name: String) {
    if name.utf8.elementsEqual("fast".utf8) {
      self = .fast
    } else if name.utf8.elementsEqual("flush".utf8) {
      self = .flush
    } else {
      return nil
    }
  }
}
