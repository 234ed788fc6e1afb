internal import Agent
internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway
internal import Platform

/// Where a node's HTTP API is, and what to show there.
struct NodeAddress {
  /// Holds the token, before what the configuration says.
  static let tokenVariable = "WEIR_API_TOKEN"

  let bind: BindAddress
  /// Never to be printed.
  let token: String?

  /// `http://127.0.0.1:8080`
  var origin: String { "http://\(bind.text)" }

  /// The first listener of the configuration. With --api-addr a configuration need not be there; it is asked for the token only.
  init(_ invocation: Invocation) throws(CommandError) {
    let inputs = NodeOptions.inputs(invocation)
    var loaded: LoadedConfiguration?
    do throws(ConfigurationError) {
      loaded = try AgentConfiguration.load(inputs)
    } catch {
      // What was named must be right; what was not need not be.
      guard invocation.has(NodeOptions.address), inputs.file == nil else { throw .failed(Failure(error)) }
    }
    try self.init(
      Self.listener(invocation, loaded), token: try Self.token(Process.environment(Self.tokenVariable), loaded))
  }

  private init(_ listener: BindAddress, token: String?) throws(CommandError) {
    bind = try listener.isUnspecified ? Self.loopback(listener) : listener
    self.token = token
  }

  private static func listener(
    _ invocation: Invocation, _ loaded: LoadedConfiguration?
  ) throws(CommandError) -> BindAddress {
    if let first = loaded?.configuration.api.listeners.first { return first }
    let text = invocation.value(NodeOptions.address) ?? ""
    do throws(Failure) {
      return try BindAddress(parsing: text)
    } catch {
      throw .usage(
        "invalid value '\(text)' for '\(NodeOptions.address.display)'",
        hint: "Write an IP address and a port, for example 127.0.0.1:8080 or [::1]:8080.")
    }
  }

  private static func token(_ variable: String?, _ loaded: LoadedConfiguration?) throws(CommandError) -> String? {
    guard let variable, !variable.utf8.isEmpty else { return loaded?.configuration.api.bearerToken }
    do throws(Failure) {
      try AccessToken.check(variable)
    } catch {
      throw .usage("\(tokenVariable) cannot be: \(error.message)", hint: error.hint ?? "Unset it.")
    }
    return variable
  }

  /// A node that listens everywhere also does so here.
  private static func loopback(_ listener: BindAddress) throws(CommandError) -> BindAddress {
    let text = "\(listener.text.hasBytePrefix("[") ? "[::1]" : "127.0.0.1"):\(listener.port)"
    return try asking { () throws(Failure) in try BindAddress(parsing: text) }
  }
}

/// Where a node's admin socket is.
enum NodeSocket {
  /// The socket that --admin-path names, else the configuration; where there is none, the usual one.
  static func path(_ invocation: Invocation) throws(CommandError) -> String {
    if let path = invocation.value(NodeOptions.admin) {
      if path.utf8.isEmpty { throw .usage("--admin-path is empty", hint: "Name a socket, or leave it out.") }
      return path
    }
    do throws(ConfigurationError) {
      return try AgentConfiguration.load(NodeOptions.inputs(invocation)).configuration.admin.path
    } catch {
      guard error.kind == .missingFile, invocation.value(NodeOptions.config) == nil else {
        throw .failed(Failure(error))
      }
      return AgentConfiguration.Admin.usualPath
    }
  }
}
