import HTTPClient
import Platform
import RawServer
import Synchronization

/// The failure that `body` ends with.
func failure<Value>(_ body: () throws -> Value) -> HTTPFailure? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? HTTPFailure
  }
}

extension HTTPClient {
  /// Asks, and collects at most 1 MiB.
  func get(_ url: String, _ change: (inout HTTPRequest) -> Void = { _ in }) throws -> HTTPResponse {
    try ask("GET", url, change)
  }

  func post(_ url: String, _ body: String, _ change: (inout HTTPRequest) -> Void = { _ in }) throws -> HTTPResponse {
    try ask("POST", url) {
      $0.body = Array(body.utf8)
      change(&$0)
    }
  }

  private func ask(_ method: String, _ url: String, _ change: (inout HTTPRequest) -> Void) throws -> HTTPResponse {
    var request = HTTPRequest(method, url)
    change(&request)
    return try collect(request, limit: 1 << 20)
  }
}

extension HTTPResponse {
  var text: String { String(decoding: body, as: UTF8.self) }
}

/// What happened on another thread, in order.
final class Log<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])
  func add(_ element: Element) { elements.withLock { $0.append(element) } }
  var all: [Element] { elements.withLock { $0 } }
}

let milliseconds: Int64 = 1_000_000
