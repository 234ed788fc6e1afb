internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Pools

/// Why a record is not in the pool.
enum FeedFault: Error {
  /// The record is at fault; others may still be stored.
  case refused(RecordProblem)
  case failed(CommandError)
}

/// Stores records and prints each as the message that is now in the pool.
///
/// Records are collected and appended together, but never held back: `flush` is called whenever no input is ready.
struct Feeder: ~Copyable {
  private static let batchMessages = 512
  /// With `.flush` each message waits for the disk.
  private static let flushedBatchMessages = 64
  private static let batchBytes = 256 << 10

  private let target: PoolTarget
  private let session: Session
  private let options: FeedOptions
  private let messageLimit: Int
  private let batchLimit: Int
  private let aloneLimit: Int

  private var encoder = Lite3Encoder()
  private var parser = JSONParser()
  private var batch = MessageBatch()
  private var receipts: Receipts

  init(_ options: FeedOptions, _ target: PoolTarget, _ session: Session) {
    self.target = target
    self.session = session
    self.options = options
    messageLimit = options.durability == .flush ? Self.flushedBatchMessages : Self.batchMessages
    // A batch that fills a good part of the ring would push messages out before anyone could see them.
    batchLimit = min(Self.batchBytes, Int(clamping: target.geometry.ringSize / 8))
    aloneLimit = target.takesBatches ? Int(target.geometry.payloadLimit / 2) : -1
    receipts = Receipts(session, path: target.path, isSilent: options.isSilent)
  }

  /// The most bytes of text that a record of this pool may have: text is hardly ever twice as long as what it encodes to.
  var recordLimit: Int {
    let ring = Int(clamping: target.geometry.ringSize)
    let most = Int(PoolLimits.payloadBytes)
    return min(max(1 << 20, min(ring, most) * 2), most)
  }

  /// Takes one record. It is in the pool after the next `flush`, at the latest.
  mutating func add(_ record: RawSpan, readableBeyond: Int) throws(FeedFault) {
    try encode(record, readableBeyond)
    if encoder.bytes.byteCount > aloneLimit { return try storeAlone() }
    batch.add(encoder, time: session.now())
    if batch.count >= messageLimit || batch.byteCount >= batchLimit {
      do throws(CommandError) { try store() } catch { throw .failed(error) }
    }
  }

  /// Everything taken so far is in the pool, and its receipts are out, when this returns.
  mutating func flush() throws(CommandError) {
    try store()
    try session.output.flush()
  }

  // MARK: Encoding

  private mutating func encode(_ record: RawSpan, _ readableBeyond: Int) throws(FeedFault) {
    if !options.isData, StoredMessage.isPossible(record) {
      switch StoredMessage.read(record, readableBeyond: readableBeyond, parser: &parser) {
      case .success(nil): break
      case .success(let message?):
        guard options.tags.isEmpty else { throw .refused(.taggedMessage) }
        let beyond = readableBeyond + record.byteCount - message.data.upperBound
        return try encode(record.extracting(message.data), beyond, tags: message.tags)
      case .failure(let fault): throw .refused(.message(fault))
      }
    }
    try encode(record, readableBeyond, tags: options.tags)
  }

  private mutating func encode(_ data: RawSpan, _ readableBeyond: Int, tags: [String]) throws(FeedFault) {
    do throws(Lite3Error) {
      try encoder.encodeMessage(data: data, readableBeyond: readableBeyond, tags: tags)
    } catch {
      throw .refused(.encoding(error))
    }
  }

  // MARK: Storing

  /// Large messages are appended one by one, so that a refusal is about one message; so are all of them to a server.
  private mutating func storeAlone() throws(FeedFault) {
    let stored: RemoteAccess.Receipt
    do throws(CommandError) {
      try store()
      stored = try options.retry.run { () throws(Failure) in
        try target.append(encoder.bytes, time: session.now(), options.durability)
      }
    } catch {
      guard case .failed(let inner) = error, inner.kind == .usage else { throw .failed(error) }
      throw .refused(.storage(inner))
    }
    do throws(CommandError) {
      try receipts.show(encoder, stored.sequence, stored.time)
    } catch {
      throw .failed(error)
    }
  }

  private mutating func store() throws(CommandError) {
    guard batch.count > 0 else { return }
    let first = try options.retry.run { () throws(Failure) in try target.append(batch, options.durability) }
    try receipts.show(batch, from: first)
    batch.removeAll()
  }
}

extension MessageBatch {
  /// Adds the document that was encoded last.
  mutating func add(_ encoder: borrowing Lite3Encoder, time: UInt64) { add(encoder.bytes, time: time) }
}

/// Prints what was stored.
private struct Receipts: ~Copyable {
  private let output: Output
  private let path: String
  private let isSilent: Bool
  private var messages: MessageText
  private var text = ByteWriter(capacity: 4096)

  init(_ session: Session, path: String, isSilent: Bool) {
    self.isSilent = isSilent
    output = session.output
    self.path = path
    messages = MessageText(style: session.presentation.messages)
  }

  mutating func show(_ batch: borrowing MessageBatch, from first: UInt64) throws(CommandError) {
    if isSilent { return }
    text.removeAll()
    for index in 0..<batch.count {
      try add(batch.document(at: index), first + UInt64(index), batch.time(at: index))
    }
    try output.write(text.bytes)
  }

  mutating func show(_ encoder: borrowing Lite3Encoder, _ sequence: UInt64, _ time: UInt64) throws(CommandError) {
    if isSilent { return }
    text.removeAll()
    try add(encoder.bytes, sequence, time)
    try output.write(text.bytes)
  }

  private mutating func add(_ document: RawSpan, _ sequence: UInt64, _ time: UInt64) throws(CommandError) {
    do throws(Lite3Error) {
      try messages.write(document, sequence: sequence, time: time, into: &text)
    } catch {
      throw .failed(MessageText.unreadable(error, sequence: sequence, path: path))
    }
  }
}
