internal import CommandSupport
internal import Documents
internal import Gateway
internal import HTTP
internal import Platform
internal import Reactor

/// The server itself: binds, serves on a loop of its own, and ends when it is asked to.
enum GatewayProgram {
  /// What is being answered when a stop request comes has so long to come to its end, in nanoseconds. The process itself is
  /// given up a little later (`Stopping`).
  private static let grace: Int64 = 8_000_000_000
  /// How often it is looked at what happened to the files, in nanoseconds.
  private static let interval: Int64 = 1_000_000_000

  /// Serves until somebody asks it to stop.
  static func run(_ setup: ServerSetup, _ session: Session) throws(CommandError) -> ExitCode {
    try Stopping.begin()
    OpenLimit.raise()
    let log: Log
    let server: RunningServer
    do throws(SystemError) {
      let format = setup.settings.logFormat ?? (session.errors.isTerminal ? .text : .json)
      let errors = session.errors
      log = try Log(format, setup.settings.logLevel) { line in
        try? errors.write(line.span.bytes)
        try? errors.flush()
      }
      server = try RunningServer(setup, log)
    } catch {
      throw .failed(Failure(.internal, "failed to start the server", causes: [error.message]))
    }
    let listeners = try server.listen()
    do throws(SystemError) { try server.start(listeners) } catch {
      throw .failed(Failure(.internal, "failed to start the server", causes: [error.message]))
    }
    try announce(listeners, setup, session)
    while StopRequests.wait(until: .after(nanoseconds: interval)) == nil {
      // Also where nobody asks for anything: whoever changed a file looks into the log to see whether it counts.
      _ = setup.access.current()
      _ = setup.certificate?.current()
      for event in setup.events.take() { log.event(event) }
    }
    log.event(.info, "stopping")
    server.stop(within: grace)
    log.event(.info, "stopped")
    return .success
  }

  private static func announce(
    _ listeners: [GatewayListener], _ setup: ServerSetup, _ session: Session
  ) throws(CommandError) {
    if let path = setup.settings.readyFile, let first = listeners.first {
      try SmallFile.write(first.bind.text, to: path)
    }
    guard session.errors.isTerminal else { return }
    let text = ServerText(settings: setup.settings, fingerprint: setup.certificate?.fingerprint)
    try? session.errors.write(text.greeting(listeners))
    try? session.errors.flush()
  }
}

/// A server with its loop and its thread.
private final class RunningServer {
  private let setup: ServerSetup
  private let log: Log
  private let loop: EventLoop
  private let gateway: Gateway
  private let server: HTTPServer

  init(_ setup: ServerSetup, _ log: Log) throws(SystemError) {
    self.setup = setup
    self.log = log
    loop = try EventLoop(SystemNetwork())
    gateway = try Gateway(
      Gateway.Setup(
        directory: setup.directory, settings: setup.settings, keeper: setup.access, version: Version.number),
      on: loop, log: log)
    var limits = HTTPLimits()
    limits.bodyBytes = setup.settings.limits.bodyBytes
    server = try HTTPServer(loop, gateway, limits: limits)
  }

  /// Binds all listeners; nobody runs the loop yet.
  func listen() throws(CommandError) -> [GatewayListener] {
    var bound: [GatewayListener] = []
    for (number, listener) in setup.settings.listeners.enumerated() {
      do throws(SystemError) {
        let log = log
        let address = try server.listen(
          listener.bind.socketAddress(), number: number, secure: listener.isSecure ? setup.secure : nil
        ) { error in
          log.event(.error, "listener failed", Failure(.io, error.message, address: listener.bind.text))
        }
        bound.append(listener.with(port: address.port))
      } catch {
        let hint =
          error.kind == .addressInUse
          ? "Another program listens there. Choose another port with --bind, or 0 for one that is free."
          : "Check that the address belongs to this machine, and that you may listen there."
        throw .failed(
          Failure(
            error.kind == .permission ? .permission : .io, "failed to listen", hint: hint, address: listener.bind.text,
            causes: [error.message]))
      }
    }
    return bound
  }

  func start(_ listeners: [GatewayListener]) throws(SystemError) {
    gateway.begin(listeners)
    try loop.startThread()
    for listener in listeners {
      log.event(.info, "listening", [("url", .text(listener.baseURL)), ("secure", .bool(listener.isSecure))])
    }
  }

  func stop(within grace: Int64) {
    let ended = try? Latch()
    let (gateway, server) = (gateway, server)
    loop.submit {
      gateway.beginEnding()
      server.drain(within: grace) { ended?.open() }
    }
    ended?.wait(until: .after(nanoseconds: grace + 500_000_000))
    loop.stopThread()
    gateway.end()
  }
}

extension Log {
  /// What happened to a file that the server lives by.
  fileprivate func event(_ event: AccessEvent) {
    switch event {
    case .reloaded(let path): self.event(.info, "file was read again", [("path", .text(path))])
    case .unusable(let failure): self.event(.error, "file cannot be used", failure)
    }
  }
}
