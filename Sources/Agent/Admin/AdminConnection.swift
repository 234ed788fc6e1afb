internal import Platform
internal import Reactor

/// One client of the admin channel. Loop only, but for what workers send.
final class AdminConnection: Stream, @unchecked Sendable {
  /// How long a client that was told of its mistake has to hang up, in nanoseconds.
  private static let farewell: Int64 = 5_000_000_000

  private let server: AdminServer
  private var cutter = AdminFrameCutter(limit: AdminFrame.requestLimit)
  /// Whether a worker is at the client's command. Nothing is read meanwhile.
  private var isBusy = false
  private var isPeerDone = false
  /// Nothing more is answered.
  private var isLeaving = false
  private var timer: LoopTimer?

  init(_ server: AdminServer, _ loop: EventLoop) throws(SystemError) {
    self.server = server
    try super.init(loop, server.chunks, limit: AdminServer.waitingLimit)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    guard !isLeaving else { return }
    cutter.append(bytes)
    goOn()
  }

  /// What was sent before is still answered.
  override func peerFinished() {
    isPeerDone = true
    goOn()
  }

  override func closed(_ end: StreamEnd) {
    if let timer { loop.cancel(timer) }
    timer = nil
    server.ended(self)
  }

  /// Takes the next command, if it is there and none is being worked on.
  private func goOn() {
    while !isBusy, !isLeaving, !isOver {
      do throws(AdminFrameCutter.TooLong) {
        guard let frame = try cutter.next() else { return isPeerDone ? leave() : resumeReading() }
        perform(frame)
      } catch {
        refuse("a request of \(error.length) bytes is longer than the \(error.limit) that are allowed")
      }
    }
  }

  private func perform(_ frame: [UInt8]) {
    let command: AdminCommand
    do throws(AdminMessageFault) {
      command = try AdminCommand(json: frame)
    } catch {
      return refuse(error.message)
    }
    let handler = server.handler
    let isTaken = server.workers.submit { [self] _ in
      AdminReply { self.sendPatiently($0) }.perform(command, by: handler)
      loop.submit {
        self.isBusy = false
        self.goOn()
      }
    }
    guard isTaken else { return sendNow(.error("the node is too busy to take commands; try again")) }
    isBusy = true
    pauseReading()
    server.workers.wake()
  }

  // MARK: Sending

  /// By a worker: waits while the client is slow, and gives it up when that takes too long.
  private func sendPatiently(_ response: AdminResponse) {
    let frame = AdminFrame.around(response.json.span.bytes)
    let deadline = Deadline.after(nanoseconds: AdminServer.patience)
    while case .full = frame.withUnsafeBytes({ send($0) }) {
      if waitForSpace(atMost: 0, until: deadline) { continue }
      return loop.submit { self.close(.closed, aborting: true) }
    }
  }

  private func sendNow(_ response: AdminResponse) {
    let frame = AdminFrame.around(response.json.span.bytes)
    _ = frame.withUnsafeBytes { send($0, ignoringLimit: true) }
  }

  // MARK: The end

  private func refuse(_ message: String) {
    sendNow(.error(message))
    leave()
  }

  /// Sends what waits, and hangs up.
  private func leave() {
    guard !isLeaving, !isOver else { return }
    isLeaving = true
    if isPeerDone, isFlushed { return close(.ended) }
    finish()
    timer = loop.schedule(after: Self.farewell) { [weak self] in self?.close() }
  }
}
