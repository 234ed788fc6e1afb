internal import HTTP
internal import JSON
internal import Platform

/// What the server counts. Any thread.
final class Metrics: @unchecked Sendable {
  /// A moment's numbers, and what the loop knows beside them.
  struct Snapshot: Sendable {
    var counts: Counts
    var tails: Int
    var version: String
    var started: UInt64
  }

  struct Counts: Sendable {
    /// By the first digit of the status; 0 for requests that were given up.
    var requests = [UInt64](repeating: 0, count: 6)
    /// Requests whose answer took at most `Metrics.bounds` of the same place, and at the end all others.
    var durations = [UInt64](repeating: 0, count: Metrics.bounds.count + 1)
    /// Nanoseconds of all answers together.
    var time: UInt64 = 0
  }

  /// Upper bounds of the duration histogram, in microseconds.
  static let bounds: [UInt64] = [100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000, 10_000_000]

  private let lock: Lock
  @exclusivity(unchecked) private var counts = Counts()
  private let started = Clock.wall()

  init() throws(SystemError) { lock = try Lock() }

  func count(_ method: Method, _ status: UInt16, _ nanoseconds: Int64) {
    let microseconds = UInt64(max(0, nanoseconds)) / 1000
    var place = 0
    while place < Self.bounds.count, microseconds > Self.bounds[place] { place += 1 }
    lock.lock()
    counts.requests[min(5, Int(status / 100))] += 1
    counts.durations[place] += 1
    counts.time &+= UInt64(max(0, nanoseconds))
    lock.unlock()
  }

  func now(tails: Int, version: String) -> Snapshot {
    lock.lock()
    defer { lock.unlock() }
    return Snapshot(counts: counts, tails: tails, version: version, started: started)
  }
}

/// Writes the text format of Prometheus, version 0.0.4.
struct MetricsText: ~Copyable {
  private var text: ByteWriter

  init(_ text: consuming ByteWriter) { self.text = text }

  consuming func finish() -> ByteWriter { text }

  mutating func begin(_ name: StaticString, _ type: StaticString, _ help: StaticString) {
    for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"] as [StaticString] { text.append(part) }
  }

  mutating func sample(
    _ name: StaticString, _ label: StaticString? = nil, _ value: String = "", _ number: UInt64
  ) {
    beginSample(name, label, value)
    text.appendDecimal(number)
    text.append("\n")
  }

  /// A sample in seconds, of nanoseconds.
  mutating func sample(
    _ name: StaticString, _ label: StaticString? = nil, _ value: String = "", seconds nanoseconds: UInt64
  ) {
    beginSample(name, label, value)
    _ = text.appendDecimal(Double(nanoseconds) / 1e9)
    text.append("\n")
  }

  private mutating func beginSample(_ name: StaticString, _ label: StaticString?, _ value: String) {
    text.append(name)
    if let label {
      text.append("{")
      text.append(label)
      text.append("=\"")
      for byte in value.utf8 {
        switch byte {
        case UInt8(ascii: "\\"): text.append("\\\\")
        case UInt8(ascii: "\""): text.append("\\\"")
        case 0x0a: text.append("\\n")
        default: text.append(byte)
        }
      }
      text.append("\"}")
    }
    text.append(" ")
  }

  /// What every server counts.
  mutating func append(_ counts: Metrics.Counts) {
    begin("weir_http_requests_total", "counter", "Requests that were answered, by the class of the status.")
    for (digit, count) in counts.requests.enumerated() {
      sample("weir_http_requests_total", "status", digit == 0 ? "none" : "\(digit)xx", count)
    }
    begin("weir_http_request_duration_seconds", "histogram", "Time from a whole request to the end of its answer.")
    var sum: UInt64 = 0
    for (place, bound) in Metrics.bounds.enumerated() {
      sum += counts.durations[place]
      sample("weir_http_request_duration_seconds_bucket", "le", Metrics.seconds(microseconds: bound), sum)
    }
    sum += counts.durations[Metrics.bounds.count]
    sample("weir_http_request_duration_seconds_bucket", "le", "+Inf", sum)
    sample("weir_http_request_duration_seconds_sum", seconds: counts.time)
    sample("weir_http_request_duration_seconds_count", nil, "", sum)
  }
}

extension Metrics {
  fileprivate static func seconds(microseconds: UInt64) -> String {
    var text = ByteWriter(capacity: 32)
    _ = text.appendDecimal(Double(microseconds) / 1e6)
    return text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
