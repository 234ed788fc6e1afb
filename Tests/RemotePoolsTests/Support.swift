import Documents
import JSON
import Lite3
import Platform
import RawServer
import RemotePools
import Synchronization

/// The failure that `body` ends with.
func failure<Value>(_ body: () throws -> Value) -> Failure? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? Failure
  }
}

extension RawServer {
  /// A pool of this server.
  func pool(_ name: String = "demo", token: String? = nil) throws -> RemotePool {
    var settings = RemoteSettings()
    settings.token = token
    return try RemotePool(RemoteReference("\(url)/\(name)"), settings)
  }
}

/// A message as a server sends it.
func message(_ sequence: UInt64, _ data: String = "{}", tags: String = "[]") -> String {
  #"{"data":\#(data),"meta":{"tags":\#(tags)},"seq":\#(sequence),"time":"2026-11-21T01:51:38.864746Z"}"#
}

/// A pool-info object of a server.
func info(_ name: String = "demo", oldest: UInt64 = 1, newest: UInt64) -> String {
  let bounds = newest == 0 ? "{}" : #"{"oldest":\#(oldest),"newest":\#(newest)}"#
  return """
    {"bounds":\(bounds),"file_size":1048576,"index_capacity":4096,"index_offset":4096,"index_size_bytes":65536,\
    "metrics":{"age":{"newest_age_ms":241,"newest_time":"2026-11-21T01:51:39.0947106Z","oldest_age_ms":471,\
    "oldest_time":"2026-11-21T01:51:38.864746Z"},"message_count":3,"seq_span":3,"utilization":{"free_bytes":977328,\
    "used_bytes":1616,"used_percent":0.16}},"name":"\(name)","path":"/srv/\(name).plasmite","ring_offset":69632,\
    "ring_size":978944}
    """
}

func envelope(_ kind: String, _ message: String, more: String = "") -> String {
  #"{"error":{"kind":"\#(kind)","message":"\#(message)"\#(more)}}"#
}

/// The data of a document as JSON text.
func text(_ document: RawSpan) -> String {
  var writer = Lite3JSONWriter()
  var output = ByteWriter()
  try? writer.writeData(ofMessage: document, into: &output)
  return output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// What happened on another thread, in order.
final class Log<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])
  func add(_ element: Element) { elements.withLock { $0.append(element) } }
  var all: [Element] { elements.withLock { $0 } }
  var count: Int { all.count }
}

/// Everything that a follower told.
struct Told {
  var sequences: [UInt64] = []
  var texts: [String] = []
  var gaps: [ClosedRange<UInt64>] = []
  var losses: [Failure] = []
  var returns = 0
}

extension RemoteFollower {
  /// Takes until `isDone`, the end, or half a minute is over.
  func take(into told: inout Told, until isDone: (Told) -> Bool) throws {
    let deadline = Deadline.after(nanoseconds: 30_000_000_000)
    while !isDone(told), !deadline.hasPassed {
      var sequences: [UInt64] = []
      var texts: [String] = []
      let batch = try forEach { document, sequence, _ in
        sequences.append(sequence)
        texts.append(text(document))
        return true
      }
      if let gap = batch.gap { told.gaps.append(gap) }
      told.sequences += sequences
      told.texts += texts
      for change in batch.changes {
        switch change {
        case .lost(let failure): told.losses.append(failure)
        case .regained: told.returns += 1
        }
      }
      if batch.caughtUp { wait(until: .earlier(deadline, .after(nanoseconds: 100_000_000))) }
    }
  }

  func take(_ count: Int) throws -> Told {
    var told = Told()
    try take(into: &told) { $0.sequences.count >= count }
    return told
  }

  /// The failure that it ends with.
  func end() -> Failure? {
    var told = Told()
    return failure { try take(into: &told) { _ in false } }
  }
}

extension RawRequest {
  /// A number of the query.
  func query(_ name: String) -> UInt64? {
    guard let question = target.firstIndex(of: "?") else { return nil }
    for pair in target[target.index(after: question)...].split(separator: "&") where pair.hasPrefix(name + "=") {
      return UInt64(pair.dropFirst(name.count + 1))
    }
    return nil
  }
  var isTail: Bool { target.contains("/tail?") }
}
