package import Documents
internal import Platform

/// The admin channel's other end, for commands: asks one thing after the other, and blocks.
package final class AdminClient {
  /// How long connecting may take, in nanoseconds.
  private static let connectTime: Int64 = 3_000_000_000

  private let path: String
  private let socket: SocketNumber
  private let poller: Poller
  private var cutter = AdminFrameCutter(limit: AdminFrame.limit)
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// Connects to the node that has this socket.
  ///
  /// - Throws: NotFound when no node answers there, Permission when it is another user's.
  package init(path: String) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      poller = try Poller()
      let (socket, isPending) = try Sockets.connect(.unix(path))
      self.socket = socket
      try poller.add(socket, isPending ? .write : .read, token: 1)
      if isPending { try Self.finishConnecting(socket, poller) }
    } catch {
      throw Self.failure(error, path)
    }
  }

  deinit {
    poller.remove(socket)
    Sockets.close(socket, aborting: false)
  }

  /// Asks for something; `next` has the answer.
  package func send(_ command: AdminCommand) throws(Failure) {
    let frame = AdminFrame.around(command.json.span.bytes)
    do throws(SystemError) {
      var start = 0
      while start < frame.count { start += try sendSome(frame[start...]) }
    } catch {
      throw Self.failure(error, path)
    }
  }

  /// The next part of the answer to the command that was sent last; nil at its end, when all went well.
  ///
  /// - Throws: Internal with the words of the node, when it failed; Io when it breaks off, or is no node.
  package func next() throws(Failure) -> AdminResponse? {
    let response = try receive()
    switch response {
    case .success: return nil
    case .error(let message):
      throw Failure(.internal, message, hint: "The node answered so; its log may say more.", path: path)
    case .log, .json: return response
    }
  }

  // MARK: Frames

  private func receive() throws(Failure) -> AdminResponse {
    while true {
      if let frame = try cut() {
        do throws(AdminMessageFault) { return try AdminResponse(json: frame) } catch { throw unknown(error.message) }
      }
      do throws(SystemError) { try read() } catch { throw Self.failure(error, path) }
    }
  }

  private func cut() throws(Failure) -> [UInt8]? {
    do throws(AdminFrameCutter.TooLong) {
      return try cutter.next()
    } catch {
      throw unknown("it announces \(error.length) bytes")
    }
  }

  // MARK: Bytes

  private static func finishConnecting(_ socket: SocketNumber, _ poller: borrowing Poller) throws(SystemError) {
    let deadline = Deadline.after(nanoseconds: connectTime)
    while try !Sockets.connectResult(socket) {
      guard !deadline.hasPassed else { throw SystemError(.timedOut) }
      try wait(poller, until: deadline)
    }
    try poller.modify(socket, .read, token: 1)
  }

  private func sendSome(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    let transfer = bytes.withUnsafeBytes { part in
      withUnsafePointer(to: part) { Sockets.send(socket, UnsafeBufferPointer(start: $0, count: 1)) }
    }
    switch transfer {
    case .moved(let count): return count
    case .failed(let error): throw error
    case .wouldBlock:
      try poller.modify(socket, .write, token: 1)
      try Self.wait(poller, until: .never)
      try poller.modify(socket, .read, token: 1)
      return 0
    }
  }

  private func read() throws(SystemError) {
    let transfer = buffer.withUnsafeMutableBytes { Sockets.receive(socket, into: $0) }
    switch transfer {
    case .moved(0): throw SystemError(.closed)
    case .moved(let count): buffer[..<count].withUnsafeBytes { cutter.append($0) }
    case .failed(let error): throw error
    case .wouldBlock: try Self.wait(poller, until: .never)
    }
  }

  private static func wait(_ poller: borrowing Poller, until deadline: Deadline) throws(SystemError) {
    var event = Poller.Event(token: 0, ready: [])
    let outcome = withUnsafeMutablePointer(to: &event) { event -> SystemError? in
      do throws(SystemError) {
        _ = try poller.wait(into: UnsafeMutableBufferPointer(start: event, count: 1), until: deadline)
        return nil
      } catch {
        return error
      }
    }
    if let outcome { throw outcome }
  }

  // MARK: Failures

  private func unknown(_ words: String) -> Failure {
    Failure(
      .io, "what answers on the admin socket is no node", hint: "Check admin.path and --admin-path.", path: path,
      causes: [words])
  }

  private static func failure(_ error: SystemError, _ path: String) -> Failure {
    let start = "Start one with `weir agent`, or name its socket with --admin-path."
    let (kind, message, hint): (Failure.Kind, String, String) =
      switch error.kind {
      case .notFound, .refused: (.notFound, "no node answers on the admin socket", start)
      case .permission:
        (.permission, "the admin socket is another user's", "Run the command as the user that the node runs as.")
      case .nameTooLong:
        (.usage, "the admin socket's path is longer than \(SocketAddress.unixPathLimit) bytes", start)
      case .closed, .reset:
        (.io, "the node ended the connection before it had answered", "Look into its log, and try again.")
      default: (.io, "the node cannot be asked", start)
      }
    return Failure(kind, message, hint: hint, path: path, causes: [error.message])
  }
}
