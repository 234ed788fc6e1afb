import CAllocations
import Channels
import Platform

/// What one side of a conversation is asked to do, as `KEY=VALUE`; see `ChannelPeers/peer.h`.
struct ChannelJob {
  struct Failure: Error, CustomStringConvertible { let description: String }

  /// A port of 127.0.0.1, "0" being a free one, or the path of a Unix-domain socket.
  private(set) var place = "0"
  /// Messages or round trips that are counted.
  private(set) var count = 1
  /// Bytes of one body.
  private(set) var size = 64
  private(set) var connections = 1
  /// Requests on their way, for each connection.
  private(set) var outstanding = 1

  /// Messages or round trips before those that are counted.
  var warmUp: Int { count / 10 + 1 }
  /// Messages of a stream before those whose allocations are counted: by then the pool has grown to what the traffic needs.
  var settled: Int { max(warmUp, count / 2) }

  init(_ settings: [String]) throws {
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Failure(description: "\(setting): not KEY=VALUE") }
      if parts[0] == "place" {
        place = parts[1]
        continue
      }
      guard let number = Int(parts[1]), (1...1_000_000_000).contains(number) else {
        throw Failure(description: "\(setting): out of range")
      }
      switch parts[0] {
      case "count": count = number
      case "size": size = number
      case "connections": connections = number
      case "outstanding": outstanding = number
      default: throw Failure(description: "\(parts[0]): no such setting")
      }
    }
  }

  var address: ChannelAddress {
    get throws {
      if place.utf8.first == UInt8(ascii: "/") { return .unix(path: place) }
      guard let port = UInt16(place) else { throw Failure(description: "\(place): not a port") }
      return .tcp(host: "127.0.0.1", port: port)
    }
  }

  /// Zeros, as many as a body has.
  var body: [UInt8] { [UInt8](repeating: 0, count: size) }

  static func say(_ line: String) throws {
    try File.standardOutput().write(Array("\(line)\n".utf8))
  }
}

extension ChannelAddress {
  /// How a job calls it.
  var place: String {
    switch self {
    case .tcp(_, let port), .tls(_, let port): "\(port)"
    case .unix(let path): path
    }
  }
}

/// Heap allocations between the end of warm-up and the end of the work.
struct AllocationCount {
  private var start: UInt64 = 0
  private var perMessage: Double?

  mutating func begin() { start = allocation_count() }

  mutating func end(messages: Int) {
    let now = allocation_count()
    // Zero means that nobody counts here.
    if now > 0 { perMessage = Double(now - start) / Double(messages) }
  }

  func say() throws {
    if let perMessage { try ChannelJob.say("allocations \(perMessage)") }
  }
}
