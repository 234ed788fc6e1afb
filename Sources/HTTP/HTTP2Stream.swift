/// One request of an HTTP/2 connection in the making, and what becomes of it. Loop only, but for the outbox.
final class HTTP2Stream {
  enum Phase {
    case head
    case body
    /// It is with the handler, or refused: what still comes of it is dropped.
    case over
  }

  let id: Int32
  var phase = Phase.head
  var parts = RequestParts()
  /// Bytes of the head so far, with what separates fields in text.
  var headBytes = 0
  /// The values of all `cookie` fields, in which HTTP/2 lets a client cut one (RFC 9113, section 8.2.3).
  var cookies: [UInt8] = []
  /// What is wrong with it, once something is.
  var problem: RequestProblem?
  var body: [UInt8] = []
  /// Bytes of the body that count against the connection's bound, and those for which the peer was not given room again.
  var heldBytes = 0
  var withheldBytes = 0
  /// When its body began, and when some of it last came.
  var bodyBegan: Int64 = 0
  var lastInput: Int64 = 0

  /// The answer on its way here. Guarded by the connection's lock.
  let outbox = HTTP2Outbox()
  var exchange: HTTP2Exchange?
  /// Whether the whole request came.
  var isComplete = false
  /// Whether the answer's body ran dry, and the library waits to be told of more.
  var isDry = false
  /// Whether the answer was sent to its end, and when.
  var isAnswered = false
  var answered: Int64 = 0
  /// Whether the stream is over.
  var isClosed = false
  /// How much of the answer was taken when that was last looked at, and since when that is so.
  var seenTaken: UInt64 = 0
  var seenSince: Int64
  /// Where its connection keeps it.
  var place = -1

  /// - Parameter now: When it began, by the loop's clock.
  init(_ id: Int32, _ now: Int64) {
    self.id = id
    seenSince = now
  }
}

/// An answer on its way from whatever thread gives it to the loop. Guarded by the connection's lock.
final class HTTP2Outbox {
  /// Pieces that may wait, however small they are.
  private static let pieceLimit = 4096

  /// The answer's head, until the loop takes it.
  var head: HTTP2Head?
  /// Nothing more is added.
  var isFinished = false
  /// The answer was given up.
  var isAborted = false
  /// The stream is over, and nothing is wanted.
  var isClosed = false
  /// Something was refused, and whoever wanted to add it is to be told of room.
  var wantsRoom = false
  /// Whether the loop was told that there is something new.
  var isListed = false
  private var pieces: [ArraySlice<UInt8>] = []
  private var first = 0
  /// Bytes that wait.
  private(set) var waiting = 0
  /// Bytes that were taken.
  private(set) var taken: UInt64 = 0

  /// Whether there is room for `count` bytes more; one piece is always taken when nothing waits.
  func hasRoom(_ count: Int, limit: Int) -> Bool {
    waiting == 0 || waiting + count <= limit && pieces.count - first < Self.pieceLimit
  }

  /// Whether half of the room is free again.
  func isHalfFree(limit: Int) -> Bool { waiting <= limit / 2 && pieces.count - first <= Self.pieceLimit / 2 }

  func add(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return }
    pieces.append(bytes)
    waiting += bytes.count
  }

  /// Moves what waits into `buffer`, as far as it goes, and returns how much.
  func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var moved = 0
    while moved < buffer.count, first < pieces.count {
      let count = min(pieces[first].count, buffer.count - moved)
      pieces[first].withUnsafeBytes { piece in
        UnsafeMutableRawBufferPointer(rebasing: buffer[moved...]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: piece[..<count]))
      }
      moved += count
      if count == pieces[first].count {
        pieces[first] = []
        first += 1
      } else {
        pieces[first] = pieces[first].dropFirst(count)
      }
    }
    if first == pieces.count {
      pieces.removeAll(keepingCapacity: true)
      first = 0
    } else if first >= 64 {
      pieces.removeFirst(first)
      first = 0
    }
    waiting -= moved
    taken += UInt64(moved)
    return moved
  }

  /// Drops what waits; nothing is wanted any more.
  func close() {
    isClosed = true
    head = nil
    pieces = []
    first = 0
    waiting = 0
  }
}
