internal import JSON
internal import Lite3
internal import Platform
internal import Pools
internal import State

/// Messages of captures, as they lie in pools: `Documentation/capture.md`.
struct CaptureText: ~Copyable {
  /// The tag that all of them have.
  static let tag = "capture"

  private let store: String
  /// The most bytes that one message may have in the pool.
  private let limit: UInt64
  private var text = ByteWriter(capacity: 1024)
  private var encoder = Lite3Encoder()

  /// - Parameters:
  ///   - store: the site whose outbox it is.
  ///   - limit: the most bytes of one message.
  init(store: SiteID, limit: UInt64) {
    self.store = store.text
    self.limit = limit
  }

  /// Adds the message of an entry. What does not fit leaves its row out; if that is not enough either, it becomes a gap.
  mutating func add(_ entry: OutboxEntry, number: Int64, to batch: inout MessageBatch) {
    let tags = [Self.tag, entry.table]
    if add(entry.data[...], cut: false, number, tags, &batch) { return }
    if let head = entry.data.beforeRow, add(head, cut: true, number, tags, &batch) { return }
    addGap(number...number, to: &batch)
  }

  /// Adds a message that says which numbers are missing.
  mutating func addGap(_ numbers: ClosedRange<Int64>, to batch: inout MessageBatch) {
    text.removeAll()
    text.append("{\"op\":\"gap\",\"gap\":{\"first\":")
    text.appendDecimal(numbers.lowerBound)
    text.append(",\"last\":")
    text.appendDecimal(numbers.upperBound)
    text.append("}")
    appendOrigin(numbers.upperBound)
    _ = encode([Self.tag], &batch)
  }

  /// - Parameter cut: whether `data` was cut off before its row; else its last byte closes it.
  private mutating func add(
    _ data: ArraySlice<UInt8>, cut: Bool, _ number: Int64, _ tags: [String], _ batch: inout MessageBatch
  ) -> Bool {
    text.removeAll()
    text.append((cut ? data : data.dropLast()).span.bytes)
    if cut { text.append(",\"omitted\":[\"row\"]") }
    appendOrigin(number)
    return encode(tags, &batch)
  }

  private mutating func appendOrigin(_ number: Int64) {
    text.append(",\"capture\":{\"number\":")
    text.appendDecimal(number)
    text.append(",\"store\":\"")
    text.append(string: store)
    text.append("\"}}")
  }

  /// False if the message cannot be one of the pool's.
  private mutating func encode(_ tags: [String], _ batch: inout MessageBatch) -> Bool {
    guard Self.encode(text, tags, with: &encoder), encoder.bytes.byteCount <= limit else { return false }
    batch.add(encoder.bytes, time: Clock.wall())
    return true
  }

  private static func encode(
    _ text: borrowing ByteWriter, _ tags: [String], with encoder: inout Lite3Encoder
  ) -> Bool {
    do throws(Lite3Error) {
      try encoder.encodeMessage(data: text.bytes, readableBeyond: text.readableBeyond, tags: tags)
      return true
    } catch {
      return false
    }
  }
}

extension [UInt8] {
  /// A message up to its row; nil if it has none.
  ///
  /// Inside a JSON string each quote has a backslash before it, so these bytes stand nowhere else.
  fileprivate var beforeRow: ArraySlice<UInt8>? {
    let mark = Array(",\"row\":{".utf8)
    guard count >= mark.count else { return nil }
    for start in 0...count - mark.count where self[start] == mark[0] && self[start..<start + mark.count] == mark[...] {
      return self[..<start]
    }
    return nil
  }
}

/// Finds in a pool what a capture put there.
enum CaptureTrace {
  /// The number of the newest message that came from this store; nil if there is none.
  static func newest(in pool: Pool, store: SiteID) throws(PoolError) -> Int64? {
    guard let bounds = try pool.bounds() else { return nil }
    let name = Array(store.text.utf8)
    var sequence = bounds.upperBound
    while sequence >= bounds.lowerBound {
      do throws(PoolError) {
        if let found = try pool.withMessage(sequence, { number(of: $0.payload, store: name) }) { return found }
      } catch {
        switch error.kind {
        // Somebody else's message pushed it out meanwhile, and so all that are older.
        case .notFound where error.sequence != nil: return nil
        case .corrupt: break
        default: throw error
        }
      }
      sequence -= 1
    }
    return nil
  }

  /// The number that a message has, if it came from this store.
  private static func number(of payload: RawSpan, store: [UInt8]) -> Int64? {
    do throws(Lite3Error) {
      let root = try Lite3Document(payload).root()
      guard let data = try root.member("data"), let origin = try data.member("capture"),
        let name = try origin.member("store")?.string, name.withUnsafeBytes({ $0.elementsEqual(store) })
      else { return nil }
      return try origin.member("number")?.int64
    } catch {
      return nil
    }
  }
}
