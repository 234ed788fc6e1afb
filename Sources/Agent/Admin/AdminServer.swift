package import Documents
package import Platform
package import Reactor

/// The admin channel's end at the node: a Unix-domain socket that only this user may use. Loop only, but for `init`.
///
/// Commands of one connection are answered one after the other, those of several side by side; what they do is done by workers.
/// On Windows, where such sockets exist since Windows 10, this has not been tried.
package final class AdminServer: @unchecked Sendable {
  /// Connections at a time; a further one is refused.
  static let connectionLimit = 64
  /// Bytes of answers that may wait for a slow client, and how long in nanoseconds before it is given up.
  static let waitingLimit = 1 << 20
  static let patience: Int64 = 30_000_000_000

  /// The socket.
  package let path: String
  let handler: AdminHandler
  let workers: Workers
  let chunks: ChunkPool
  private let listener: AdminListener
  private var connections: [AdminConnection] = []

  /// Binds the socket, and accepts from `start` on. Its directory is made if it is missing; a socket on which nobody answers, left
  /// by a node that died, is replaced.
  ///
  /// - Parameters:
  ///   - workers: do what commands ask for, and may have to wait for a slow client for a while.
  /// - Throws: Busy when a node answers there, AlreadyExists when something else has the name, Usage for a path that is too
  ///   long, Permission and Io as the system says.
  package init(
    _ loop: EventLoop, path: String, workers: Workers, _ handler: AdminHandler
  ) throws(Failure) {
    self.path = path
    self.handler = handler
    self.workers = workers
    do throws(SystemError) {
      chunks = try ChunkPool()
      if let directory = Paths.parent(of: path) { try Paths.makeDirectories(directory, privately: true) }
      listener = try AdminListener(loop, try .unix(path), backlog: 64)
    } catch {
      throw Self.failure(error, path)
    }
    do throws(SystemError) {
      // Before anybody is accepted.
      try Paths.setPermissions(path, 0o600)
    } catch {
      listener.close()
      throw Self.failure(error, path)
    }
    listener.server = self
  }

  /// Begins to accept.
  package func start() throws(SystemError) { try listener.start() }

  /// Listens no more, removes the socket, and ends all connections.
  package func stop() {
    listener.close()
    for connection in connections { connection.close() }
  }

  func accepted(_ socket: SocketNumber) {
    let loop = listener.loop
    guard connections.count < Self.connectionLimit, let connection = try? AdminConnection(self, loop) else {
      return loop.network.close(socket, aborting: true)
    }
    connections.append(connection)
    connection.start(accepted: socket)
  }

  func ended(_ connection: AdminConnection) { connections.removeAll { $0 === connection } }

  private static func failure(_ error: SystemError, _ path: String) -> Failure {
    let other = "Choose another place with admin.path or --admin-path."
    let (kind, message, hint): (Failure.Kind, String, String) =
      switch error.kind {
      case .addressInUse: (.busy, "a node answers on the admin socket", "Stop that one, or let it be. \(other)")
      case .exists: (.alreadyExists, "the admin socket's name is taken by something else", other)
      case .nameTooLong:
        (.usage, "the admin socket's path is longer than \(SocketAddress.unixPathLimit) bytes", other)
      case .permission: (.permission, "the admin socket cannot be made", "Check who owns its directory. \(other)")
      default: (.io, "the admin socket cannot be made", other)
      }
    return Failure(kind, message, hint: hint, path: path, causes: [error.message])
  }
}

private final class AdminListener: Listener, @unchecked Sendable {
  weak var server: AdminServer?

  override func accepted(_ socket: SocketNumber, from peer: SocketAddress) {
    guard let server else { return loop.network.close(socket, aborting: true) }
    server.accepted(socket)
  }
}
