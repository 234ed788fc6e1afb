import Platform
import Pools
import Support

/// The other process of a test. It says on its output what it did, in fixed-size records, each in one write.
///
///     PoolWorker append PATH WRITER COUNT LARGEST   a record (seq, number) for each append that returned
///     PoolWorker hammer PATH WRITER LARGEST         the same without end, said after every eighth: almost all its time is in append
///     PoolWorker follow PATH UNTIL                  a record (seq, number) for each message, (first, last | top bit) for a gap
@main enum PoolWorker {
  static func main() {
    let arguments = Process.arguments
    do {
      switch arguments.first {
      case "append":
        try append(
          arguments[1], writer: UInt64(arguments[2]) ?? 0, count: UInt64(arguments[3]) ?? 0,
          largest: Int(arguments[4]) ?? 8)
      case "hammer": try hammer(arguments[1], writer: UInt64(arguments[2]) ?? 0, largest: Int(arguments[3]) ?? 8)
      case "follow": try follow(arguments[1], until: UInt64(arguments[2]) ?? 0)
      default: Process.exit(64)
      }
    } catch {
      try? File.standardError().write(Array("\(error)\n".utf8))
      Process.exit(1)
    }
    Process.exit(0)
  }

  private static func append(_ path: String, writer: UInt64, count: UInt64, largest: Int) throws {
    let pool = try Pool.open(at: path)
    let output = File.standardOutput()
    var generator = SplitMix(seed: writer)
    for index in 0..<count {
      let number = writer << 32 | index
      let bytes = payload(number, bytes: Int.random(in: 8...largest, using: &generator))
      let sequence = try pool.append(bytes.span.bytes, time: number)
      try output.write(littleEndian(sequence) + littleEndian(number))
    }
  }

  private static func hammer(_ path: String, writer: UInt64, largest: Int) throws {
    let pool = try Pool.open(at: path)
    let output = File.standardOutput()
    var generator = SplitMix(seed: writer)
    let messages = (0..<16 as Range<UInt64>).map { index in
      let number = writer << 32 | index
      return (number: number, bytes: payload(number, bytes: Int.random(in: 8...largest, using: &generator)))
    }
    while true {
      for half in [messages[..<8], messages[8...]] {
        var records: [UInt8] = []
        for message in half {
          records += littleEndian(try pool.append(message.bytes.span.bytes, time: message.number))
          records += littleEndian(message.number)
        }
        try output.write(records)
      }
    }
  }

  private static func follow(_ path: String, until last: UInt64) throws {
    let pool = try Pool.open(at: path)
    let output = File.standardOutput()
    var cursor = try pool.makeCursor(from: .sequence(1))
    while cursor.next <= last {
      var records: [UInt8] = []
      var torn = false
      let batch = try cursor.forEach { frame in
        let bytes = frame.payload.withUnsafeBytes { Array($0) }
        torn = torn || bytes != payload(frame.time, bytes: bytes.count)
        records += littleEndian(frame.sequence) + littleEndian(frame.time)
        return true
      }
      if torn { throw PoolError(.corrupt, "torn message") }
      if let gap = batch.gap {
        records = littleEndian(gap.lowerBound) + littleEndian(gap.upperBound | 1 << 63) + records
      }
      if !records.isEmpty { try output.write(records) }
      if batch.caughtUp, cursor.next <= last { _ = try cursor.wait(until: .after(nanoseconds: 60_000_000_000)) }
    }
  }
}
