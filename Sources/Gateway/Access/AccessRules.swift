/// What a request says about who sent it. Headers are as they came, without white space around them.
package struct AccessRequest: Sendable {
  /// Whether the peer of the connection is this machine.
  package var isPeerLoopback: Bool
  /// `Host`, or `:authority` in HTTP/2.
  package var host: String?
  /// `Origin`. Where it came more than once, the values with a comma between: such a one is refused.
  package var origin: String?
  /// `Authorization`, and likewise.
  package var authorization: String?

  package init(isPeerLoopback: Bool, host: String?, origin: String? = nil, authorization: String? = nil) {
    self.isPeerLoopback = isPeerLoopback
    self.host = host
    self.origin = origin
    self.authorization = authorization
  }
}

/// The secrets that open the gateway, as they are at some moment.
package struct Credentials: Sendable {
  /// Of the token; nil if there is none, or if its file cannot be used.
  package var token: SecretDigest?
  /// The access keys, also those that no longer work.
  package var keys: [AccessKey]

  package init(token: SecretDigest? = nil, keys: [AccessKey] = []) {
    self.token = token
    self.keys = keys
  }
}

/// Decides who may use the gateway. A value without clock, files or memory: the same question has the same answer.
///
/// Two dangers are told apart. A stranger who can connect is kept out by credentials. A web page in the browser of somebody who
/// may connect is kept out by what browsers say and pages cannot forge: `Host`, which shows that a name of the attacker leads
/// here (DNS rebinding), and `Origin`, which shows whose page it is. The second danger is there only where nothing that the page
/// does not know is asked for: see `GatewayListener.checksOrigin` and `checksHost`.
package struct AccessRules: Sendable {
  private let mode: GatewaySettings.AccessMode
  private let corsOrigins: [WebOrigin]
  private let server: WebOrigin?
  private let allowedHosts: [Authority]
  private let credentials: Credentials

  /// - Parameter machineName: by which this machine may be called where a listener asks for no credentials.
  package init(_ settings: GatewaySettings, _ credentials: Credentials, machineName: String? = nil) {
    mode = settings.access
    corsOrigins = settings.corsOrigins
    server = settings.server
    var hosts = settings.allowedHosts
    for name in Self.names(machineName) { if let host = Authority(name) { hosts.append(host) } }
    allowedHosts = hosts
    self.credentials = credentials
  }

  /// Whether the request is served at all, and what it may do; `now` is in nanoseconds since 1970-01-01 UTC.
  package func grant(
    _ request: AccessRequest, on listener: GatewayListener, now: UInt64
  ) throws(AccessRefusal) -> Grant {
    try checkBrowser(request, on: listener)
    return try authorize(request, on: listener, now: now)
  }

  /// Whether the grant still holds. To be asked once a second while an answer goes on.
  package func isStillValid(_ grant: Grant, now: UInt64) -> Bool {
    switch grant.holder {
    case .anyone: return true
    case .token:
      guard let token = credentials.token, let proof = grant.proof else { return false }
      return token.matches(proof)
    case .key:
      guard let proof = grant.proof, let key = key(proof) else { return false }
      return key.isValid(at: now)
    }
  }

  /// What `Access-Control-Allow-Origin` must say for a request with this `Origin`; nil for no such header.
  package func corsOrigin(_ origin: String?) -> String? {
    guard let origin, let parsed = WebOrigin(header: origin), corsOrigins.contains(parsed) else { return nil }
    return parsed.text
  }

  // MARK: Credentials

  /// The part of `grant` that is about credentials. Pages that hold nothing secret are served without it.
  package func authorize(
    _ request: AccessRequest, on listener: GatewayListener, now: UInt64
  ) throws(AccessRefusal) -> Grant {
    // Only the machine itself reaches a loopback address, unless somebody bends the routes.
    let isOpen = !listener.needsCredential && (request.isPeerLoopback || !listener.bind.isLoopback)
    guard let header = request.authorization else {
      if isOpen { return Grant(anyone: mode) }
      throw .unauthorized(
        "missing bearer token", hint: "Send the header `Authorization: Bearer TOKEN`, with the token or an access key.")
    }
    if let grant = Self.bearer(header).flatMap({ known($0, now) }) { return grant }
    // Clients of other servers may send a token here that nobody asked for. A key is meant for us: if it no longer works, its
    // user should know.
    if isOpen, !header.utf8.starts(with: ("Bearer " + AccessKey.prefix).utf8) { return Grant(anyone: mode) }
    throw .unauthorized(
      "invalid bearer token", hint: "The token or access key is wrong, has expired, or was revoked.")
  }

  /// What stands behind `Bearer `; nil if the header does not begin so.
  private static func bearer(_ header: String) -> Substring.UTF8View? {
    let bytes = header.utf8
    guard bytes.starts(with: "Bearer ".utf8), bytes.count <= AccessToken.longest + 7 else { return nil }
    return Substring(header).utf8.dropFirst(7)
  }

  private func known(_ secret: Substring.UTF8View, _ now: UInt64) -> Grant? {
    let digest = SecretDigest(of: secret)
    if let token = credentials.token, token.matches(digest) { return Grant(token: digest, mode: mode) }
    guard let key = key(digest), key.isValid(at: now) else { return nil }
    return Grant(key: key, mode: mode)
  }

  /// Looks at all of them, wherever the right one is.
  private func key(_ digest: SecretDigest) -> AccessKey? {
    var found: AccessKey?
    for key in credentials.keys where key.digest.matches(digest) { found = key }
    return found
  }

  // MARK: Browsers

  /// The part of `grant` that is about web pages: whether `Host` and `Origin` may be what they are. Every request passes it,
  /// also those that need no credentials.
  package func checkBrowser(_ request: AccessRequest, on listener: GatewayListener) throws(AccessRefusal) {
    let host = request.host.flatMap { Authority(Substring($0).utf8) }
    if listener.checksHost, !(host.map { isHost($0, of: listener) } ?? false) {
      throw .forbidden(
        "invalid Host header",
        hint: "Call the server by the address that it listens at, or let it be called otherwise with --allow-host HOST."
      )
    }
    guard listener.checksOrigin, let text = request.origin else { return }
    guard let origin = WebOrigin(header: text), isOrigin(origin, of: listener, calledAs: host) else {
      throw .forbidden(
        "invalid Origin header", hint: "Let pages of another origin use the server with --cors-origin ORIGIN.")
    }
  }

  private func isHost(_ host: Authority, of listener: GatewayListener) -> Bool {
    for allowed in allowedHosts where host.host == allowed.host {
      // Whoever names no port does not care.
      if allowed.port == nil || allowed.port == host.port { return true }
    }
    if let server, listener.needsCredential, WebOrigin(isSecure: server.isSecure, host) == server { return true }
    guard host.port == nil || host.port == listener.bind.port else { return false }
    // A name that leads here can be anybody's; an address is asked of no name server.
    return host.isLoopback || (host.isAddress && !listener.bind.isLoopback)
  }

  private func isOrigin(_ origin: WebOrigin, of listener: GatewayListener, calledAs host: Authority?) -> Bool {
    if corsOrigins.contains(origin) || (origin == server && listener.needsCredential) { return true }
    return host.map { origin == WebOrigin(isSecure: listener.isSecure, $0) } ?? false
  }

  private static func names(_ machineName: String?) -> [Substring.UTF8View] {
    guard let machineName else { return [] }
    return [Substring(machineName).utf8, Substring(machineName + ".local").utf8]
  }
}
