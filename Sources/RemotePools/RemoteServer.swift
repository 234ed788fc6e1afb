package import Documents
package import HTTPClient
internal import JSON

/// A server that is asked one thing after the other. One thread at a time, but for `cancel`.
package final class RemoteServer: @unchecked Sendable {
  /// Where it is.
  package let address: ServerAddress
  private let client: HTTPClient
  private let authorization: String?
  private var parser = JSONParser()

  /// - Throws: Usage for settings that cannot be, Io where there is no libcurl.
  package init(_ address: ServerAddress, _ settings: RemoteSettings) throws(Failure) {
    self.address = address
    authorization = try settings.authorization()
    let http = try settings.http(isSecure: address.isSecure)
    do throws(HTTPFailure) {
      client = try HTTPClient(http)
    } catch {
      throw Failure(error, address: address.origin)
    }
  }

  /// Ends what is being asked, and everything later. From any thread.
  package func cancel() { client.cancel() }

  // MARK: Asking

  /// A request for a path of this server, with what every request has.
  func request(_ method: String, _ path: String) -> HTTPRequest {
    var request = HTTPRequest(method, address.origin + path)
    request.headers = [("Accept", "application/json")]
    if let authorization { request.headers.append(("Authorization", authorization)) }
    return request
  }

  /// Asks, and returns what is answered, if all is well.
  ///
  /// - Parameter about: The address that errors name.
  func collect(_ request: HTTPRequest, about: String) throws(Failure) -> [UInt8] {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try client.collect(request, limit: RemoteLimits.lineBytes)
    } catch {
      var failure = Failure(error, address: about)
      if error.wasSent, !request.isRepeatable {
        failure.hint = "Whether the server did what was asked is not known: look before asking again."
      }
      throw failure
    }
    guard response.head.status == 200 || response.head.status == 201 else {
      throw failure(response.head, response.body, about: about)
    }
    return response.body
  }

  /// Asks, and has `body` read the document that is answered; nil says that it is another one.
  func ask<Value>(
    _ request: HTTPRequest, about: String, _ body: (borrowing JSONTape) -> Value?
  ) throws(Failure) -> Value {
    let text = try collect(request, about: about)
    var causes: [String] = []
    do throws(JSONError) {
      if let value = try parser.withTape(of: text, body) { return value }
    } catch {
      causes = [error.message.text]
    }
    throw Self.unexpected(about, causes)
  }

  /// Passes a long answer on as it comes; see `HTTPClient.perform`.
  func follow(
    _ request: HTTPRequest, head: (HTTPHead) -> Bool, body: (RawSpan) -> Bool
  ) throws(HTTPFailure) -> HTTPHead {
    try client.perform(request, head: head, body: body)
  }

  /// What the server says is HTTP and nothing that was asked for.
  static func unexpected(_ about: String, _ causes: [String]) -> Failure {
    Failure(
      .io, "the server's answer is not what was asked for", hint: otherServer, address: about, causes: causes)
  }

  private static let otherServer =
    "Check that the address is that of `weir serve`, or of a server that speaks as it does."

  // MARK: Refusals

  /// What an answer that is none means: its own words if it has any, else its status (reference, section 4.5).
  func failure(_ head: HTTPHead, _ body: [UInt8], about: String) -> Failure {
    let told = try? parser.withTape(of: body) { tape in
      tape.member("error", of: tape.root).flatMap { Failure(told: tape, at: $0, address: about) }
    }
    if var told {
      // The server's own hint is for those who write requests.
      if head.status == 401 { told.hint = Self.showToken }
      return told
    }
    let status = head.status
    if (300..<400).contains(status) {
      return Failure(
        .io, "the server points to another address", hint: "Nothing is sent there unasked: give the address itself.",
        address: about, causes: head.value("location").map { ["it names \($0)"] } ?? [])
    }
    let kind = Self.kind(status: status)
    return Failure(
      kind, "the server answers with status \(status)",
      hint: kind == .permission ? Self.showToken : Self.otherServer,
      address: about)
  }

  private static let showToken = "Show the server a token or access key that it knows, with --token-file."

  static func kind(status: Int) -> Failure.Kind {
    switch status {
    case 400, 413: .usage
    case 401, 403: .permission
    case 404: .notFound
    case 409: .alreadyExists
    case 410: .retentionGap
    case 423: .busy
    case 500...: .internal
    default: .io
    }
  }
}

extension Failure {
  /// What became of a request that has no answer.
  package init(_ failure: HTTPFailure, address: String) {
    let kind: Kind =
      switch failure.kind {
      case .invalid: .usage
      case .tls: .permission
      case .failed: .internal
      case .unavailable, .connection, .timeout, .protocol, .tooLarge, .cancelled: .io
      }
    let isBroken = failure.kind == .connection || failure.kind == .timeout
    self.init(
      kind, isBroken ? "request failed: \(failure.message)" : failure.message,
      hint: failure.hint ?? (kind == .io ? "Try again, and look into the server's log." : nil), address: address,
      causes: failure.detail.map { [$0] } ?? [])
  }

  /// An error as a server told it; nil if it is none.
  init?(told tape: borrowing JSONTape, at index: Int, address: String) {
    guard let name = tape.member("kind", of: index).flatMap({ tape.text(at: $0) }),
      let message = tape.member("message", of: index).flatMap({ tape.text(at: $0) })
    else { return nil }
    let kind = Kind.allCases.first { $0.name.utf8.elementsEqual(name.utf8) } ?? .io
    self.init(
      kind, message, hint: tape.member("hint", of: index).flatMap { tape.text(at: $0) },
      path: tape.member("path", of: index).flatMap { tape.text(at: $0) }, address: address,
      sequence: tape.member("seq", of: index).flatMap { tape.unsigned(at: $0) },
      offset: tape.member("offset", of: index).flatMap { tape.unsigned(at: $0) })
    if let list = tape.member("causes", of: index) {
      var told: [String] = []
      tape.forEachElement(of: list) { if let cause = tape.text(at: $0) { told.append(cause) } }
      causes = told
    }
  }
}
