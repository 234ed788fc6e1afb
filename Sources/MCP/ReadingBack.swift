internal import Documents
internal import Lite3
internal import Pools

/// Reads the latest messages that are wanted.
///
/// A pool can only be walked forward. So it is searched in windows, the newest first, until there are enough messages or all of
/// it was looked at; what was found is read afterwards, from the newest back. What is overwritten in between is left out.
struct ReadingBack: ~Copyable {
  private static let window: UInt64 = 256

  private let pool: Pool
  private let selection: Selection
  private var texts = MessageTexts()

  /// The latest messages of the pool.
  static func read(_ pool: Pool, _ selection: Selection) throws(PoolError) -> Reading {
    var back = ReadingBack(pool, selection)
    return try back.read()
  }

  private init(_ pool: Pool, _ selection: Selection) {
    self.pool = pool
    self.selection = selection
  }

  private mutating func read() throws(PoolError) -> Reading {
    guard let held = try pool.bounds() else { return Reading() }
    var reading = Reading(nextAfter: held.upperBound)
    var bytes = 0
    for sequence in try newestFirst(held) {
      guard let text = try text(of: sequence) else { break }
      bytes += text.count
      if bytes > MCPLimits.resultBytes, !reading.messages.isEmpty { break }
      reading.messages.append(text)
      if reading.lastReturned == nil { reading.lastReturned = sequence }
    }
    reading.messages.reverse()
    reading.bounds = try pool.bounds()
    return reading
  }

  /// The sequences of the messages that are wanted, as many as are wanted.
  private func newestFirst(_ held: ClosedRange<UInt64>) throws(PoolError) -> [UInt64] {
    if selection.isEverything {
      let distance = min(UInt64(selection.count - 1), held.upperBound - held.lowerBound)
      return (held.upperBound - distance...held.upperBound).reversed()
    }
    var found: [UInt64] = []
    var last = held.upperBound
    while true {
      let first = last - min(last - held.lowerBound, Self.window - 1)
      let (sequences, isWhole) = try search(first...last)
      found += sequences.reversed().prefix(selection.count - found.count)
      guard isWhole, first > held.lowerBound, found.count < selection.count else { return found }
      last = first - 1
    }
  }

  /// The sequences in a window that are wanted, oldest first. `isWhole` is false when a part of it is gone, and so is all before.
  private func search(_ window: ClosedRange<UInt64>) throws(PoolError) -> (sequences: [UInt64], isWhole: Bool) {
    var cursor = try pool.makeCursor(from: .sequence(window.lowerBound))
    var sequences: [UInt64] = []
    var isWhole = true
    var failure: (error: Lite3Error, sequence: UInt64)?
    while cursor.next <= window.upperBound, cursor.next != 0 {
      let batch = try cursor.forEach { frame in
        if frame.sequence > window.upperBound { return false }
        do throws(Lite3Error) {
          if try selection.wants(frame) { sequences.append(frame.sequence) }
          return true
        } catch {
          failure = (error, frame.sequence)
          return false
        }
      }
      if let failure {
        throw MessageTexts.unreadable(failure.error, sequence: failure.sequence, path: pool.path)
      }
      if batch.gap != nil { isWhole = false }
      if batch.count == 0 { break }
    }
    return (sequences, isWhole)
  }

  /// The message as JSON text; nil if it is gone.
  private mutating func text(of sequence: UInt64) throws(PoolError) -> [UInt8]? {
    do throws(PoolError) {
      return try texts.text(of: sequence, in: pool)
    } catch {
      if error.kind == .notFound, error.sequence != nil { return nil }
      throw error
    }
  }
}
