internal import CommandSupport
internal import Documents
internal import HTTPClient
internal import JSON
internal import RemotePools

/// Asks a node over HTTP.
struct NodeClient {
  /// The most bytes of an answer that is no stream.
  private static let answerLimit = 1 << 20

  private let address: NodeAddress
  private let client: HTTPClient

  init(_ address: NodeAddress) throws(CommandError) {
    self.address = address
    do throws(HTTPFailure) {
      client = try HTTPClient()
    } catch {
      throw .failed(Failure(error, address: address.origin))
    }
  }

  /// Sends a statement, or several, and collects the answer, whose status is 200.
  func collect(_ path: String, _ body: [UInt8]) throws(CommandError) -> [UInt8] {
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try client.collect(request(path, body), limit: Self.answerLimit)
    } catch {
      var failure = failure(error)
      if error.wasSent { failure.hint = "Whether the node did it is not known: look before doing it again." }
      throw .failed(failure)
    }
    guard response.head.status == 200 else { throw .failed(refusal(response.head.status, response.body)) }
    return response.body
  }

  /// Sends a statement, and passes each line of the answer on as it comes; `pieceEnded` is called when no more is there for now.
  func stream(
    _ path: String, _ body: [UInt8], line: (RawSpan) throws(CommandError) -> Void,
    pieceEnded: () throws(CommandError) -> Void
  ) throws(CommandError) {
    var reader = StreamReader()
    let head: HTTPHead
    do throws(HTTPFailure) {
      head = try client.perform(
        request(path, body),
        head: { head in
          reader.isRefused = head.status != 200
          return true
        },
        body: { piece in reader.take(piece, line, pieceEnded) })
    } catch {
      if let problem = reader.problem { throw problem }
      throw .failed(failure(error))
    }
    if let problem = reader.problem { throw problem }
    guard head.status == 200 else { throw .failed(refusal(head.status, reader.refusal)) }
    if reader.isWithinLine { throw .failed(brokenOff) }
  }

  /// The answer ended before it was whole.
  var brokenOff: Failure {
    Failure(
      .io, "the node's answer broke off", hint: "Try again, and look into the node's log.", address: address.origin)
  }

  /// The answer is not what nodes say.
  var unexpected: Failure {
    Failure(
      .io, "the answer is none of a node's", hint: "Check --api-addr, and api.addr in the configuration.",
      address: address.origin)
  }

  // MARK: Requests

  private func request(_ path: String, _ body: [UInt8]) -> HTTPRequest {
    var request = HTTPRequest("POST", address.origin + path)
    request.headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
    if let token = address.token { request.headers.append(("Authorization", "Bearer \(token)")) }
    request.body = body
    // A statement may take its time; --timeout is the node's to keep.
    request.timeout = nil
    request.idleTimeout = .max
    return request
  }

  // MARK: Failures

  private func failure(_ error: HTTPFailure) -> Failure {
    var failure = Failure(error, address: address.origin)
    if error.kind == .connection, !error.wasSent {
      failure.kind = .notFound
      failure.message = "no node answers at the address"
      failure.hint = "Start one with `weir agent`, or name its address with --api-addr."
    }
    return failure
  }

  /// What a status other than 200 means: the node's own words, if it has any.
  private func refusal(_ status: Int, _ body: [UInt8]) -> Failure {
    if let words = NodeText.error(in: body) { return saidByNode(words, status: status) }
    switch status {
    case 401:
      return Failure(
        .permission, "the node wants another token",
        hint: "Put it into api.authz of the configuration, or into \(NodeAddress.tokenVariable).",
        address: address.origin)
    case 421: return Failure(.usage, "the node has another name", address: address.origin)
    case 503: return Failure(.busy, "the node is busy", hint: "Try again.", address: address.origin)
    default:
      var failure = unexpected
      failure.causes = ["it has the status \(status)"]
      return failure
    }
  }

  /// What a node says is wrong with a statement.
  func saidByNode(_ words: String, status: Int = 400) -> Failure {
    Failure(status == 503 ? .busy : .usage, words, hint: "The node said so.", address: address.origin)
  }
}

/// Reads the body of one answer: lines, or, where the status is another one, what the node says about it.
private struct StreamReader: ~Copyable {
  private static let refusalLimit = 64 << 10

  var isRefused = false
  private(set) var refusal: [UInt8] = []
  private(set) var problem: CommandError?
  private var cutter = LineCutter(limit: JSONLimits.textBytes)

  var isWithinLine: Bool { cutter.isWithinLine }

  mutating func take(
    _ piece: RawSpan, _ line: (RawSpan) throws(CommandError) -> Void, _ pieceEnded: () throws(CommandError) -> Void
  ) -> Bool {
    guard !isRefused else { return keep(piece) }
    var found: CommandError?
    let step = cutter.take(piece) { bytes in
      do throws(CommandError) { try line(bytes) } catch { found = error }
      return found == nil
    }
    if case .tooLong = step { found = .failed(Failure(.io, "a row is larger than \(JSONLimits.textBytes) bytes")) }
    if found == nil { do throws(CommandError) { try pieceEnded() } catch { found = error } }
    problem = found
    return found == nil
  }

  private mutating func keep(_ piece: RawSpan) -> Bool {
    piece.withUnsafeBytes { refusal.append(contentsOf: $0.prefix(Self.refusalLimit - refusal.count)) }
    return true
  }
}
