package import Documents
internal import HTTPClient
internal import JSON
package import Pools

/// A pool behind `weir serve`, or a server that speaks as it does (reference, section 5). One thread at a time, but for `cancel`.
///
/// Every call is one request, and fails with the server's own error where it tells one: its kind, message and hint, and the
/// reference as the address. A connection that cannot be made, or breaks, is Io; a certificate that is not trusted is Permission.
package final class RemotePool: @unchecked Sendable {
  /// How it was named.
  package let reference: RemoteReference
  let server: RemoteServer
  private var decoder = MessageDecoder()

  /// Connects when it is first asked something.
  ///
  /// - Throws: Usage for settings that cannot be, Io where there is no libcurl.
  package init(_ reference: RemoteReference, _ settings: RemoteSettings) throws(Failure) {
    self.reference = reference
    server = try RemoteServer(reference.server, settings)
  }

  /// Ends what is being asked, and everything later. From any thread.
  package func cancel() { server.cancel() }

  var path: String { "/v0/pools/" + reference.encodedPool }

  // MARK: The whole pool

  /// Makes the pool. AlreadyExists if it is there.
  package func create(size: UInt64) throws(Failure) -> RemoteInfo {
    try describe(post("/v0/pools", "{\"pool\":\(jsonString(reference.pool)),\"size_bytes\":\(size)}"))
  }

  /// Sees that the pool is there and can be read.
  package func open() throws(Failure) -> RemoteInfo {
    var request = post("/v0/pools/open", "{\"pool\":\(jsonString(reference.pool))}")
    request.isRepeatable = true
    return try describe(request)
  }

  /// What it holds now.
  package func info() throws(Failure) -> RemoteInfo { try describe(server.request("GET", path + "/info")) }

  /// Deletes it with all that it holds.
  package func delete() throws(Failure) {
    try server.ask(server.request("DELETE", path), about: reference.text) { tape in
      tape.kind(at: tape.root) == .object ? () : nil
    }
  }

  private func post(_ path: String, _ body: String) -> HTTPRequest {
    var request = server.request("POST", path)
    request.headers.append(("Content-Type", "application/json"))
    request.body = Array(body.utf8)
    return request
  }

  private func describe(_ request: HTTPRequest) throws(Failure) -> RemoteInfo {
    try server.ask(request, about: reference.text) { tape in
      tape.member("pool", of: tape.root).flatMap { RemoteInfo(tape, at: $0) }
    }
  }

  // MARK: Messages

  /// What the server gave a message.
  package struct Receipt: Sendable {
    package var sequence: UInt64
    /// Nanoseconds since 1970-01-01 UTC, by the server's clock.
    package var time: UInt64
  }

  /// Appends a document that is a message.
  ///
  /// It is sent once: a connection that breaks before the answer leaves it unknown whether the message is stored, and the error
  /// says so.
  package func append(document: RawSpan, durability: Durability) throws(Failure) -> Receipt {
    var request = server.request("POST", path + "/append_lite3?durability=\(Self.name(durability))")
    request.headers.append(("Content-Type", "application/x-plasmite-lite3"))
    request.body = document.withUnsafeBytes { Array($0) }
    return try append(request)
  }

  /// Appends a message made of a JSON object and tags; like `append(document:durability:)`.
  package func append(json data: RawSpan, tags: [String], durability: Durability) throws(Failure) -> Receipt {
    var text = ByteWriter(capacity: data.byteCount + 64)
    text.append("{\"data\":")
    text.append(data)
    text.append(",\"tags\":[")
    for (index, tag) in tags.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text.appendQuoted(tag)
    }
    text.append("],\"durability\":")
    text.appendQuoted(Self.name(durability))
    text.append(UInt8(ascii: "}"))
    var request = server.request("POST", path + "/append")
    request.headers.append(("Content-Type", "application/json"))
    request.body = text.withUnsafeBytes { Array($0) }
    return try append(request)
  }

  private func append(_ request: HTTPRequest) throws(Failure) -> Receipt {
    try server.ask(request, about: reference.text) { tape in
      guard let message = tape.member("message", of: tape.root),
        let sequence = tape.member("seq", of: message).flatMap({ tape.unsigned(at: $0) }),
        let time = tape.member("time", of: message), tape.kind(at: time) == .string,
        let nanoseconds = try? Timestamp.nanoseconds(tape.string(at: time))
      else { return nil }
      return Receipt(sequence: sequence, time: nanoseconds)
    }
  }

  private static func name(_ durability: Durability) -> String { durability == .flush ? "flush" : "fast" }

  /// Passes one message to `body`: its document, sequence and time.
  ///
  /// - Throws: NotFound if it is not retained.
  package func withMessage<Value>(
    _ sequence: UInt64, _ body: (_ document: RawSpan, _ sequence: UInt64, _ time: UInt64) -> Value
  ) throws(Failure) -> Value {
    let request = server.request("GET", path + "/messages/\(sequence)")
    let text = try server.collect(request, about: reference.text)
    switch decoder.decode(text.span.bytes, isWrapped: true, address: reference.text) {
    case .message(let sequence, let time): return decoder.withDocument { body($0, sequence, time) }
    case .failure(let failure): throw failure
    case .nonsense(let reason): throw RemoteServer.unexpected(reference.text, [reason])
    }
  }
}

extension RemoteServer {
  /// All pools of the server that one may see, sorted by name; those that cannot be read too.
  package func list() throws(Failure) -> [RemoteListing] {
    try ask(request("GET", "/v0/pools"), about: address.origin) { tape in
      guard let pools = tape.member("pools", of: tape.root), tape.kind(at: pools) == .array else { return nil }
      var rows: [RemoteListing] = []
      var isWhole = true
      tape.forEachElement(of: pools) { index in
        guard let info = RemoteInfo(tape, at: index) else { return isWhole = false }
        rows.append(RemoteListing(name: info.name, path: info.path, outcome: .success(info)))
      }
      if let errors = tape.member("errors", of: tape.root) {
        tape.forEachElement(of: errors) { index in
          guard let row = failedRow(tape, index) else { return isWhole = false }
          rows.append(row)
        }
      }
      rows.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      return isWhole ? rows : nil
    }
  }

  private func failedRow(_ tape: borrowing JSONTape, _ index: Int) -> RemoteListing? {
    guard let name = tape.member("name", of: index).flatMap({ tape.text(at: $0) }),
      let error = tape.member("error", of: index),
      let failure = Failure(told: tape, at: error, address: address.origin)
    else { return nil }
    let path = tape.member("path", of: index).flatMap { tape.text(at: $0) } ?? ""
    return RemoteListing(name: name, path: path, outcome: .failure(failure))
  }
}
