internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway

/// Reads what `weir serve` was asked to do from its options and its environment.
struct ServeSettings {
  private let invocation: Invocation
  /// The value of a variable; nil if it is not set.
  private let environment: (String) -> String?

  init(_ invocation: Invocation, environment: @escaping (String) -> String?) {
    self.invocation = invocation
    self.environment = environment
  }

  /// The settings, validated.
  ///
  /// - Parameter directory: the pool directory.
  func settings(directory: String) throws(CommandError) -> GatewaySettings {
    try refuseWhatOtherServersHave()
    var settings = GatewaySettings()
    settings.keyStore = KeyStore(directory: directory).path
    try addPlaces(&settings)
    try addCredentials(&settings)
    addTransport(&settings)
    try addLimits(&settings)
    addLog(&settings)
    let complete = settings
    return try serving { () throws(Failure) in try complete.validated() }
  }

  private func addPlaces(_ settings: inout GatewaySettings) throws(CommandError) {
    if let text = invocation.value(ServeOptions.bind) { settings.bind = try address(text) }
    if let text = invocation.value(ServeOptions.remoteBind) { settings.remoteBind = try address(text) }
    if let text = try server() {
      settings.server = try serving { () throws(Failure) in try WebOrigin.parse(server: text) }
    }
    for text in invocation.values(ServeOptions.corsOrigin) {
      settings.corsOrigins.append(try serving { () throws(Failure) in try WebOrigin.parse(cors: text) })
    }
    for text in invocation.values(ServeOptions.allowHost) {
      guard let host = Authority(Array(text.utf8)) else {
        throw .usage("invalid host '\(text)'", hint: "Write --allow-host NAME or --allow-host NAME:PORT.")
      }
      settings.allowedHosts.append(host)
    }
    settings.allowsNonLoopback = invocation.has(ServeOptions.allowNonLoopback)
    settings.readyFile = invocation.value(ServeOptions.readyFile) ?? variable("WEIR_SERVE_READY_FILE")
  }

  private func addCredentials(_ settings: inout GatewaySettings) throws(CommandError) {
    if let name = invocation.value(ServeOptions.access),
      let mode = GatewaySettings.AccessMode.allCases.first(where: { $0.name.hasSameBytes(as: name) })
    {
      settings.access = mode
    }
    settings.requiresKey = invocation.has(ServeOptions.requireKey)
    settings.token = invocation.value(ServeOptions.token)
    settings.tokenFile = invocation.value(ServeOptions.tokenFile)
    guard settings.token == nil, settings.tokenFile == nil else { return }
    settings.environmentToken = variable("WEIR_SERVE_TOKEN")
    settings.tokenFile = variable("WEIR_SERVE_TOKEN_FILE")
    if settings.environmentToken != nil, settings.tokenFile != nil {
      throw .usage(
        "WEIR_SERVE_TOKEN cannot be combined with WEIR_SERVE_TOKEN_FILE", hint: "Unset WEIR_SERVE_TOKEN.")
    }
  }

  private func addTransport(_ settings: inout GatewaySettings) {
    settings.tlsCertificate = invocation.value(ServeOptions.certificate)
    settings.tlsKey = invocation.value(ServeOptions.key)
    settings.tlsSelfSigned = invocation.has(ServeOptions.selfSigned)
    settings.clientAuthorities = invocation.value(ServeOptions.clientAuthorities)
    settings.allowsPlainText = invocation.has(ServeOptions.insecure)
  }

  private func addLimits(_ settings: inout GatewaySettings) throws(CommandError) {
    if let text = invocation.value(ServeOptions.bodyBytes) {
      settings.limits.bodyBytes = Int(clamping: try reading { () throws(ValueError) in try ByteSize.parse(text) })
    }
    if let number = try number(ServeOptions.tailTimeout) { settings.limits.tailTimeout = number }
    if let number = try number(ServeOptions.tails) { settings.limits.tails = number }
  }

  private func addLog(_ settings: inout GatewaySettings) {
    if let name = invocation.value(ServeOptions.logFormat) {
      settings.logFormat = GatewaySettings.LogFormat.allCases.first { $0.name.hasSameBytes(as: name) }
    }
    if let name = invocation.value(ServeOptions.logLevel),
      let level = GatewaySettings.LogLevel.allCases.first(where: { $0.name.hasSameBytes(as: name) })
    {
      settings.logLevel = level
    }
  }

  // MARK: Values

  /// An empty variable counts as none.
  private func variable(_ name: String) -> String? {
    environment(name).flatMap { $0.utf8.isEmpty ? nil : $0 }
  }

  private func address(_ text: String) throws(CommandError) -> BindAddress {
    try serving { () throws(Failure) in try BindAddress(parsing: text) }
  }

  private func number(_ option: Option) throws(CommandError) -> Int? {
    guard let text = invocation.value(option) else { return nil }
    return Int(clamping: try reading { () throws(ValueError) in try Number.parse(text, for: option) })
  }

  private func server() throws(CommandError) -> String? {
    let positional = invocation.value(ServeOptions.server)
    let option = invocation.value(ServeOptions.sharedAddress)
    if positional != nil, option != nil {
      throw .usage("--shared-address cannot be combined with SERVER", hint: "Leave out --shared-address.")
    }
    // A word that is no address was meant as a command.
    if let positional, !PoolReference.isRemote(positional) {
      throw .usage(
        "unrecognized subcommand '\(positional)'",
        hint: "There are `check` and `init`, and an address begins with https://. Try `weir serve --help`.")
    }
    return positional ?? option
  }

  private func refuseWhatOtherServersHave() throws(CommandError) {
    if invocation.has(ServeOptions.udp) || invocation.has(ServeOptions.udpFollow) {
      throw .usage("UDP is not supported", hint: "Use HTTP, or `weir channel` for small messages.")
    }
    if invocation.has(ServeOptions.frontCertificate) {
      throw .usage(
        "--front-cert is not supported",
        hint: "Leave it out: access keys name no certificate, and clients verify the proxy's as usual.")
    }
  }
}

/// Runs `body`, and carries its error on as a `CommandError`.
func serving<Value>(_ body: () throws(Failure) -> Value) throws(CommandError) -> Value {
  do throws(Failure) { return try body() } catch { throw .failed(error) }
}
