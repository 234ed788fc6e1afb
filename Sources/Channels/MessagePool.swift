internal import Platform
internal import Reactor

/// Where messages come from and go back to. Safe from any thread.
///
/// At most `limit` messages are out at once, received ones included: that is what bounds a receiver that does not keep up.
/// When the last one is out, reading from the network pauses until one comes back. Those made by `always` come on top, and are
/// freed when they come back.
final class MessagePool: ByteOwner, @unchecked Sendable {
  /// Memory that idle messages keep beyond their smallest size, in bytes.
  static let keptBytes = 32 << 20

  private let lock: Lock
  private let limit: Int
  /// Called without the lock when a message is free again after one was refused. Set before the first message is out.
  var onRelief: @Sendable () -> Void = {}

  // Guarded by `lock`.
  @exclusivity(unchecked) private var free: MessageNode.Pointer?
  @exclusivity(unchecked) private var freeCount = 0
  @exclusivity(unchecked) private var freeBytes = 0
  @exclusivity(unchecked) private var liveCount = 0
  @exclusivity(unchecked) private var extraCount = 0
  @exclusivity(unchecked) private var lentCount = 0
  @exclusivity(unchecked) private var wasRefused = false
  @exclusivity(unchecked) private var isClosed = false
  @exclusivity(unchecked) private var keepsItself = false

  /// - Parameters:
  ///   - initial: Messages to make beforehand.
  ///   - limit: Messages that may be out at once, at least 1.
  init(initial: Int, limit: Int) throws(SystemError) {
    lock = try Lock()
    self.limit = max(1, limit)
    super.init()
    for _ in 0..<min(initial, self.limit) { keep(make(isExtra: false)) }
  }

  deinit {
    while let node = free {
      free = node.pointee.next
      MessageNode.free(node)
    }
  }

  private func make(isExtra: Bool) -> MessageNode.Pointer {
    MessageNode.make(for: self, isExtra: isExtra)
  }

  private func keep(_ node: MessageNode.Pointer) {
    node.pointee.next = free
    free = node
    freeCount += 1
    freeBytes += node.pointee.capacity
  }

  // MARK: Taking and giving back

  /// A message that was reset; nil when `limit` are out, which is remembered, or when the pool was closed.
  func take() -> MessageNode.Pointer? {
    lock.lock()
    if let node = free, liveCount < limit, !isClosed {
      free = node.pointee.next
      freeCount -= 1
      freeBytes -= node.pointee.capacity
      liveCount += 1
      lock.unlock()
      return node
    }
    guard liveCount < limit, !isClosed else {
      wasRefused = true
      lock.unlock()
      return nil
    }
    liveCount += 1
    lock.unlock()
    return make(isExtra: false)
  }

  /// A message from the pool, or one more.
  func takeAlways() -> MessageNode.Pointer {
    lock.lock()
    if isClosed { keepItself() }
    if let node = free {
      free = node.pointee.next
      freeCount -= 1
      freeBytes -= node.pointee.capacity
      liveCount += 1
      lock.unlock()
      return node
    }
    let isExtra = liveCount >= limit || isClosed
    if isExtra { extraCount += 1 } else { liveCount += 1 }
    lock.unlock()
    return make(isExtra: isExtra)
  }

  /// Takes a message back.
  func put(_ node: MessageNode.Pointer) {
    node.pointee.reset()
    lock.lock()
    if node.pointee.isLent { countAsOut(node) }
    // Those that were lent may have been replaced meanwhile.
    let frees = node.pointee.isExtra || isClosed || freeCount >= limit
    if node.pointee.isExtra { extraCount -= 1 } else { liveCount -= 1 }
    if !frees {
      if freeBytes > Self.keptBytes, node.pointee.capacity > MessageNode.smallestCapacity { node.pointee.shrink() }
      keep(node)
    }
    let relieves = wasRefused && liveCount < limit && !isClosed
    if relieves { wasRefused = false }
    let isLast = keepsItself && liveCount + extraCount + lentCount == 0
    if isLast { keepsItself = false }
    lock.unlock()
    if frees { MessageNode.free(node) }
    if relieves { onRelief() }
    if isLast { Unmanaged.passUnretained(self).release() }
  }

  /// A message goes into a send queue as it is. What waits there is bounded by the queue, and must not keep this side from
  /// receiving: two engines that only send to each other would wait for each other for ever.
  func lend(_ node: MessageNode.Pointer) {
    lock.lock()
    guard !node.pointee.isExtra else { return lock.unlock() }
    node.pointee.isLent = true
    liveCount -= 1
    lentCount += 1
    let relieves = wasRefused && !isClosed
    if relieves { wasRefused = false }
    lock.unlock()
    if relieves { onRelief() }
  }

  /// It did not, or comes back to the application.
  func takeFromQueue(_ node: MessageNode.Pointer) {
    lock.lock()
    if node.pointee.isLent { countAsOut(node) }
    lock.unlock()
  }

  private func countAsOut(_ node: MessageNode.Pointer) {
    node.pointee.isLent = false
    lentCount -= 1
    liveCount += 1
  }

  /// The same for a whole list.
  func put(_ list: NodeList) {
    var list = list
    while let node = list.pop() { put(node) }
  }

  override func takeBack(_ token: UnsafeMutableRawPointer) {
    put(token.assumingMemoryBound(to: MessageNode.self))
  }

  /// Messages that are out.
  var outside: Int {
    lock.lock()
    defer { lock.unlock() }
    return liveCount + extraCount + lentCount
  }

  /// Gives no more messages. The pool lives on until the last one is back.
  func close() {
    lock.lock()
    isClosed = true
    if liveCount + extraCount + lentCount > 0 { keepItself() }
    lock.unlock()
  }

  /// Lives on until the last message is back, whoever else lets go. With the lock.
  private func keepItself() {
    guard !keepsItself else { return }
    keepsItself = true
    _ = Unmanaged.passRetained(self)
  }
}
