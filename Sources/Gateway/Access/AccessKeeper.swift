package import Documents
internal import Platform

/// Something about a file of a running server that whoever runs it should know.
package enum AccessEvent: Sendable {
  /// The file has new content, which is in use.
  case reloaded(path: String)
  /// The file cannot be used. What a token file or key file said no longer holds; a certificate stays in use.
  case unusable(Failure)
}

/// Keeps the rules of a running server as its files say: the token file and the access keys.
///
/// Files are looked at when rules are asked for, at most once a second, so that whoever asks at each request and once a second
/// for each open answer has a changed token or a revoked key work, or stop to work, within two seconds. A file that cannot be
/// used opens nothing: what was known from it no longer holds. Safe from any thread.
package final class AccessKeeper: @unchecked Sendable {
  /// Nanoseconds between two looks at the files.
  private static let interval: Int64 = 1_000_000_000

  private let settings: GatewaySettings
  private let machineName: String?
  private let monotonic: @Sendable () -> Int64
  private let wall: @Sendable () -> UInt64
  private let tell: @Sendable (AccessEvent) -> Void

  private let lock: Lock
  // Under the lock.
  private var tokenFile: FileWatch?
  private var keyFile: FileWatch?
  private var credentials = Credentials()
  private var rules: AccessRules
  private var next: Int64

  /// Rules by validated settings, with everything read once.
  ///
  /// - Parameters:
  ///   - monotonic: nanoseconds of a clock that never goes back.
  ///   - wall: nanoseconds since 1970-01-01 UTC.
  ///   - tell: called, perhaps from any thread and with no lock held, when something changed.
  /// - Throws: what is wrong with the token file or the key file. A missing key file is no fault, a missing token file is.
  package init(
    _ settings: GatewaySettings, monotonic: @escaping @Sendable () -> Int64 = Clock.monotonic,
    wall: @escaping @Sendable () -> UInt64 = Clock.wall, tell: @escaping @Sendable (AccessEvent) -> Void = { _ in }
  ) throws(Failure) {
    do throws(SystemError) { lock = try Lock() } catch {
      throw Failure(.internal, "out of memory", causes: [error.message])
    }
    self.settings = settings
    self.monotonic = monotonic
    self.wall = wall
    self.tell = tell
    machineName = try? Paths.hostName()
    rules = AccessRules(settings, credentials)
    next = monotonic() &+ Self.interval
    switch settings.tokenSource {
    case .none: break
    case .argument(let token), .environment(let token): credentials.token = SecretDigest(of: Array(token.utf8))
    case .file(let path): tokenFile = FileWatch(path, "token file")
    }
    keyFile = settings.keyStore.map { FileWatch($0, KeyStore.name) }
    for event in look() {
      if case .unusable(let error) = event { throw error }
    }
  }

  /// The rules as they are now.
  package func current() -> AccessRules {
    lock.lock()
    let now = monotonic()
    var events: [AccessEvent] = []
    if now >= next {
      next = now &+ Self.interval
      events = look()
    }
    let rules = self.rules
    lock.unlock()
    for event in events { tell(event) }
    return rules
  }

  /// Whether the grant still holds now.
  package func isStillValid(_ grant: Grant) -> Bool { current().isStillValid(grant, now: wall()) }

  private func look() -> [AccessEvent] {
    var events: [AccessEvent] = []
    let now = wall()
    if let found = tokenFile?.look(now: now), let path = tokenFile?.path {
      events.append(take(found, path) { (content) throws(Failure) in try takeToken(content, path) })
    }
    if let found = keyFile?.look(now: now), let path = keyFile?.path {
      events.append(take(found, path) { (content) throws(Failure) in try takeKeys(content, path) })
    }
    rules = AccessRules(settings, credentials, machineName: machineName)
    return events
  }

  private func take(
    _ found: Result<[UInt8]?, Failure>, _ path: String, _ use: ([UInt8]?) throws(Failure) -> Void
  ) -> AccessEvent {
    do throws(Failure) {
      switch found {
      case .success(let content): try use(content)
      case .failure(let error):
        // Forgets what the file said before.
        try? use(nil)
        throw error
      }
      return .reloaded(path: path)
    } catch {
      return .unusable(error)
    }
  }

  private func takeToken(_ content: [UInt8]?, _ path: String) throws(Failure) {
    credentials.token = nil
    guard let content else {
      throw Failure(
        .io, "failed to read token file", hint: "There is no such file; `weir serve init` makes one.", path: path,
        causes: [SystemError(.notFound).message])
    }
    credentials.token = SecretDigest(of: Array(try AccessToken.read(content, path: path).utf8))
  }

  private func takeKeys(_ content: [UInt8]?, _ path: String) throws(Failure) {
    credentials.keys = []
    if let content { credentials.keys = try KeyStore.keys(content, path: path) }
  }
}
