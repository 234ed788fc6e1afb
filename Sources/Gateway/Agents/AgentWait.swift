internal import Documents
internal import HTTP
internal import MCP
internal import Platform
internal import Reactor

/// A call of an agent that waits for messages, and whoever is to hear of it. Loop only, but for `attempt`.
///
/// Without a session the answer is one JSON text on the connection that asked. With one, and a client that reads event streams,
/// it is an event; if that connection breaks, the answer is kept, and the client fetches it with `last-event-id`.
final class AgentWait: @unchecked Sendable {
  /// Where an answer goes that a session keeps.
  struct Stream: Sendable {
    let session: [UInt8]
    let number: UInt64
  }

  let stream: Stream?
  private let wait: MCPWait
  /// Who is connected and waits for it.
  private(set) var call: Call?
  /// Whether a worker looks just now.
  var isBusy = false

  init(_ wait: MCPWait, _ call: Call, _ stream: Stream?) {
    self.wait = wait
    self.call = call
    self.stream = stream
  }

  /// Whether anybody will ever hear the answer.
  var isWanted: Bool { call != nil || stream != nil }

  /// The answer, if there is one now. One worker at a time.
  func attempt() -> [UInt8]? { wait.attempt(now: Clock.monotonic()) }

  /// The answer of a server that ends.
  func giveUp() -> [UInt8] { wait.giveUp() }

  /// The connection is gone.
  func lose(_ exchange: Exchange) { if call?.exchange === exchange { call = nil } }

  /// Somebody came back for the answer.
  func attach(_ call: Call) {
    let earlier = self.call
    self.call = call
    // Whoever comes back need not have noticed that the first connection stands.
    earlier?.exchange.finish()
  }

  /// Answers whoever is connected.
  func answer(_ text: [UInt8]) {
    guard let call else { return }
    self.call = nil
    guard let stream else { return call.answerAgent(text) }
    call.write(event: AgentEvent.text(stream.number, 1, text))
    call.exchange.finish()
  }
}

/// Tells a wait that its connection is gone.
final class AgentObserver: ExchangeObserver, @unchecked Sendable {
  private let wait: AgentWait
  private let exchange: Exchange

  init(_ wait: AgentWait, _ exchange: Exchange) {
    self.wait = wait
    self.exchange = exchange
  }

  override func ended() { wait.lose(exchange) }
}

/// Events of an agent's stream. Their ids are `STREAM-0`, which says that the stream has begun, and `STREAM-1`, the answer.
enum AgentEvent {
  static func text(_ stream: UInt64, _ place: Int, _ data: [UInt8]) -> [UInt8] {
    Array("id: \(stream)-\(place)\ndata: ".utf8) + data + [0x0a, 0x0a]
  }

  /// The stream that an id is of; nil for what is no id of ours.
  static func stream(of id: ArraySlice<UInt8>) -> UInt64? {
    guard let hyphen = id.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    return UInt64(decimal: id[..<hyphen])
  }
}
